"""The sessions agent: records of one partition in; sessions' state, deltas, rejected and late records out."""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from stream.agents.aside import aside
from stream.agents.fingerprint import KeyedByChangedError, check
from stream.agents.keys import KeyCheck
from stream.core.clock import NEVER, InputClock, PartitionClock
from stream.core.definition import Definition
from stream.core.delta import Delta
from stream.core.event import OUTCOMES, Event, Outcome, Reason, Rejected
from stream.core.partition import Partition
from stream.engine.api import Chunk, Flush, Record, Row
from stream.formats.canonical import UNSEEN, arrival_of, parse

_VISITOR, _FORWARDED, _PAGES, _STATE, _STATE_OF_UNKEYED = b"v:", b"fw", b"pg", b"st", b"sr"


@dataclass(frozen=True, slots=True)
class SessionsTopics:
    """Names of the topics that the agent reads and writes.

    ``deltas`` has one partition; ``rejected`` and ``late`` have as many as the events topics.
    """

    events: tuple[str, ...]
    commands: str
    deltas: str
    rejected: str
    late: str


class InputCounts(msgspec.Struct, array_like=True):
    """What became of the records of one input partition, since ever."""

    outcomes: dict[str, int]
    rejected: dict[str, int]


class _Stored(msgspec.Struct, array_like=True):
    """The row that is written with every flush."""

    fingerprint: str
    clocks: list[tuple[str, int | None, int | None]]
    watermark: int | None
    closed_until: int
    counts: dict[str, InputCounts]
    horizon: int = NEVER  # rows of before this was kept have none


class SessionsState:
    """The state of one partition of the topology ``sessions``.

    Attributes:
        partition: Number of the partition.
        core: Its sessions.
        counts: What became of the records, by input topic.
    """

    def __init__(
        self,
        definition: Definition,
        topics: SessionsTopics,
        partition: int,
        partitions: int,
        worker: str = "",
        keys: KeyCheck | None = None,
        clock: PartitionClock | None = None,
    ) -> None:
        self.partition = partition
        self.core = Partition(definition, topics.events, clock=clock)
        self.counts = {topic: InputCounts({}, {}) for topic in topics.events}
        self._topics = topics
        self._partitions = partitions
        self._worker = worker
        self._keys = keys
        self._max_future = definition.times.max_future
        self._fingerprint = definition.fingerprint()
        self._effects: list[Record] = []
        self._oldest: int | None = None

    # -- recovery

    def restore(self, key: bytes, value: bytes | None) -> None:
        """Take back one row."""
        kind = key[:2]
        if kind == _VISITOR:
            self.core.visitors.restore(key[2:].decode(), value)
        elif value is not None and kind == _FORWARDED:
            self.core.ledger.labels.unpack(value)
        elif value is not None and kind == _PAGES:
            self.core.ledger.pages.unpack(value)
        elif value is not None and kind == _STATE:
            stored = msgspec.msgpack.decode(value, type=_Stored)
            check(stored.fingerprint, self._fingerprint, f"partition {self.partition} of sessions")
            self.core.clock.unpack(stored.clocks, stored.watermark, stored.horizon)
            self.core.ledger.closed_until = stored.closed_until
            self.counts |= stored.counts
        elif key == _STATE_OF_UNKEYED:
            raise KeyedByChangedError("none", "visitor")

    def restored(self) -> None:
        """Build what follows from the rows."""
        self.core.lifetimes.restore()

    # -- live

    def apply(self, chunk: Chunk) -> None:
        """Judge and take the records of a chunk."""
        topic = chunk.topic
        if topic == self._topics.commands:
            return  # reserved: positions know the input from the start, but nothing is commanded yet
        if not chunk.timestamps:
            return
        core = self.core
        core.clock.read(topic)
        arrivals = chunk.timestamps
        oldest = min(arrivals)
        if oldest < 0 or max(arrivals) >= UNSEEN:  # a producer may leave the timestamp out, or invent one
            arrivals = list(map(arrival_of, arrivals))
            oldest = min(arrivals)
        if oldest != UNSEEN:
            self._oldest = oldest if self._oldest is None else min(oldest, self._oldest)
        clock, judge, max_future = core.clock.inputs[topic], core.judge, self._max_future
        counted = 0
        for i, value in enumerate(chunk.values):
            event = parse(value, arrivals[i], max_future)
            if type(event) is Rejected:
                self._reject(chunk, i, event)
            elif (outcome := judge(clock, event)) == "counted":
                counted += 1
            else:
                self._set_aside(chunk, i, outcome, event)
        if self._keys is not None and type(event) is not Rejected:  # the chunk's last
            self._keys.look(chunk, len(arrivals) - 1, event, self._partitions)
        outcomes = self.counts[topic].outcomes
        outcomes["counted"] = outcomes.get("counted", 0) + counted

    def tick(self, now_ms: int, at_end: Mapping[str, bool]) -> None:
        """Let time pass: idle inputs move the watermark on; sessions close and are forgotten."""
        self.core.pass_time(now_ms, at_end)

    def flush(self, seq: int) -> Flush:
        """Return the rows that changed, the delta, and the records set aside."""
        core = self.core
        rows: list[Row] = core.visitors.flush(_VISITOR, core.clock.horizon)
        delta = self._delta(seq)
        if core.ledger.labels.changed:
            rows.append((_FORWARDED, core.ledger.labels.pack()))
        if core.ledger.pages.changed:
            rows.append((_PAGES, core.ledger.pages.pack()))
        rows.append(self._stored())
        effects, self._effects, self._oldest = self._effects, [], None
        key = str(self.partition).encode()
        effects.append(Record(self._topics.deltas, 0, key, msgspec.msgpack.encode(delta)))
        return Flush(rows, effects)

    def _stored(self) -> Row:
        """Return the row of all that is not of a visitor."""
        clock, ledger = self.core.clock, self.core.ledger
        stored = _Stored(
            self._fingerprint,
            clock.pack(),
            clock.watermark,
            ledger.closed_until,
            self.counts,
            clock.horizon,
        )
        return _STATE, msgspec.msgpack.encode(stored)

    def committed(self, seq: int) -> None:
        """Nothing waits for it."""

    def released(self) -> None:
        """Nobody is shown it."""

    def _delta(self, seq: int) -> Delta:
        taken = self.core.ledger.take()
        return Delta(
            self._fingerprint,
            self._worker,
            self.partition,
            self._partitions,
            seq,
            self.core.clock.watermark,
            self._oldest,
            tuple(sum(c.outcomes.get(o, 0) for c in self.counts.values()) for o in OUTCOMES),
            taken.labels,
            taken.codes,
            taken.hits,
            taken.corrections,
            taken.sightings,
        )

    # -- records that are not counted

    def _clock_of(self, chunk: Chunk) -> InputClock:
        return self.core.clock.inputs[chunk.topic]

    def _sizes(self, chunk: Chunk, i: int) -> tuple[int, int]:
        """Return the length of a record's key and value as it was read."""
        return len(chunk.keys[i] or b""), len(chunk.values[i] or b"")

    def _counts_of(self, topic: str) -> InputCounts:
        return self.counts.setdefault(topic, InputCounts({}, {}))

    def _count(self, topic: str, outcome: Outcome) -> None:
        outcomes = self._counts_of(topic).outcomes
        outcomes[outcome] = outcomes.get(outcome, 0) + 1

    def _reject(self, chunk: Chunk, i: int, why: Rejected) -> None:
        self._count(chunk.topic, "rejected")
        rejected = self._counts_of(chunk.topic).rejected
        rejected[why.reason] = rejected.get(why.reason, 0) + 1
        self._put(self._topics.rejected, chunk, i, why.reason, why.detail)

    def _set_aside(self, chunk: Chunk, i: int, outcome: Outcome, event: Event) -> None:
        self._count(chunk.topic, outcome)
        if outcome == "late":
            clock = self._clock_of(chunk)
            mark = "" if clock.watermark is None else str(clock.watermark)
            detail = f"time: {event.time}, when the newest of its partition was {clock.newest}"
            self._put(self._topics.late, chunk, i, "late", detail, ("watermark", mark.encode()))

    def _put(
        self,
        topic: str,
        chunk: Chunk,
        i: int,
        reason: Reason | Outcome,
        detail: str,
        *more: tuple[str, bytes],
    ) -> None:
        sizes = self._sizes(chunk, i)
        self._effects.append(aside(topic, self.partition, chunk, i, sizes, reason, detail, *more))
