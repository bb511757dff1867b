"""What a replay tells people of all conversions together: how long they took, and what came before them."""

from collections.abc import Mapping

from rich.table import Table

from stream.core.timing import Timing
from stream.replay.tables import block, or_nothing, spread_cells
from stream.replay.visits import lasted

HOUR, DAY = 3_600_000, 86_400_000


def of_conversions(found: Mapping[str, Timing]) -> Table:
    """Return a table of the funnels that have a macro step."""
    table = block("time to conversion", [(column, 11) for column in ("conversions", "mean", "median", "p90")])
    for funnel, timing in found.items():
        table.add_row(funnel, f"{timing.conversions:,}", *spread_cells(timing.time, took))
        table.add_row("... with a time", f"{timing.count:,}")
        table.add_row("... sessions", "", or_nothing(timing.touchpoints_mean, "{:.2f}".format))
        table.add_row("... micro-conversions", "", or_nothing(timing.micro_conversions_mean, "{:.2f}".format))
    return table


def took(ms: float) -> str:
    """Return a time as people read it, from seconds to weeks."""
    if ms < HOUR:
        return lasted(ms)
    minutes = round(ms / 60_000)
    if ms < DAY:
        return f"{minutes // 60}h {minutes % 60:02}m"
    hours = round(ms / HOUR)
    return f"{hours // 24}d {hours % 24:02}h"
