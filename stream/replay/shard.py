"""The share of one process in the counting: its visitors, by the time of all.

At the end of a step it is what one core would be, of these visitors alone: time is that of all processes.
Within a step it knows of its own events only. In order of time that matters to a single question: whether an
event with an id that was counted long ago is a duplicate depends on the newest event before it, whoever's it
is. Mostly both bounds of that (the newest of its own, and the event itself) say the same; else it asks.
"""

from array import array
from bisect import bisect_left
from collections.abc import Callable
from operator import attrgetter

from stream.core.clock import NEVER
from stream.core.definition import Definition
from stream.core.log import newest_of
from stream.core.visitor import Visitor
from stream.replay import visitors as limits
from stream.replay.brief import Brief
from stream.replay.count import Judge
from stream.replay.counting import Counting, OnSession, by_minutes
from stream.replay.messages import Key, Settled
from stream.replay.novel import Turns
from stream.replay.visitors import RestingVisitors

_key = attrgetter("time", "event_id", "visitor_id")


class _Visitors(RestingVisitors):
    """A store that knows by which event each visitor came in this step.

    Attributes:
        event: The event that is judged.
        first: The first event of the step of each visitor that was taken in it: time and id.
    """

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)  # type: ignore[arg-type] # whatever it takes
        self.event = Brief(0, "", "", "", 0)
        self.first: dict[str, tuple[int, str]] = {}

    def take(self, name: str) -> Visitor:
        """Return a visitor to change, a new one if need be."""
        self.first[name] = self.event.time, self.event.event_id
        return super().take(name)


class Shard(Counting):
    """Counts the events of some visitors, in order of time."""

    def __init__(
        self,
        definition: Definition,
        number: int,
        of: int,
        ask: Callable[[Key], int | None],
        on_session: OnSession | None,
        *,
        tallies: bool,
    ) -> None:
        """Begin.

        Args:
            definition: What is measured.
            number: Of the process.
            of: How many there are.
            ask: Returns the greatest time of an event of another process that was counted before a place.
            on_session: Takes each session, and each attempt across sessions, that can change no more.
            tallies: Whether more is wanted than the counts and the revenue of rates.
        """
        super().__init__(by_minutes(definition), on_session, _Visitors, tallies=tallies)
        self._visitors: _Visitors = self._partition.visitors  # type: ignore[assignment] # as given above
        self._visitors.held = limits.HELD // of
        self._partition.ledger.labels.bounded = False
        self._turns = Turns(self._partition.ledger)
        self._number, self._of = number, of
        self._ask = ask
        self._late_after = self._times.late_after
        self._counted_at, self._ids, self._names = array("q"), list[str](), list[str]()
        """Of the events that were counted in this step: times, ids and visitors."""

    def judge(self, events: list[Brief]) -> None:
        """Judge some events that follow those before."""
        judge: Judge = self._partition.judge  # type: ignore[assignment] # it reads no more than a brief has
        clock, readings, store = self._clock, self.readings.known, self._visitors
        said, known = self._partition.ledger.labels.said, self._turns.count
        took_time, took_id, took_name = self._counted_at.append, self._ids.append, self._names.append
        before = len(self._ids)
        for event in events:
            store.event = event
            what = event.what
            reading = readings[what] if type(what) is int else what
            outcome = judge(clock, event, reading)  # type: ignore[arg-type] # mypy cannot tell
            if outcome == "duplicate" and self._is_unclear(event):
                newest = self._ask(_key(event))
                if newest is not None and (clock.newest is None or newest > clock.newest):
                    clock.newest = newest
                    outcome = judge(clock, event, reading)  # type: ignore[arg-type] # likewise
            if outcome == "counted":
                took_time(event.time)
                took_id(event.event_id)
                took_name(event.visitor_id)
            else:
                self.outcomes[outcome] += 1
            if len(said) != known:  # a session of many events was settled, to see whether a person's
                known = len(said)
                self._turns.note((0, event.time, event.event_id, event.visitor_id))
        if counted := len(self._ids) - before:
            self.outcomes["counted"] += counted
            if self.oldest is None:
                self.oldest = self._counted_at[0]

    def newest_before(self, key: Key) -> int | None:
        """Return the greatest time of an event that was counted in this step before a place."""
        times, ids, names = self._counted_at, self._ids, self._names
        place = bisect_left(times, key[0])
        while place < len(times) and (times[place], ids[place], names[place]) < key:
            place += 1
        return times[place - 1] if place else None

    def settle(self, newest: int | None) -> Settled:
        """Let time pass to the greatest of all processes; return what sessions have contributed."""
        self._clock.newest = newest
        self._counted_at, self._ids, self._names = array("q"), [], []
        first, note = self._visitors.first, self._turns.note_visitor
        self._partition.settle(lambda name: note(name, first))
        self.pass_time()
        first.clear()
        return self._settled()

    def finish(self) -> Settled:
        """Let all sessions end; return what they have contributed."""
        self.end()
        found = self._settled()
        self.tell_left()
        return found

    def _settled(self) -> Settled:
        ledger = self._partition.ledger
        novel = self._turns.novel()
        taken = ledger.take()
        self._turns.flushed()
        said, taken.labels = taken.said, []
        return Settled(self.delta(taken, self._number, self._of), said, novel, self.final_until())

    def _is_unclear(self, event: Brief) -> bool:
        """Whether a duplicate may be none, if another process has counted a newer event before it."""
        visitor = self._visitors.look(event.visitor_id)
        assert visitor is not None  # it was judged
        known = [newest_of(group, event.event_id) for group in visitor.groups if event.event_id in group.ids]
        return max(known, default=NEVER) < event.time - self._late_after
