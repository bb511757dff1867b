"""A state and a log that note what is done to them."""

from collections.abc import Callable, Mapping
from typing import Any

from stream.engine.api import Chunk, Flush, Record, Row, Topology
from stream.engine.log import Write
from stream.engine.partition import Partition


class NotingState:
    """A state that notes every call, and flushes what it is given to flush."""

    def __init__(self) -> None:
        self.calls: list[Any] = []
        self.rows: list[Row] = []
        self.effects: list[Record] = []
        self.clock = 0

    def restore(self, key: bytes, value: bytes | None) -> None:
        """Note it."""
        self.calls.append(("restore", key, value))

    def restored(self) -> None:
        """Note it."""
        self.calls.append("restored")

    def apply(self, chunk: Chunk) -> None:
        """Note the offsets."""
        self.calls.append(("apply", chunk.topic, chunk.offsets))

    def tick(self, now_ms: int, at_end: Mapping[str, bool]) -> None:
        """Note what is at its end."""
        self.clock = now_ms
        self.calls.append(("tick", dict(at_end)))

    def flush(self, seq: int) -> Flush:
        """Note it, and hand out what was prepared."""
        self.calls.append(("flush", seq))
        flush, self.rows, self.effects = Flush(self.rows, self.effects), [], []
        return flush

    def committed(self, seq: int) -> None:
        """Note it."""
        self.calls.append(("committed", seq))

    def released(self) -> None:
        """Note it."""
        self.calls.append(("released", None))


class NotingLog:
    """A log that keeps what is written."""

    def __init__(self) -> None:
        self.written: list[Write] = []
        self.closed = False

    async def claim(self) -> int | None:
        """It is empty."""
        return 0

    async def resume(self, outbox: bytes | None) -> None:
        """Nothing is left to do."""

    async def write(self, write: Write) -> float:
        """Keep it; pretend that the transaction was open for 2 s."""
        self.written.append(write)
        return 2.0

    async def close(self) -> None:
        """Note it."""
        self.closed = True


class NotingObserver:
    """An observer that keeps what it is told."""

    def __init__(self) -> None:
        self.transactions: list[tuple[str, float]] = []
        self.flushes: list[tuple[str, int]] = []
        self.seconds: list[float] = []

    def transaction(self, topology: str, seconds: float) -> None:
        """Keep it."""
        self.transactions.append((topology, seconds))

    def flush(self, topology: str, seconds: float, rows: int) -> None:
        """Keep it."""
        self.seconds.append(seconds)
        self.flushes.append((topology, rows))


def topology(make_state: Callable[[int], Any] | None = None, **options: Any) -> Topology:
    """Return a topology ``visits`` that reads ``clicks`` and ``orders``."""
    return Topology("visits", ("clicks", "orders"), make_state or (lambda _: NotingState()), **options)


def partition(state: NotingState | None = None, **options: Any) -> Partition:
    """Return partition 1 of it, made in a running loop, with a log and an observer that take notes."""
    return Partition(topology(**options), 1, state or NotingState(), NotingLog(), NotingObserver())


def chunk(topic: str, start: int, end: int, offsets: list[int] | None = None) -> Chunk:
    """Return a chunk of partition 1, with a record at each offset unless told otherwise."""
    offsets = list(range(start, end)) if offsets is None else offsets
    count = len(offsets)
    return Chunk(topic, 1, [b"v"] * count, [b"k"] * count, [0] * count, offsets, start, end)


def rows(*pairs: Row) -> Chunk:
    """Return rows as a changelog chunk."""
    offsets = list(range(len(pairs)))
    keys, values = [key for key, _ in pairs], [value for _, value in pairs]
    return Chunk("visits-changelog", 1, values, list(keys), [0] * len(pairs), offsets, 0, len(pairs))
