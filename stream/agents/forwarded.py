"""The sessions agent behind a repartition: it reads what the repartition agents forwarded."""

from collections.abc import Iterable

import msgspec

from stream.agents.envelope import Forwarded, Mark, unpack
from stream.agents.fingerprint import KeyedByChangedError, check
from stream.agents.sessions import InputCounts, SessionsState, SessionsTopics
from stream.core.clock import InputClock
from stream.core.definition import Definition
from stream.core.event import Rejected
from stream.core.sources import Source, SourcesClock, StoredSource
from stream.engine.api import Chunk, Row
from stream.formats.canonical import SIZE_LIMIT, UNSEEN, arrival_of, parse

_STATE, _STATE_OF_KEYED = b"sr", b"st"


class _Stored(msgspec.Struct, array_like=True):
    """The row that is written with every flush."""

    fingerprint: str
    sources: list[StoredSource]
    watermark: int | None
    closed_until: int
    counts: dict[str, InputCounts]
    horizon: int


class ForwardedSessionsState(SessionsState):
    """The state of one partition of the topology ``sessions`` where ``kafka.keyed_by`` is ``none``.

    ``counts`` are by the topic in which a record was first read; records set aside name that place, too.

    Args:
        definition: What is counted.
        topics: Names; ``events`` are the topics that are repartitioned.
        partition: Number of the partition.
        partitions: How many there are.
        sources: All partitions of the events topics.
        worker: Who counts.
    """

    def __init__(
        self,
        definition: Definition,
        topics: SessionsTopics,
        partition: int,
        partitions: int,
        sources: Iterable[Source],
        worker: str = "",
    ) -> None:
        self._sources = SourcesClock(sources, definition.times)
        super().__init__(definition, topics, partition, partitions, worker, clock=self._sources)

    # -- recovery

    def restore(self, key: bytes, value: bytes | None) -> None:
        """Take back one row."""
        if key == _STATE and value is not None:
            stored = msgspec.msgpack.decode(value, type=_Stored)
            check(stored.fingerprint, self._fingerprint, f"partition {self.partition} of sessions")
            self._sources.unpack_sources(stored.sources, stored.watermark, stored.horizon)
            self.core.ledger.closed_until = stored.closed_until
            self.counts |= stored.counts
        elif key == _STATE_OF_KEYED:
            raise KeyedByChangedError("visitor", "none")
        else:
            super().restore(key, value)

    def _stored(self) -> Row:
        stored = _Stored(
            self._fingerprint,
            self._sources.pack_sources(),
            self._sources.watermark,
            self.core.ledger.closed_until,
            self.counts,
            self._sources.horizon,
        )
        return _STATE, msgspec.msgpack.encode(stored)

    # -- live

    def apply(self, chunk: Chunk) -> None:
        """Judge and take the records in a chunk."""
        if chunk.topic == self._topics.commands:
            return
        for found in unpack(chunk.values):
            if type(found) is Mark:
                self._sources.told(found[:2], found.newest, found.watermark, found.caught_up)
            elif type(found) is Forwarded:
                self._take(found)

    def _take(self, chunk: Forwarded) -> None:
        """Judge and take records of one source, but those that were taken before.

        Without transactions a flush that a worker died over is forwarded again by the next one.
        """
        clock = self._sources.reading((chunk.topic, chunk.partition))
        judge, max_future = self.core.judge, self._max_future
        counted = 0
        for i, value in enumerate(chunk.values):
            if chunk.offsets[i] < clock.next_offset:
                continue
            clock.next_offset = chunk.offsets[i] + 1
            arrival, newest = arrival_of(chunk.timestamps[i]), chunk.newests[i]
            if arrival != UNSEEN and (self._oldest is None or arrival < self._oldest):
                self._oldest = arrival
            if clock.newest is None or newest > clock.newest:
                clock.newest = newest if newest >= 0 else None
            event = parse(value, arrival, max_future)
            if type(event) is Rejected:
                self._reject(chunk, i, _as_read(chunk, i, event))
            elif (outcome := judge(clock, event)) == "counted":
                counted += 1
            else:
                self._set_aside(chunk, i, outcome, event)
        outcomes = self._counts_of(chunk.topic).outcomes
        outcomes["counted"] = outcomes.get("counted", 0) + counted

    def _clock_of(self, chunk: Chunk) -> InputClock:
        return self._sources.reading((chunk.topic, chunk.partition))

    def _sizes(self, chunk: Chunk, i: int) -> tuple[int, int]:
        return chunk.sizes[i] if type(chunk) is Forwarded else super()._sizes(chunk, i)


def _as_read(chunk: Forwarded, i: int, why: Rejected) -> Rejected:
    """Return why a record was rejected, in terms of its length as it was read."""
    value, size = chunk.values[i], chunk.sizes[i][1]
    if value is None or len(value) == size:
        return why
    return Rejected("too_large", f"{size} bytes; at most {SIZE_LIMIT}")
