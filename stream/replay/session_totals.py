"""What a replay tells people of all sessions together: how many stayed, how long, how intent."""

from decimal import Decimal

from rich.table import Table

from stream.core.facts import Facts
from stream.replay.tables import block, or_nothing, spread_cells
from stream.replay.visits import lasted


def of_sessions(found: Facts) -> Table:
    """Return a table of two parts: shares and means, then what is spread, with its percentiles."""
    table = block("session", [(column, 11) for column in ("sessions", "share, mean", "median", "p90")])
    table.add_row("all", f"{found.sessions:,}")
    table.add_row("engaged", f"{found.engaged:,}", _percent(found.engagement_ratio))
    table.add_row("bounced", f"{found.bounced:,}", _percent(found.bounce_ratio))
    table.add_row("single page", f"{found.single_page:,}")
    table.add_row("page views", "", or_nothing(found.page_views_mean, "{:.2f}".format))
    table.add_row("click-through", "", _percent(found.click_through))
    table.add_row("duration", "", *spread_cells(found.duration, lasted))
    table.add_row("... of high intent", "", *spread_cells(found.high_intent_duration, lasted))
    table.add_row("intent score", "", *spread_cells(found.score, "{:.2f}".format))
    for currency, amount in (found.revenue_per_session or {}).items():
        table.add_row(f"revenue, {currency}", "", f"{Decimal(amount):,.2f}")
    return table


def _percent(ratio: float | None) -> str:
    return or_nothing(ratio, "{:.1%}".format)
