"""The core over events in the order given: closed windows, sessions and attempts, each once and final.

It goes on by steps of so many events: after each, sessions close and are forgotten as in a worker, and
windows that nothing can change any more are handed out and dropped. Steps do not change what is counted.
"""

from collections.abc import Callable

from stream.core.clock import InputClock
from stream.core.closed import ClosedRow
from stream.core.definition import Definition
from stream.core.event import Outcome
from stream.core.partition import Reading
from stream.replay.brief import Brief
from stream.replay.counting import Counting, OnSession, by_minutes
from stream.replay.visitors import RestingVisitors
from stream.replay.windows import EVER, WIDTHS, OnCounted, OnSlots, Windows

STEP = 524_288
"""Events between two steps: so many, or twice as many, may be held in visitors that are objects."""

Judge = Callable[[InputClock, Brief, Reading], Outcome]
"""The core's, which with a reading looks at no more of an event than a brief has."""


class Count(Counting):
    """Counts events. All visitors are in one partition, as the files are one input.

    Attributes:
        rates: All counts that can still change.
        whole: The cells and tallies of all sessions whose hour has been handed out or dropped.
    """

    def __init__(
        self,
        definition: Definition,
        on_window: Callable[[list[ClosedRow]], None],
        on_session: OnSession | None = None,
        step: int = STEP,
        widths: frozenset[int] = WIDTHS,
        on_slots: OnSlots | None = None,
        on_counted: OnCounted | None = None,
        *,
        tallies: bool = True,
    ) -> None:
        """Begin.

        Args:
            definition: What is measured.
            on_window: Takes the rows of each window, in order of end, then of length.
            on_session: Takes each session, and each attempt across sessions, that can change no more.
            step: Events a step.
            widths: Lengths of the windows that are handed out, ms; the others are only dropped.
            on_slots: Takes, instead of rows, each window's width and start (ms), and its segments as counted.
            on_counted: Is shown each window, by its buckets and start (ms), in the same order.
            tallies: Whether more is wanted than the counts and the revenue of rates.
        """
        definition = by_minutes(definition)
        super().__init__(definition, on_session, RestingVisitors, tallies=tallies)
        self._windows = Windows(definition, on_window, widths, on_slots, on_counted)
        self.rates, self.whole = self._windows.rates, self._windows.whole
        self._step = step
        self._until_step = step

    def take(self, events: list[Brief]) -> None:
        """Count some events that follow those before."""
        first = 0
        while first < len(events):
            part = events[first : first + self._until_step] if first else events[: self._until_step]
            self._take(part)
            first += len(part)
            self._until_step -= len(part)
            if not self._until_step:
                self._until_step = self._step
                self._pass_time()

    def _take(self, events: list[Brief]) -> None:
        # With a reading the core looks at no more of an event than a brief has.
        judge: Judge = self._partition.judge  # type: ignore[assignment] # it reads no more than a brief has
        clock, readings = self._clock, self.readings.known
        oldest = EVER if self.oldest is None else self.oldest
        counted = 0
        for event in events:
            what = event.what
            outcome = judge(clock, event, readings[what] if type(what) is int else what)  # type: ignore[arg-type] # mypy cannot tell
            if outcome == "counted":
                counted += 1
                if event.time < oldest:
                    oldest = event.time
            else:
                self.outcomes[outcome] += 1
        if counted:
            self.outcomes["counted"] += counted
            self.oldest = oldest

    def finish(self) -> None:
        """Close all sessions and windows, and hand out what is left."""
        self._pass_time()
        self.end()
        self._fold()
        self._windows.hand_out(EVER)
        self.tell_left()

    def _pass_time(self) -> None:
        self.pass_time()
        self._fold()
        self._windows.hand_out(self.final_until())

    def _fold(self) -> None:
        self._windows.fold([self.delta(self._partition.ledger.take())])
