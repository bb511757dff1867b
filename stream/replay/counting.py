"""What counting is made of, in one process or several: visitors, the passing of time, what it changes."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace

from stream.core.attempt import longest
from stream.core.bucket import MINUTE
from stream.core.definition import Definition
from stream.core.delta import Delta
from stream.core.event import Outcome
from stream.core.partition import Partition
from stream.core.plans import Plans
from stream.core.session import Session
from stream.core.taken import Taken
from stream.core.timer import BUCKET_MS
from stream.core.visitor import Attempt
from stream.replay.brief import Readings
from stream.replay.visitors import RestingVisitors

PAGES = 100_000
"""So many pages are told apart."""

INPUT = "files"
"""Stands where a worker has the topic."""

OnSession = Callable[[str, str, Session | Attempt], None]
"""Takes visitor, client's session id, and the session, or an attempt across sessions that began in it."""


def by_minutes(definition: Definition) -> Definition:
    """Return the definition as a replay counts by it.

    Nothing slides in a replay: with a pane of a minute the core sums up by minutes from the start. And it
    ends, so that there is room for all pages: which of them come first does not matter.
    """
    return replace(
        definition,
        times=replace(definition.times, pane=MINUTE, sizes=(MINUTE,)),
        pages=replace(definition.pages, max_values=PAGES),
    )


class Counting:
    """Visitors and their sessions: all there are, or the share of one process.

    Attributes:
        outcomes: What became of the events.
        read: Returns what an event matches and says.
        readings: What the numbers in events in brief stand for.
        oldest: Least time of a counted event, ms; ``None``: there was none.
    """

    def __init__(
        self,
        definition: Definition,
        on_session: OnSession | None,
        store: type[RestingVisitors],
        *,
        tallies: bool,
    ) -> None:
        """Begin.

        Args:
            definition: What is measured, by minutes.
            on_session: Takes each session, and each attempt across sessions, that can change no more.
            store: Keeps the visitors.
            tallies: Whether more is wanted than the counts and the revenue of rates.
        """
        self.outcomes: Counter[Outcome] = Counter()
        self.oldest: int | None = None
        self.readings = Readings()
        self._partition = Partition(definition, (INPUT,), store, tallies=tallies)
        self._clock = self._partition.clock.inputs[INPUT]
        self.read = self._partition.read
        self._partition.lifetimes.told = self._on_session = on_session
        self._times = definition.times
        self._longest = longest(Plans(definition))
        self._oldest: dict[str, int] = {}
        if self._partition.journeys is not None:
            self._partition.journeys.oldest = self._oldest
            self._partition.journeys.told = on_session
        self._steps = 0

    @property
    def newest(self) -> int | None:
        """Greatest time of a counted event, ms; ``None``: there was none."""
        return self._clock.newest

    def pass_time(self) -> None:
        """Settle what was counted, and let sessions end."""
        core = self._partition
        core.pass_time(0, {})
        core.visitors.rest(core.clock.horizon)  # type: ignore[attr-defined] # it is the store given above

    def end(self) -> None:
        """Let all sessions and attempts end: the input is idle at its end, until every one has."""
        last = max(self._times.timeout, self._longest)
        for now in (0, 2 * (last + self._times.late_after) + MINUTE):
            self._partition.pass_time(now, {INPUT: True})

    def tell_left(self) -> None:
        """Tell of the sessions and attempts that were not forgotten before the input ended."""
        if self._on_session is not None:
            for name, sid, left in self._left():
                self._on_session(name, sid, left)

    def final_until(self) -> int:
        """Return the time (ms) before which no session can begin or reach anything, or be taken back.

        An event that is not late may still belong to a session that ended a timeout before it, and that
        began the greatest length before that; sessions close some time after their end is passed. Attempts
        across sessions may go on for any time; those that can still change are kept.
        """
        horizon = self._partition.clock.horizon
        until = horizon - self._times.timeout - self._times.max_length - 2 * BUCKET_MS
        return min(until, min(self._oldest.values(), default=until))

    def delta(self, taken: Taken, partition: int = 0, partitions: int = 1) -> Delta:
        """Return what sessions have contributed since the last time."""
        self._steps += 1
        return Delta(
            fingerprint="",
            worker="",
            partition=partition,
            partitions=partitions,
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

    def _left(self) -> Iterator[tuple[str, str, Session | Attempt]]:
        visitors = self._partition.visitors
        for name in visitors.names():
            visitor = visitors.look(name)
            if visitor is None:
                continue
            for group in visitor.groups:
                for session in group.sessions:
                    yield name, group.sid, session
            for attempt in visitor.journey.attempts if visitor.journey is not None else ():
                yield name, attempt.sid, attempt
