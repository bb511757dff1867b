"""What became of each record that was read: rejected, bot, late, duplicate or counted."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from stream.core.definition import Definition, Times
from stream.core.event import Outcome, Reason
from tests.oracle.matching import is_step
from tests.oracle.origin import is_program
from tests.oracle.record import Event, Read, RejectedError, event_of
from tests.oracle.visits import split

MAX_STEP_EVENTS = 2_000
"""A session that has had so many step events belongs to a program, not to a person."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one record; the reason only where it was rejected."""

    outcome: Outcome
    reason: Reason | None = None

    def __str__(self) -> str:
        return f"{self.outcome}: {self.reason}" if self.reason else self.outcome


@dataclass(frozen=True, slots=True)
class Judged:
    """The verdicts in the order of reading, and the events that count."""

    reads: list[Read] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    counted: list[Event] = field(default_factory=list)

    def outcomes(self) -> Counter[tuple[str, int, str]]:
        """Return how many records of each (topic, partition) had each outcome."""
        pairs = zip(self.reads, self.verdicts, strict=True)
        return Counter((read.topic, read.partition, verdict.outcome) for read, verdict in pairs)

    def reasons(self) -> Counter[tuple[str, int, str]]:
        """Return how many records of each (topic, partition) were rejected for each reason."""
        pairs = zip(self.reads, self.verdicts, strict=True)
        return Counter((read.topic, read.partition, v.reason) for read, v in pairs if v.reason)


def judge(reads: Iterable[Read], definition: Definition) -> Judged:
    """Judge records in the order they were read.

    Raises:
        ValueError: The offsets of a partition do not rise, so this is not an order of reading.
    """
    judged = Judged()
    bench = Bench(definition)
    offsets: dict[tuple[str, int], int] = {}
    for read in reads:
        source = (read.topic, read.partition)
        if read.offset <= offsets.get(source, -1):
            raise ValueError(f"{source}: offset {read.offset} was read after {offsets[source]}")
        offsets[source] = read.offset
        judged.reads.append(read)
        try:
            event = event_of(read, definition.times.max_future)
        except RejectedError as rejected:
            judged.verdicts.append(Verdict("rejected", rejected.reason))
            continue
        outcome = bench.outcome(read.topic, event)
        judged.verdicts.append(Verdict(outcome))
        if outcome == "counted":
            judged.counted.append(event)
            bench.count(read.topic, event)
    return judged


class Bench:
    """What was counted so far, as far as it decides about the next event."""

    def __init__(self, definition: Definition) -> None:
        self._definition = definition
        self._newest: dict[int, dict[str, int]] = defaultdict(dict)  # partition -> topic -> time
        self._ids: dict[tuple[int, str, str], int] = {}  # partition, visitor, event id -> newest time
        self._steps: dict[tuple[int, str, str], list[Event]] = defaultdict(list)
        self._events: dict[tuple[int, str, str], list[Event]] = defaultdict(list)

    def outcome(self, topic: str, event: Event) -> Outcome:
        """Return what becomes of the next event."""
        if self._is_bot(event):
            return "bot"
        if self._is_late(topic, event):
            return "late"
        return "duplicate" if self._is_known(event) else "counted"

    def count(self, topic: str, event: Event) -> None:
        """Let an event count."""
        newest = self._newest[event.partition]
        newest[topic] = max(event.time, newest.get(topic, event.time))
        its_id = (event.partition, event.visitor, event.event_id)
        self._ids[its_id] = max(event.time, self._ids.get(its_id, event.time))
        group = (event.partition, event.visitor, event.session_id)
        self._events[group].append(event)
        if is_step(event, self._definition):
            self._steps[group].append(event)

    def _is_bot(self, event: Event) -> bool:
        """A program says so, or the session that the event would be in has had its 2,000 step events."""
        if is_program(event.field("user_agent")):
            return True
        group = (event.partition, event.visitor, event.session_id)
        if len(self._steps.get(group, ())) < MAX_STEP_EVENTS:
            return False
        sessions = split([*self._events[group], event], self._definition.times)
        its_own = next(session for session in sessions if any(e is event for e in session))
        before = (e for e in its_own if e is not event)
        return sum(is_step(e, self._definition) for e in before) >= MAX_STEP_EVENTS

    def _is_late(self, topic: str, event: Event) -> bool:
        newest = self._newest[event.partition].get(topic)
        return newest is not None and event.time < floor(newest, self._definition.times)

    def _is_known(self, event: Event) -> bool:
        """An id is known until an equal event would be late in every topic that the partition has."""
        time = self._ids.get((event.partition, event.visitor, event.event_id))
        if time is None:
            return False
        return time >= min(floor(n, self._definition.times) for n in self._newest[event.partition].values())


def floor(newest: int, times: Times) -> int:
    """Return the time before which an event is late, when this is the newest."""
    return newest - times.out_of_order - times.allowed_lateness
