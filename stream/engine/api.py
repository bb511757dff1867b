"""What the engine asks of a topology, and what it hands to it.

A topology (sessions, rates) is a set of inputs whose partitions it keeps state for. The engine brings the
records of each partition in chunks, and makes each flush of that partition's state one atomic write: the rows
that changed, the records to publish, and how far the inputs were read. What the state holds and means is the
topology's; the engine knows bytes only.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

Row = tuple[bytes, bytes | None]
"""A state row as the changelog keeps it: key and value; ``None`` deletes (a tombstone)."""


class Chunk:
    """Some consecutive records of one input partition: parallel lists, as cheap as Kafka's batches allow.

    Attributes:
        topic: The input topic.
        partition: Its partition.
        values: Each record's value; ``None`` is a tombstone.
        keys: Each record's key.
        timestamps: Each record's own timestamp, ms since the epoch.
        offsets: Each record's offset: rising, but with holes where markers or compacted records were.
        start: The offset at which the chunk before this one ended (or to which the partition was sought).
        end: The offset to read next: past the last record and the markers behind it.
    """

    __slots__ = ("end", "keys", "offsets", "partition", "start", "timestamps", "topic", "values")

    def __init__(
        self,
        topic: str,
        partition: int,
        values: list[bytes | None],
        keys: list[bytes | None],
        timestamps: list[int],
        offsets: list[int],
        start: int,
        end: int,
    ) -> None:
        self.topic = topic
        self.partition = partition
        self.values = values
        self.keys = keys
        self.timestamps = timestamps
        self.offsets = offsets
        self.start = start
        self.end = end

    def __len__(self) -> int:
        return len(self.values)

    def since(self, offset: int) -> "Chunk":
        """Return the part of this chunk at and after ``offset`` (itself when nothing is before it)."""
        first = next((i for i, o in enumerate(self.offsets) if o >= offset), len(self.offsets))
        if first == 0:
            return self
        return Chunk(
            self.topic,
            self.partition,
            self.values[first:],
            self.keys[first:],
            self.timestamps[first:],
            self.offsets[first:],
            max(self.start, offset),
            self.end,
        )


class Record(NamedTuple):
    """A record to publish with a flush.

    ``timestamp_ms`` is the record's Kafka timestamp; ``None`` lets the broker's client set the present.
    """

    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]] = ()
    timestamp_ms: int | None = None


@dataclass(slots=True)
class Flush:
    """What one flush writes: rows of the state (absolute values) and records to publish, all or nothing."""

    rows: list[Row] = field(default_factory=list)
    effects: list[Record] = field(default_factory=list)


class PartitionState(Protocol):
    """The state of one partition of a topology. Pure: no I/O, no clock; calls never overlap.

    Row keys are the state's own, of two bytes or more: one-byte keys are the engine's.
    """

    def restore(self, key: bytes, value: bytes | None) -> None:
        """Take one changelog row, in log order, before anything else happens (a later row of a key wins)."""

    def restored(self) -> None:
        """All rows are in: build what is derived from them."""

    def apply(self, chunk: Chunk) -> None:
        """Take records that were never taken before into the state. Anything raised ends the process."""

    def tick(self, now_ms: int, at_end: Mapping[str, bool]) -> None:
        """Let wall time pass, just before each flush.

        Args:
            now_ms: A clock that never falls, ms; only differences of it mean anything.
            at_end: For each input topic, whether everything readable of this partition has been applied.
        """

    def flush(self, seq: int) -> Flush:
        """Hand out what changed since the last flush, and forget that it did.

        Nothing handed out, with nothing read since the last flush, is not written: ``committed`` is not
        called, and the next flush has the same number.

        Args:
            seq: The number of this flush: one more than the last committed one, for ever, whoever owns
                the partition.
        """

    def committed(self, seq: int) -> None:
        """Flush ``seq`` is durable and its effects are published."""

    def released(self) -> None:
        """The partition went to another worker: this object is no longer its state."""


class Observer(Protocol):
    """Where the engine tells what it measures; all times in seconds."""

    def transaction(self, topology: str, seconds: float) -> None:
        """A transaction was open for this long: readers of its topics waited for it."""

    def flush(self, topology: str, seconds: float, rows: int) -> None:
        """One partition's flush took this long, serialising included, and wrote so many rows."""


@dataclass(frozen=True, slots=True)
class Topology:
    """One kind of state, its inputs and how often it is written.

    Attributes:
        name: Names the changelog ``{group}-{name}-changelog`` and the transactional ids
            ``{group}-{name}-{partition}``.
        inputs: Input topics; all have the same number of partitions, which is the changelog's.
        make_state: Makes the empty state of a partition: ``make_state(partition)``.
        flush_ms: Time between two flushes while there is something to write, ms.
        idle_flush_ms: Time between two flushes while nothing is read, ms (the state is still ticked).
        outputs: Topics to whose partition p the effects of partition p go: they have as many partitions.
        flush_bytes: A flush is made, before more is applied, when so many bytes of keys and values were read
            since the last; 0: by time alone. For states whose flush grows with what is read.
    """

    name: str
    inputs: tuple[str, ...]
    make_state: Callable[[int], PartitionState]
    flush_ms: int = 150
    idle_flush_ms: int = 500
    outputs: tuple[str, ...] = ()
    flush_bytes: int = 0


class InputStatus(NamedTuple):
    """How far one input partition has been read: ``lag`` counts offsets up to the last stable one."""

    topic: str
    partition: int
    next_offset: int
    lag: int | None


Effects = Iterable[Record]
