"""The core over events in the order given: closed windows, each once and final, and sessions as they end.

It goes on by steps of so many events: after each, sessions close and are forgotten as in a worker, and
windows that nothing can change any more are handed out and dropped. Steps do not change what is counted.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace

from stream.core.attempt import longest
from stream.core.bucket import HOUR, MINUTE, Buckets, Slot
from stream.core.cell import add, new_row
from stream.core.clock import NEVER, InputClock
from stream.core.closed import ClosedRow
from stream.core.definition import Definition
from stream.core.delta import Delta
from stream.core.event import Outcome
from stream.core.partition import Partition, Reading
from stream.core.rates import Rates
from stream.core.segment import ALL
from stream.core.session import Session
from stream.core.tally import add_tallies
from stream.core.timer import BUCKET_MS
from stream.replay.brief import Brief, Readings
from stream.replay.times import TimeRow, time_rows
from stream.replay.visitors import RestingVisitors

STEP = 524_288
"""Events between two steps: so many, or twice as many, may be held in visitors that are objects."""

INPUT = "files"
"""Stands where a worker has the topic."""

WIDTHS = frozenset((MINUTE, HOUR))
"""Lengths of closed windows, ms."""

EVER = 1 << 61
"""After every time there is."""

_Judge = Callable[[InputClock, Brief, Reading], Outcome]


class Count:
    """Counts events. All visitors are in one partition, as the files are one input.

    Attributes:
        outcomes: What became of the events.
        read: Returns what an event matches and says.
        readings: What the numbers in events in brief stand for.
        oldest: Least time of a counted event, ms; ``None``: there was none.
        rates: All counts that can still change.
        whole: The cells and tallies of all sessions whose hour has been handed out or dropped.
    """

    def __init__(
        self,
        definition: Definition,
        on_window: Callable[[list[ClosedRow]], None],
        on_session: Callable[[str, str, Session], None] | None = None,
        step: int = STEP,
        widths: frozenset[int] = WIDTHS,
        on_slots: Callable[[int, int, list[tuple[str, Slot]]], None] | None = None,
        on_times: Callable[[list[TimeRow]], None] | None = None,
    ) -> None:
        """Begin.

        Args:
            definition: What is measured.
            on_window: Takes the rows of each window, in order of end, then of length.
            on_session: Takes visitor, client's session id and session of each that can change no more.
            step: Events a step.
            widths: Lengths of the windows that are handed out, ms; the others are only dropped.
            on_slots: Takes, instead of rows, each window's width and start (ms), and its segments as counted.
            on_times: Takes how long the conversions of each window took, in the same order.
        """
        # Nothing slides in a replay: with a pane of a minute the core sums up by minutes from the start.
        times = replace(definition.times, pane=MINUTE, sizes=(MINUTE,))
        definition = replace(definition, times=times)
        self.outcomes: Counter[Outcome] = Counter()
        self.oldest: int | None = None
        self.rates = Rates(definition)
        self.whole = Slot(new_row(len(self.rates.measures)), {})
        self._partition = Partition(definition, (INPUT,), RestingVisitors)
        self.read = self._partition.read
        self.readings = Readings()
        self._partition.lifetimes.told = self._on_session = on_session
        self._on_window, self._on_times = on_window, on_times
        self._on_slots = on_slots
        self._times = times
        self._step = step
        self._widths = widths
        self._oldest: dict[str, int] = {}
        if self._partition.journeys is not None:
            self._partition.journeys.oldest = self._oldest
        self._until_step = step
        self._steps = 0

    @property
    def newest(self) -> int | None:
        """Greatest time of a counted event, ms; ``None``: there was none."""
        return self._partition.clock.inputs[INPUT].newest

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
        judge: _Judge = self._partition.judge  # type: ignore[assignment]
        clock, readings = self._partition.clock.inputs[INPUT], self.readings.known
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
        last = max(self._times.timeout, longest(self.rates.plans))
        for now in (0, 2 * (last + self._times.late_after) + MINUTE):
            self._partition.pass_time(now, {INPUT: True})  # idle at its end, until every session has ended
        self._fold()
        self._hand_out(EVER)
        if self._on_session is not None:
            for name, sid, session in self._left():
                self._on_session(name, sid, session)

    def _pass_time(self) -> None:
        core = self._partition
        core.pass_time(0, {})
        core.visitors.rest(core.clock.horizon)  # type: ignore[attr-defined] # it is the store given above
        self._fold()
        self._hand_out(self._final_until())

    def _final_until(self) -> int:
        """Return the time (ms) before which no session can begin or reach anything, or be taken back.

        An event that is not late may still belong to a session that ended a timeout before it, and that
        began the greatest length before that; sessions close some time after their end is passed. Attempts
        across sessions may go on for any time; those that can still change are kept.
        """
        horizon = self._partition.clock.horizon
        until = horizon - self._times.timeout - self._times.max_length - 2 * BUCKET_MS
        return min(until, min(self._oldest.values(), default=until))

    def _fold(self) -> None:
        self._steps += 1
        taken = self._partition.ledger.take()
        self.rates.fold(
            Delta(
                fingerprint="",
                worker="",
                partition=0,
                partitions=1,
                seq=self._steps,
                watermark=self._partition.clock.watermark,
                oldest=None,
                outcomes=(),
                labels=taken.labels,
                codes=taken.codes,
                hits=taken.hits,
                corrections=taken.corrections,
                sightings=taken.sightings,
            )
        )
        self.rates.settle()

    def _hand_out(self, until: int) -> None:
        """Hand out the windows that end by then, and drop them: they are as they will stay."""
        if until <= 0:
            return
        windows: list[tuple[int, int, int]] = []
        for number, closed in enumerate(self.rates.closed):
            width = self.rates.levels[number + 1].width
            if width not in self._widths:
                continue
            starts = self.rates.levels[number + 1].starts()
            windows += [(start + width, width, number) for start in starts if start + width <= until]
            closed.mature_until = until  # nobody in them can still convert
        for end, width, number in sorted(windows):
            if self._on_slots is not None:
                self._on_slots(width, end - width, list(self.rates.levels[number + 1].segments(end - width)))
                continue
            rows = self.rates.closed[number].whole(end - width)
            rows.sort(key=lambda row: (row.measure, row.segment))
            self._on_window(rows)
            if self._on_times is not None:
                self._on_times(time_rows(self.rates.levels[number + 1], end - width, self.rates.plans))
        hours = self.rates.levels[-1]
        for start in hours.starts():
            if start + HOUR <= until:
                self._sum_up(hours, start)
        for level in self.rates.levels:
            level.forget(until + level.keep, NEVER)

    def _sum_up(self, hours: Buckets, start: int) -> None:
        for segment, slot in hours.segments(start):
            if segment == ALL:
                add(self.whole.cells, slot.cells)
                add_tallies(self.whole.tallies, slot.tallies)

    def _left(self) -> Iterator[tuple[str, str, Session]]:
        """Yield the sessions that were not forgotten before the input ended."""
        visitors = self._partition.visitors
        for name in visitors.names():
            visitor = visitors.look(name)
            for group in visitor.groups if visitor is not None else ():
                for session in group.sessions:
                    yield name, group.sid, session
