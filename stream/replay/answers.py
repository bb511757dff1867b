"""What a replay is asked for, rates or sessions, say, and how it is printed: JSON or for people."""

from collections.abc import Callable, Mapping, Sequence
from typing import BinaryIO, Literal

import msgspec
from rich.console import Console, Group, RenderableType

from stream.core.bucket import HOUR, Buckets, Slot
from stream.core.closed import ClosedRow
from stream.core.definition import Definition
from stream.core.rates import Rates
from stream.core.session import Session
from stream.core.visitor import Attempt
from stream.replay.attempts import Attempts
from stream.replay.facts import fact_rows
from stream.replay.pages import page_rows
from stream.replay.sorter import Sorter
from stream.replay.times import time_rows
from stream.replay.totals import Counted, Read, Totals, conversions, facts, pages, sessions, whole
from stream.replay.visits import LINE_BYTES, Line, Lines, Visits
from stream.replay.windows import WIDTHS

What = Literal["rates", "sessions", "facts", "times", "pages"]
WHAT: tuple[What, ...] = ("rates", "sessions", "facts", "times", "pages")

RowsOf = Callable[[Rates, Buckets, int], Sequence[object]]
"""Returns what is printed of a window, an object a line, by its buckets and start (ms)."""

OF_WINDOWS: Mapping[What, tuple[RowsOf, Callable[[Counted], RenderableType]]] = {
    "facts": (fact_rows, sessions),
    "times": (time_rows, conversions),
    "pages": (page_rows, pages),
}
"""What is told of windows as they were counted: of each, and for people of all of them together."""

MEMORY = 64 * 1024 * 1024
"""Bytes of printed sessions and attempts that are held to be sorted; more go to a temporary file."""

TOGETHER = 1_000
"""Lines that are sorted in at once."""


class Answer:
    """Takes what comes out of a replay.

    Attributes:
        wants_sessions: Whether it is to be told of sessions, and of attempts across sessions.
        wants_slots: Whether it takes windows as they are counted instead of their rows.
        wants_counted: Whether it is to be shown windows beside their rows.
        wants_tallies: Whether it tells of more than the counts and the revenue of rates.
        widths: Lengths of the windows it is to be told of, ms.
    """

    wants_sessions = False
    wants_slots = False
    wants_counted = False
    wants_tallies = True
    widths: frozenset[int] = frozenset()

    def __init__(self, out: BinaryIO, screen: Console) -> None:
        """Begin.

        Args:
            out: Where results go.
            screen: Where people are told what became of the records.
        """
        self._out = out
        self._screen = screen

    def window(self, rows: list[ClosedRow]) -> None:
        """Take the rows of a window; each window comes once, in order of end, then of length."""

    def slots(self, width: int, start: int, segments: list[tuple[str, Slot]]) -> None:
        """Take a window as it is counted: its width and start (ms), its segments; order as of `window`."""

    def session(self, visitor: str, sid: str, found: Session | Attempt) -> None:
        """Take a session, or an attempt that began in it, as it will stay."""

    def line(self, visitor: str, sid: str, found: Session | Attempt) -> Line:
        """Return what is printed of it."""
        raise NotImplementedError

    def lines(self, lines: list[Line]) -> None:
        """Take lines of sessions and attempts, as they will stay."""

    def counted(self, rates: Rates, buckets: Buckets, start: int) -> None:
        """Look at a window, by its buckets and start (ms); windows come as for `window`."""

    def end(self, count: Counted, intake: Read) -> None:
        """Take note that this was all."""
        self._screen.print(facts(count, intake), soft_wrap=True)


class RatesAsJson(Answer):
    """Every closed window as topic ``conversion-rates`` has it, a line each."""

    wants_tallies = False
    widths = WIDTHS

    def __init__(self, out: BinaryIO, screen: Console) -> None:
        super().__init__(out, screen)
        self._lines = msgspec.json.Encoder().encode_lines

    def window(self, rows: list[ClosedRow]) -> None:
        """Print the rows."""
        self._out.write(self._lines(rows))


class RatesAsTable(Answer):
    """Totals for people; all there is to say goes into the one text."""

    widths = frozenset((HOUR,))

    def __init__(self, definition: Definition, out: BinaryIO, screen: Console, table: Console) -> None:
        super().__init__(out, screen)
        self._totals = Totals(definition)
        self._table = table

    def window(self, rows: list[ClosedRow]) -> None:
        """Add them up."""
        self._totals.add(rows)

    def end(self, count: Counted, intake: Read) -> None:
        """Print the totals."""
        self._table.print(whole(self._totals, count, intake))


class WindowsAsJson(Answer):
    """Rows of every closed window as it was counted, a line each."""

    wants_counted = True
    widths = WIDTHS

    def __init__(self, rows: RowsOf, out: BinaryIO, screen: Console) -> None:
        """Begin; ``rows`` returns those of a window."""
        super().__init__(out, screen)
        self._rows = rows
        self._lines = msgspec.json.Encoder().encode_lines

    def counted(self, rates: Rates, buckets: Buckets, start: int) -> None:
        """Print its rows."""
        self._out.write(self._lines(self._rows(rates, buckets, start)))


class WholeAsTable(Answer):
    """What all windows together tell, for people."""

    def __init__(
        self, told: Callable[[Counted], RenderableType], out: BinaryIO, screen: Console, table: Console
    ) -> None:
        """Begin; ``told`` returns it."""
        super().__init__(out, screen)
        self._told = told
        self._table = table

    def end(self, count: Counted, intake: Read) -> None:
        """Print it."""
        self._table.print(Group(self._told(count), facts(count, intake)))


class SessionsAsLines(Answer):
    """Every session and attempt across sessions in order of start, as a JSON object a line or for people."""

    wants_sessions = True

    def __init__(self, definition: Definition, out: BinaryIO, screen: Console, *, as_json: bool) -> None:
        super().__init__(out, screen)
        # With tallies it is known how many sessions came before the one in which an attempt converted.
        self.wants_tallies = any(funnel.scope == "visitor" for funnel in definition.funnels)
        self._visits = Visits(definition, as_json=as_json)
        self._attempts = Attempts(definition, as_json=as_json)
        self._sorter = Sorter(Lines(), MEMORY)
        self._lines: list[Line] = []
        self._size = 0

    def session(self, visitor: str, sid: str, found: Session | Attempt) -> None:
        """Keep it until its turn comes."""
        self.lines([self.line(visitor, sid, found)])

    def line(self, visitor: str, sid: str, found: Session | Attempt) -> Line:
        """Return what is printed of it."""
        if isinstance(found, Attempt):
            return self._attempts.line(visitor, found)
        return self._visits.line(visitor, sid, found)

    def lines(self, lines: list[Line]) -> None:
        """Keep them until their turn comes."""
        self._lines += lines
        self._size += sum(len(line[-1]) + LINE_BYTES for line in lines)
        if len(self._lines) >= TOGETHER:
            self._keep()

    def end(self, count: Counted, intake: Read) -> None:
        """Print all of them."""
        self._keep()
        for lines in self._sorter.sorted():
            self._out.write(b"".join(line[-1] for line in lines))
        super().end(count, intake)

    def _keep(self) -> None:
        self._sorter.take(self._lines, self._size)
        self._lines, self._size = [], 0


def answer(
    what: What, definition: Definition, out: BinaryIO, screen: Console, table: Console, *, as_json: bool
) -> Answer:
    """Return the answer that is asked for.

    Args:
        what: One of ``WHAT``.
        definition: What is measured.
        out: Takes lines.
        screen: Takes what is said about them.
        table: Takes totals for people.
        as_json: Whether programs read it.
    """
    if what == "sessions":
        return SessionsAsLines(definition, out, screen, as_json=as_json)
    if what in OF_WINDOWS:
        rows, told = OF_WINDOWS[what]
        return WindowsAsJson(rows, out, screen) if as_json else WholeAsTable(told, out, screen, table)
    return RatesAsJson(out, screen) if as_json else RatesAsTable(definition, out, screen, table)
