"""The rates agent: deltas of all partitions in; closed windows out, and live ones for those who show them."""

from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

import msgspec

from stream.agents.fingerprint import check
from stream.core.bucket import HOUR
from stream.core.closed import ClosedRow
from stream.core.definition import Definition
from stream.core.delta import Delta, Mark
from stream.core.past import PAST_KEY, Past, take_past
from stream.core.rates import Rates
from stream.engine.api import Chunk, Flush, Record, Row

REPUBLISH_MS = 2_000
"""Closed windows that change are published again at most so often: cohorts change with every event."""

_BUCKET, _COUNTER, _REVENUE, _SEGMENTS, _PAGES, _STATE = b"b", b"n:", b"r:", b"sg", b"pg", b"st"

HISTORY_SIZE = "1h"
"""Closed windows of this length are kept for longer."""

_decode_delta = msgspec.msgpack.Decoder(Delta).decode
_decode_past = msgspec.msgpack.Decoder(Past).decode
_encode = msgspec.msgpack.Encoder().encode
_to_json = msgspec.json.Encoder().encode


class _Stored(msgspec.Struct, array_like=True):
    """The row that is written with every flush."""

    fingerprint: str
    born: int
    partitions: int
    marks: dict[int, Mark]
    watermark: int | None
    closed_until: list[int]
    mature_until: list[int]
    since: int | None = None


class RatesTopics(NamedTuple):
    """The topics that a `RatesState` writes: closed windows, and closed hours for longer."""

    rates: str
    history: str


class Audience(Protocol):
    """Who is shown the rates, after each commit. Must not wait for anything."""

    def opened(self, state: "RatesState") -> None:
        """The rates are recovered, and this process owns them."""

    def committed(self, state: "RatesState", seq: int, closed: list[ClosedRow], oldest: list[int]) -> None:
        """Flush ``seq`` is durable.

        Args:
            state: The rates.
            seq: Number of the flush.
            closed: Rows of closed windows that it published.
            oldest: Arrivals (ms) of the oldest record of each delta that it folded in.
        """

    def released(self, state: "RatesState") -> None:
        """Another process owns the rates now."""


class RatesState:
    """The state of the one partition of the topology ``rates``.

    Attributes:
        core: All counts.
        born: When this state was first made, wall clock ms: of two groups that write to one store, the
            younger counts.
    """

    def __init__(
        self,
        definition: Definition,
        topics: RatesTopics,
        partition_of: Callable[[str, bytes], int],
        wall_ms: Callable[[], int],
        audience: Audience,
    ) -> None:
        self.core = Rates(definition)
        self.born = 0
        self._definition = definition
        self._topics = topics
        self._partition_of = partition_of
        self._wall_ms = wall_ms
        self._audience = audience
        self._fingerprint = definition.fingerprint()
        self._closing = False
        self._published_at = 0
        self._now_ms = 0
        self._in_flight: dict[int, tuple[list[ClosedRow], list[int]]] = {}
        self._oldest: list[int] = []
        self._too_old: list[ClosedRow] = []
        """Hours of the past that are only to be published."""

    # -- recovery

    def restore(self, key: bytes, value: bytes | None) -> None:
        """Take back one row."""
        if key[:1] == _BUCKET:
            level, start, segment = _bucket_of(key)
            self.core.levels[level].restore((start, segment), value)
        elif value is None:
            return
        elif key[:2] == _COUNTER:
            self.core.counters[key[2:].decode()] = msgspec.msgpack.decode(value, type=list[int])
        elif key[:2] == _REVENUE:
            self.core.revenue[key[2:].decode()] = msgspec.msgpack.decode(value, type=dict[int, int])
        elif key == _SEGMENTS:
            self.core.segments.unpack(value)
        elif key == _PAGES:
            self.core.pages.unpack(value)
        elif key == _STATE:
            stored = msgspec.msgpack.decode(value, type=_Stored)
            check(stored.fingerprint, self._fingerprint, "rates")
            self.born = stored.born
            self.core.partitions = stored.partitions
            self.core.marks = stored.marks
            self.core.watermark = stored.watermark
            self.core.since = stored.since
            for closed, until, mature in zip(
                self.core.closed, stored.closed_until, stored.mature_until, strict=True
            ):
                closed.closed_until, closed.mature_until = until, mature

    def restored(self) -> None:
        """Build what follows from the rows."""
        if not self.born:
            self.born = self._wall_ms()
        self.core.restored()
        self._audience.opened(self)

    # -- live

    def apply(self, chunk: Chunk) -> None:
        """Fold in the deltas of a chunk, and take its windows of the past."""
        for key, value in zip(chunk.keys, chunk.values, strict=True):
            if value is None:
                continue
            if key == PAST_KEY:
                self._take_past(value)
                continue
            delta = _decode_delta(value)
            check(delta.fingerprint, self._fingerprint, f"deltas of partition {delta.partition}")
            self.core.fold(delta)
            if delta.oldest is not None:
                self._oldest.append(delta.oldest)

    def _take_past(self, value: bytes) -> None:
        """Take a window of the past; one that was counted by another definition is left alone."""
        past = _decode_past(value)
        if past.fingerprint != self._fingerprint:
            return
        rows = take_past(self.core, past)
        if rows and past.width == HOUR:
            self._too_old += rows

    def tick(self, now_ms: int, at_end: Mapping[str, bool]) -> None:  # noqa: ARG002 - the engine's interface
        """Let windows slide and close."""
        self._now_ms = now_ms
        if self.core.pass_time():
            self._closing = True

    def flush(self, seq: int) -> Flush:
        """Return the rows that changed, and closed windows that are new or have changed."""
        closed: list[ClosedRow] = []
        if self._closing or self._now_ms - self._published_at >= REPUBLISH_MS:
            closed = self.core.publish()
            self._closing = False
            self._published_at = self._now_ms
        rows: list[Row] = []
        for level, keys in self.core.forget():  # after publishing: a window may close and go in one step
            rows += [(_bucket_key(level, start, segment), None) for start, segment in keys]
        for level, buckets in enumerate(self.core.levels):
            rows += [(_bucket_key(level, start, segment), row) for (start, segment), row in buckets.flush()]
        for segment in self.core.changed_counters:
            rows.append((_COUNTER + segment.encode(), _encode(self.core.counters[segment])))
        self.core.changed_counters.clear()
        for segment in self.core.changed_revenue:
            rows.append((_REVENUE + segment.encode(), _encode(self.core.revenue[segment])))
        self.core.changed_revenue.clear()
        if self.core.segments.changed:
            rows.append((_SEGMENTS, self.core.segments.pack()))
        if self.core.pages.changed:
            rows.append((_PAGES, self.core.pages.pack()))
        rows.append((_STATE, self._stored()))
        self._in_flight[seq] = closed, self._oldest
        self._oldest = []
        too_old, self._too_old = self._too_old, []
        hours = [row for row in closed if row.size == HISTORY_SIZE] + too_old
        return Flush(
            rows, [*self._publish(self._topics.rates, closed), *self._publish(self._topics.history, hours)]
        )

    def committed(self, seq: int) -> None:
        """Show what is now durable."""
        closed, oldest = self._in_flight.pop(seq, ([], []))
        self._audience.committed(self, seq, closed, oldest)

    def released(self) -> None:
        """Show nothing more."""
        self._audience.released(self)

    def _stored(self) -> bytes:
        return _encode(
            _Stored(
                self._fingerprint,
                self.born,
                self.core.partitions,
                self.core.marks,
                self.core.watermark,
                [closed.closed_until for closed in self.core.closed],
                [closed.mature_until for closed in self.core.closed],
                self.core.since,
            )
        )

    def _publish(self, topic: str, rows: list[ClosedRow]) -> list[Record]:
        records: list[Record] = []
        for row in rows:
            key = row.key().encode()
            records.append(Record(topic, self._partition_of(topic, key), key, _to_json(row)))
        return records


def _bucket_key(level: int, start: int, segment: str) -> bytes:
    return _BUCKET + bytes((level,)) + start.to_bytes(8) + segment.encode()


def _bucket_of(key: bytes) -> tuple[int, int, str]:
    return key[1], int.from_bytes(key[2:10]), key[10:].decode()
