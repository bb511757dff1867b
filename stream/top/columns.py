"""The columns of the rates: which of them a width has room for, and a row as one line of that width."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from stream.board.glyphs import sparkline
from stream.board.words import NOTHING, count, percent
from stream.top.board import Group, Row
from stream.top.change import Change
from stream.top.reading import MINUTES_READ

NO_DATA = "no data"

_LABELS = 8, 28  # columns of labels, at least and at most
_COURSE = 8  # columns of a course, at least
_INDENT = "  "


@dataclass(frozen=True, slots=True)
class Column:
    """A column of numbers: its title, its width, and what it says of a row, with a style."""

    title: str
    width: int
    cell: Callable[[Row], tuple[str, str]]


def _sessions(row: Row) -> tuple[str, str]:
    return count(row.rate.sessions), ""


def _ratio(row: Row) -> tuple[str, str]:
    return (NO_DATA, "dim") if row.rate.ratio is None else (percent(row.rate.ratio), "bold")


def _flow(row: Row) -> tuple[str, str]:
    return percent(row.rate.flow_ratio), ""


def _changed(row: Row) -> tuple[str, str]:
    return change_text(row.change), change_style(row.change)


def _converted(row: Row) -> tuple[str, str]:
    return count(row.rate.converted), ""


def _interval(row: Row) -> tuple[str, str]:
    low, high = row.rate.low, row.rate.high
    return (NOTHING if low is None or high is None else f"{low:.1%}".rstrip("%") + f"-{high:.1%}"), "dim"


_NUMBERS = {
    "sessions": Column("sessions", 9, _sessions),
    "converted": Column("converted", 9, _converted),
    "ratio": Column("ratio", 7, _ratio),
    "interval": Column("95 %", 11, _interval),
    "flow": Column("flow", 6, _flow),
    "change": Column("change", 6, _changed),
}
"""In the order in which they are shown."""

_BY_IMPORTANCE = ("ratio", "sessions", "flow", "change", "converted", "course", "interval")


def change_text(change: Change | None) -> str:
    """Return a change as people read it; ``!`` marks one beyond chance, also where there are no colours."""
    if change is None:
        return NOTHING
    return f"{min(change.relative, 9.99):+.0%}" + "!" * change.beyond_chance


def change_style(change: Change | None) -> str:
    """Return how a change looks: what is within chance is not to be seen first."""
    if change is None or not change.beyond_chance:
        return "dim"
    return "bold red" if change.relative < 0 else "bold green"


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns that fit a width.

    Attributes:
        labels: The width of labels.
        numbers: The columns of numbers.
        course: The width of the sparkline; 0: there is none.
        ascii_only: Whether the terminal has only ASCII.
    """

    labels: int
    numbers: tuple[Column, ...]
    course: int
    ascii_only: bool

    def titles(self) -> Text:
        """Return the line above the rows."""
        cells = [_left("", self.labels), *(_right(c.title, c.width) for c in self.numbers)]
        course = "minutes" if self.course else ""
        return Text(" ".join([*cells, course]).rstrip(), style="dim", no_wrap=True)

    def line(self, row: Row) -> Text:
        """Return a row."""
        text = Text(_left(_INDENT + row.label, self.labels), no_wrap=True)
        for column in self.numbers:
            cell, style = column.cell(row)
            text.append(" ").append(_right(cell, column.width), style)
        values = row.course[-self.course :] if self.course else ()
        if values:
            most = max((value for value in values if value is not None), default=0.0)
            course = sparkline(values, most, self.course, ascii_only=self.ascii_only)
            text.append(" ").append(course, "cyan")
        return text


def columns_for(groups: Iterable[Group], width: int, *, ascii_only: bool = False) -> Columns:
    """Return the columns that a width has room for, the important ones first."""
    longest = max((cell_len(_INDENT + row.label) for group in groups for row in group.rows), default=0)
    least, most = _LABELS
    labels = min(max(least, longest), most, max(least, width // 3))
    left, chosen = width - labels, set()
    for name in _BY_IMPORTANCE:
        needs = 1 + (_COURSE if name == "course" else _NUMBERS[name].width)
        if needs > left:
            break
        chosen.add(name)
        left -= needs
    course = min(_COURSE + left, MINUTES_READ) if "course" in chosen else 0
    numbers = tuple(column for name, column in _NUMBERS.items() if name in chosen)
    return Columns(labels, numbers, course, ascii_only)


def _left(text: str, width: int) -> str:
    if cell_len(text) > width:
        text = set_cell_size(text, max(0, width - 1)) + "~"
    return set_cell_size(text, width)


def _right(text: str, width: int) -> str:
    return " " * (width - cell_len(text)) + text if cell_len(text) <= width else _left(text, width)
