"""The reference pages: they are what the definitions make, and Markdown that says all of it."""

from pathlib import Path

import pytest

from stream.reference.markdown import page, table
from stream.reference.pages import pages

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "reference"


def test_the_pages_are_those_that_the_definitions_make() -> None:
    """No page was changed by hand, none forgotten when a definition changed, and none is left over."""
    there = {file.name: file.read_text(encoding="utf-8") for file in FOLDER.iterdir()}
    assert there == pages(), "run: make docs"


@pytest.mark.parametrize("name", pages())
def test_every_table_is_whole(name: str) -> None:
    """Each row has as many cells as its heading, and none is without a name or a meaning."""
    width = 0
    for line in pages()[name].splitlines():
        cells = line.replace("\\|", "").split("|")[1:-1]
        if not cells:
            width = 0
            continue
        width = width or len(cells)
        assert len(cells) == width, line
        assert all(cell.strip() for cell in cells[:2]), line


@pytest.mark.parametrize("name", pages())
def test_every_page_is_linked(name: str) -> None:
    """Who reads the README finds each page."""
    assert f"docs/reference/{name}" in (ROOT / "README.md").read_text()


def test_tables_leave_out_what_is_empty() -> None:
    """A column in which nothing is said is not there, and a bar in a cell does not end it."""
    assert table(("a", "b", "c"), [("1", "", "x|y"), ("2", "", "z")]) == (
        "| a | c |\n| --- | --- |\n| 1 | x\\|y |\n| 2 | z |"
    )
    assert page("Title", "\none\n", "", "two").splitlines()[::2][2:] == ["one", "two"]
