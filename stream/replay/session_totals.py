"""What a replay tells people of all sessions together: how many stayed, how long, how intent."""

from collections.abc import Callable
from decimal import Decimal

from rich.table import Table
from rich.text import Text

from stream.core.facts import Facts, Spread
from stream.replay.visits import lasted

NOTHING = "-"


def of_sessions(found: Facts) -> Table:
    """Return a table of two parts: shares and means, then what is spread, with its percentiles."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    table.add_column(Text("session", style="bold"), min_width=21)
    for column in ("sessions", "share, mean", "median", "p90"):
        table.add_column(column, justify="right", min_width=11)
    table.add_row("all", f"{found.sessions:,}")
    table.add_row("engaged", f"{found.engaged:,}", _percent(found.engagement_ratio))
    table.add_row("bounced", f"{found.bounced:,}", _percent(found.bounce_ratio))
    table.add_row("single page", f"{found.single_page:,}")
    table.add_row("page views", "", _or_nothing(found.page_views_mean, "{:.2f}".format))
    table.add_row("click-through", "", _percent(found.click_through))
    table.add_row("duration", "", *_spread(found.duration, lasted))
    table.add_row("... of high intent", "", *_spread(found.high_intent_duration, lasted))
    table.add_row("intent score", "", *_spread(found.score, "{:.2f}".format))
    for currency, amount in (found.revenue_per_session or {}).items():
        table.add_row(f"revenue, {currency}", "", f"{Decimal(amount):,.2f}")
    return table


def _spread(spread: Spread, text: Callable[[float], str]) -> tuple[str, ...]:
    return tuple(_or_nothing(value, text) for value in (spread.mean, spread.p50, spread.p90))


def _percent(ratio: float | None) -> str:
    return _or_nothing(ratio, "{:.1%}".format)


def _or_nothing(value: float | None, text: Callable[[float], str]) -> str:
    return NOTHING if value is None else text(value)
