"""One partition of a topology in memory: its state, how far its inputs were read, and its changelog."""

import asyncio
import time
from collections.abc import Mapping

from aiokafka import TopicPartition

from stream.engine.api import Chunk, Observer, PartitionState, Topology
from stream.engine.fatal import EngineError
from stream.engine.log import PartitionLog, Write
from stream.engine.rows import OUTBOX_KEY, POSITION_KEY, Position, check_keys


class LostRecordsError(EngineError):
    """A chunk did not arrive: applying the next one would leave a hole."""


class Partition:
    """The state of one partition and everything that makes it exact.

    Life: made when the partition is assigned; rows are restored; ``open`` is set; chunks are applied and
    flushed; ``dropped`` is set when it is assigned to another worker. Never opened twice: what comes back
    is a new object.

    Attributes:
        number: The partition's number.
        position: The next offset to read of each input: what is applied, not what is durable.
        seq: Number of the last durable flush.
        durable: The position of that flush.
        claimed: Set when its changelog was claimed: from then on only this object writes to it.
        opening: What is done until then, in words.
        open: Done when the state is recovered.
        dropped: Whether the partition went to another worker.
        touched: Whether anything was read since the last flush was collected.
        unflushed: Bytes of keys and values read since then; only counted where the topology limits them.
    """

    def __init__(
        self, topology: Topology, number: int, state: PartitionState, log: PartitionLog, observer: Observer
    ) -> None:
        self.number = number
        self.state = state
        self.log = log
        self.position: dict[str, int] = {}
        self.durable: dict[str, int] = {}
        self.seq = 0
        self.claimed = asyncio.Event()
        self.opening = "claiming its changelog"
        self.open: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.dropped = False
        self.touched = False
        self.unflushed = 0
        self.outbox: bytes | None = None
        self._topology = topology
        self._observer = observer
        self._flushed_at = 0.0

    def restore(self, chunk: Chunk) -> None:
        """Take rows of the changelog: the engine's own here, all others into the state."""
        restore = self.state.restore
        for key, value in zip(chunk.keys, chunk.values, strict=True):
            if key is None:
                raise EngineError(
                    f"{self.name}: the changelog holds a row without a key, not written by the engine"
                )
            if len(key) > 1:
                restore(key, value)
            elif key == POSITION_KEY and value is not None:
                self.seq, self.position = Position.unpack(value)
            elif key == OUTBOX_KEY:
                self.outbox = value

    def restored(self, beginnings: Mapping[TopicPartition, int]) -> None:
        """All rows are in.

        Args:
            beginnings: Where to begin with input partitions (of whatever number) that were never read.
        """
        for (topic, number), offset in beginnings.items():
            if number == self.number:
                self.position.setdefault(topic, offset)
        self.durable = dict(self.position)
        self.state.restored()

    def apply(self, chunk: Chunk) -> None:
        """Apply what of a chunk was not applied before.

        Raises:
            LostRecordsError: The chunk begins after the position.
        """
        at = self.position[chunk.topic]
        if chunk.start > at:
            raise LostRecordsError(
                f"{self.name}: offsets {at} to {chunk.start} of input {chunk.topic} were fetched "
                "but never arrived"
            )
        if chunk.end <= at:
            return
        if chunk.start < at:
            chunk = chunk.since(at)
        self.position[chunk.topic] = chunk.end
        self.touched = True
        if chunk.values:
            if self._topology.flush_bytes:
                self.unflushed += sum(len(part) for part in (*chunk.keys, *chunk.values) if part is not None)
            self.state.apply(chunk)

    def is_due(self, now: float) -> bool:
        """Tell whether it is time for a flush; ``now`` as `time.monotonic`."""
        return self.touched or now - self._flushed_at >= self._topology.idle_flush_ms / 1000

    def collect(self, now: float, at_end: Mapping[str, bool]) -> Write | None:
        """Tick the state and take out what changed; the caller must make it durable, or end the process.

        Returns:
            The flush; ``None`` where there is nothing to write.
        """
        self._flushed_at = now
        self.touched = False
        self.unflushed = 0
        self.state.tick(int(now * 1000), at_end)
        seq = self.seq + 1
        flush = self.state.flush(seq)
        if not flush.rows and not flush.effects and self.position == self.durable:
            return None
        check_keys(flush.rows)
        position = (POSITION_KEY, Position(seq, self.position).pack())
        return Write(seq, [position, *flush.rows], flush.effects, dict(self.position))

    async def write(self, write: Write) -> None:
        """Make a collected flush durable, and tell the state."""
        began = time.monotonic()
        held = await self.log.write(write)
        self.seq = write.seq
        self.durable = write.position
        self.state.committed(write.seq)
        if held is not None:
            self._observer.transaction(self._topology.name, held)
        self._observer.flush(self._topology.name, time.monotonic() - began, len(write.rows) - 1)

    @property
    def is_full(self) -> bool:
        """Whether a flush must come before more is applied."""
        return 0 < self._topology.flush_bytes <= self.unflushed

    @property
    def is_open(self) -> bool:
        """Whether chunks may be applied."""
        return self.open.done() and not self.dropped

    @property
    def name(self) -> str:
        """How messages name it."""
        return f"{self._topology.name}, partition {self.number}"
