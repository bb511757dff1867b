"""Tables of a replay's totals: the look that all share, and what stands where there is nothing to tell."""

from collections.abc import Callable, Iterable

from rich.table import Table
from rich.text import Text

from stream.core.facts import Spread

NOTHING = "-"


def block(title: str, columns: Iterable[tuple[str, int]]) -> Table:
    """Return an empty table with a title over its first column; columns have a name and a least width."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    table.add_column(Text(title, style="bold"), min_width=21, overflow="fold")
    for column, width in columns:
        table.add_column(column, justify="right", min_width=width, overflow="fold")
    return table


def or_nothing(value: float | None, text: Callable[[float], str]) -> str:
    """Return a value as text, or the sign that there is none."""
    return NOTHING if value is None else text(value)


def spread_cells(spread: Spread, text: Callable[[float], str]) -> tuple[str, ...]:
    """Return mean, median and 90th percentile as texts."""
    return tuple(or_nothing(value, text) for value in (spread.mean, spread.p50, spread.p90))
