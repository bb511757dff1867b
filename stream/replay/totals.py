"""What a replay adds up to, for people: a table for each funnel, and what became of the records."""

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from typing import Protocol

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from stream.core.bucket import Slot
from stream.core.closed import ClosedRow
from stream.core.definition import MICRO, Definition
from stream.core.event import OUTCOMES, Outcome, Reason
from stream.core.facts import facts as of_all
from stream.core.rates import Rates
from stream.core.segment import ALL
from stream.core.timing import timings
from stream.replay.intake import Example
from stream.replay.page_totals import of_pages
from stream.replay.session_totals import of_sessions
from stream.replay.tables import NOTHING, block
from stream.replay.time_totals import of_conversions
from stream.replay.visits import moment, plain


class Counted(Protocol):
    """What was counted, by one process or several; as `stream.replay.count.Count` has it."""

    @property
    def outcomes(self) -> Counter[Outcome]:
        """What became of the events."""

    @property
    def oldest(self) -> int | None:
        """Least time of a counted event, ms; ``None``: there was none."""

    @property
    def newest(self) -> int | None:
        """Greatest time of one."""

    @property
    def rates(self) -> Rates:
        """All counts that could still change."""

    @property
    def whole(self) -> Slot:
        """The cells and tallies of all sessions."""


class Read(Protocol):
    """What was read, by one process or several."""

    @property
    def reasons(self) -> Counter[Reason]:
        """How many records were rejected, by reason."""

    @property
    def examples(self) -> list[Example]:
        """The first of them."""


class Totals:
    """Sums of all windows, of all sessions together.

    Attributes:
        sessions: By measure, sessions that reached its base.
        converted: By measure, those of them that reached it.
        actions: By measure, sessions that reached it.
        revenue: By measure and currency, what these brought.
    """

    def __init__(self, definition: Definition) -> None:
        self._definition = definition
        self.sessions: Counter[str] = Counter()
        self.converted: Counter[str] = Counter()
        self.actions: Counter[str] = Counter()
        self.revenue: dict[tuple[str, str], Decimal] = {}

    def add(self, rows: Iterable[ClosedRow]) -> None:
        """Add the rows of one hour."""
        for row in rows:
            if row.segment == ALL:
                self.sessions[row.measure] += row.sessions
                self.converted[row.measure] += row.converted
                self.actions[row.measure] += row.actions
                for currency, amount in (row.revenue or {}).items():
                    key = row.measure, currency
                    self.revenue[key] = self.revenue.get(key, Decimal()) + Decimal(amount)

    def tables(self) -> Iterable[RenderableType]:
        """Yield a table for each funnel, and one for the micro-conversions."""
        for funnel in self._definition.funnels:
            table = _table(funnel.name, "converted", "ratio", "from previous")
            before: int | None = None
            for step in funnel.steps:
                measure = f"{funnel.name}.{step.name}"
                cells = self._cells(measure)
                reached = self.converted[measure]
                name = f"{step.name} (optional)" if step.optional else step.name
                table.add_row(name, *cells, NOTHING if before is None else _percent(reached, before))
                before = before if step.optional else reached
            yield table
        if self._definition.micros:
            table = _table(MICRO, "converted", "ratio", "of")
            for micro in self._definition.micros:
                table.add_row(micro.name, *self._cells(f"{MICRO}.{micro.name}"), micro.of)
            yield table

        if any(self.revenue.values()):
            yield self._money()

    def _money(self) -> Table:
        """Return a table of the revenue of each funnel, and of one of the sessions that brought it."""
        table = _table("revenue", "total", "currency", "a conversion")
        for (measure, currency), amount in sorted(self.revenue.items()):
            actions = self.actions[measure]
            each = f"{amount / actions:,.2f}" if actions else NOTHING
            table.add_row(measure, f"{actions:,}", f"{amount:,.2f}", currency, each)
        return table

    def _cells(self, measure: str) -> tuple[str, str, str]:
        sessions, converted = self.sessions[measure], self.converted[measure]
        return f"{sessions:,}", f"{converted:,}", _percent(converted, sessions)


def whole(totals: Totals, count: Counted, intake: Read) -> RenderableType:
    """Return everything that is told at the end of a replay."""
    parts: list[RenderableType] = []
    for table in totals.tables():
        parts += [table, Text("")]
    parts.append(sessions(count))
    if count.rates.plans.goals:
        parts.append(conversions(count))
    return Group(*parts, facts(count, intake))


def sessions(count: Counted) -> RenderableType:
    """Return the facts about all sessions, with an empty line behind."""
    found = of_all(count.whole.cells, count.whole.tallies, count.rates.plans)
    return Group(of_sessions(found), Text(""))


def conversions(count: Counted) -> RenderableType:
    """Return how long all conversions took, with an empty line behind."""
    found = timings(count.whole.cells, count.whole.tallies, count.rates.plans)
    return Group(of_conversions(found), Text(""))


def pages(count: Counted) -> RenderableType:
    """Return how long sessions stayed on pages and where they left, with an empty line behind each table."""
    found = of_pages(count.rates.pages, count.whole.tallies)
    return Group(*(part for table in found for part in (table, Text(""))))


def facts(count: Counted, intake: Read) -> RenderableType:
    """Return what became of the records, of which time they are, and the first that are no events."""
    read = count.outcomes.total() + intake.reasons.total()
    outcomes = {**count.outcomes, "rejected": intake.reasons.total()}
    said = ", ".join(f"{outcomes[name]:,} {name}" for name in OUTCOMES if outcomes.get(name))
    lines = [f"{read:,} record{'s' * (read != 1)} read{': ' + said if said else ''}"]
    if count.oldest is not None and count.newest is not None:
        lines.append(f"from {moment(count.oldest)} to {moment(count.newest)} UTC")
    if intake.reasons:
        lines.append(
            "rejected: " + ", ".join(f"{n:,} {reason}" for reason, n in intake.reasons.most_common())
        )
        lines += [
            f"  {plain(found.file)}:{found.line}: {found.reason}: {plain(found.detail)}"
            for found in intake.examples
        ]
        if intake.reasons.total() > len(intake.examples):
            lines.append(f"  and {intake.reasons.total() - len(intake.examples):,} more")
    return Text("\n".join(lines))


def _table(title: str, *columns: str) -> Table:
    return block(title, zip(("sessions", *columns), (11, 11, 7, 13), strict=True))


def _percent(part: int, of: int) -> str:
    return f"{part / of:.1%}" if of else NOTHING
