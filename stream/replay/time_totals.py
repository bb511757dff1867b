"""What a replay tells people of all conversions together: how long they took, and what came before them."""

from collections.abc import Mapping

from rich.table import Table
from rich.text import Text

from stream.core.timing import Timing
from stream.replay.visits import lasted

NOTHING = "-"
HOUR, DAY = 3_600_000, 86_400_000


def of_conversions(found: Mapping[str, Timing]) -> Table:
    """Return a table of the funnels that have a macro step."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    table.add_column(Text("time to conversion", style="bold"), min_width=21, overflow="fold")
    for column in ("conversions", "mean", "median", "p90"):
        table.add_column(column, justify="right", min_width=11)
    for funnel, timing in found.items():
        times = (timing.time.mean, timing.time.p50, timing.time.p90)
        table.add_row(funnel, f"{timing.conversions:,}", *(NOTHING if t is None else took(t) for t in times))
        table.add_row("... with a time", f"{timing.count:,}")
        table.add_row("... sessions", "", _mean(timing.touchpoints_mean))
        table.add_row("... micro-conversions", "", _mean(timing.micro_conversions_mean))
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


def _mean(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.2f}"
