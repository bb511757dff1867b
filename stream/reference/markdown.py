"""Markdown: pages, tables and marks."""

from collections.abc import Iterable, Sequence

from stream.core.fields import Field

MADE = "<!-- Made from the definitions in stream/ by `make docs`: change them, not this file. -->"


def page(title: str, *parts: str) -> str:
    """Return a page of paragraphs and tables."""
    return "\n\n".join([f"# {title}", MADE, *(part.strip("\n") for part in parts if part)]) + "\n"


def table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table without the columns in which nothing is said."""
    found = list(rows)
    said = [column for column in range(len(titles)) if any(row[column] for row in found)]
    lines = [[titles[column] for column in said], ["---"] * len(said)]
    lines += [[row[column].replace("|", "\\|") for column in said] for row in found]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def fields(found: Iterable[Field]) -> str:
    """Return a table of fields."""
    return table(
        ("field", "meaning", "value"), ((code(field.name), field.meaning, field.unit) for field in found)
    )


def code(text: str) -> str:
    """Return a text as code; nothing stays nothing."""
    return f"`{text}`" if text else ""


def sentence(text: str) -> str:
    """Return a description as a sentence: a capital first, a full stop last."""
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith('.') else '.'}"
