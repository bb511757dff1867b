"""The rules of the page, and where tests quote them."""

import ast
import re
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "semantics.md"


class Quote(NamedTuple):
    """Words of the page, and the test that shows them."""

    text: str
    test: str


def rules() -> list[str]:
    """Return the items of all lists of the page, each as one line."""
    items = re.findall(r"^- (.*(?:\n  .*)*)", PAGE.read_text(), re.MULTILINE)
    return [plain(item) for item in items]


def plain(text: str) -> str:
    """Return text as one line."""
    return " ".join(text.split())


@cache
def quotes() -> tuple[Quote, ...]:
    """Return what all tests quote."""
    tests = ROOT / "tests"
    return (
        *(quote for file in sorted(tests.glob("golden/*.toml")) for quote in _of_cases(file)),
        *(quote for file in sorted(tests.rglob("test_*.py")) for quote in _of_tests(file)),
    )


def uncovered(rule: str, told: Iterable[str]) -> list[str]:
    """Return the parts of a rule that no quote covers, if they have a word."""
    left = rule
    for text in told:
        left = left.replace(text, "\n" * len(text)) if text in left else _blot(rule, left, text)
    return [part.strip() for part in left.split("\n") if re.search(r"\w", part)]


def _blot(rule: str, left: str, text: str) -> str:
    """Blot out a quote of which other quotes have blotted out a part."""
    for found in re.finditer(re.escape(text), rule):
        left = left[: found.start()] + "\n" * len(text) + left[found.end() :]
    return left


def _of_cases(file: Path) -> Iterator[Quote]:
    for case in tomllib.loads(file.read_text())["case"]:
        says = case.get("says", [])
        for text in [says] if isinstance(says, str) else says:
            yield Quote(plain(text), f"{file.name}: {case['name']}")


def _of_tests(file: Path) -> Iterator[Quote]:
    for node in ast.parse(file.read_text()).body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for decorator in node.decorator_list:
            if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.says":
                for argument in decorator.args:
                    yield Quote(plain(ast.literal_eval(argument)), f"{file.name}: {node.name}")
