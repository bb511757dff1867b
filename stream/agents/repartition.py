"""The repartition agent: records of one source partition in; the same, by visitor, and marks out.

Where a topic is not keyed by visitor, only its own order tells what is late, and only here it is seen whole.
So each record goes on with the newest event before it, whoever its visitor is.
"""

from collections.abc import Callable, Mapping

import msgspec

from stream.agents.envelope import Mark, pack_mark, pack_record
from stream.core.agent import is_bot
from stream.core.clock import NEVER, PartitionClock
from stream.core.definition import Times
from stream.core.event import Rejected
from stream.engine.api import Chunk, Flush, Record
from stream.formats.canonical import arrival_of, parse

_STATE = b"st"


class _Stored(msgspec.Struct, array_like=True):
    """The row that is written with every flush."""

    newest: int | None
    watermark: int | None


class RepartitionState:
    """The state of one partition of the topology that repartitions a topic of events.

    ``newest`` is moved by every event that is not rejected and whose user agent is no bot's: whether one is a
    duplicate, or of a session with too many steps, only its visitor's partition knows.

    Args:
        times: Of the definition.
        topic: The topic of events.
        partition: Its partition.
        target: The topic that is keyed by visitor.
        homes: How many partitions that has.
        home_of: Tells which of them a visitor's key belongs to.
    """

    def __init__(
        self,
        times: Times,
        topic: str,
        partition: int,
        target: str,
        homes: int,
        home_of: Callable[[bytes], int],
    ) -> None:
        self.clock = PartitionClock((topic,), times)
        self._topic = topic
        self._partition = partition
        self._target = target
        self._homes = homes
        self._home_of = home_of
        self._max_future = times.max_future
        self._effects: list[Record] = []

    # -- recovery

    def restore(self, key: bytes, value: bytes | None) -> None:
        """Take back the row."""
        if key == _STATE and value is not None:
            stored = msgspec.msgpack.decode(value, type=_Stored)
            self.clock.unpack([(self._topic, stored.newest, stored.watermark)], stored.watermark, NEVER)

    def restored(self) -> None:
        """Nothing follows from the row."""

    # -- live

    def apply(self, chunk: Chunk) -> None:
        """Forward the records of a chunk, each to the partition of its visitor."""
        self.clock.read(self._topic)
        clock = self.clock.inputs[self._topic]
        topic, number, target = self._topic.encode(), self._partition, self._target
        home_of, max_future, put = self._home_of, self._max_future, self._effects.append
        keys, timestamps, offsets = chunk.keys, chunk.timestamps, chunk.offsets
        for i, value in enumerate(chunk.values):
            newest = clock.newest
            event = parse(value, arrival_of(timestamps[i]), max_future)
            if type(event) is Rejected:
                visitor = None
                home = number % self._homes
            else:
                visitor = event.visitor_id.encode()  # type: ignore[union-attr] # it is made whole
                home = home_of(visitor)
                if newest is None or event.time > newest:  # type: ignore[operator] # likewise
                    agent = event.user_agent
                    if not agent or not is_bot(agent):
                        clock.newest = event.time  # type: ignore[assignment] # likewise
            packed = pack_record(topic, number, offsets[i], timestamps[i], newest, keys[i], value)
            put(Record(target, home, visitor, packed))

    def tick(self, now_ms: int, at_end: Mapping[str, bool]) -> None:
        """Let time pass: an idle source moves its watermark on."""
        self.clock.tick(now_ms, at_end)

    def flush(self, seq: int) -> Flush:  # noqa: ARG002 - the engine's interface
        """Return the row, the records, and behind them a mark for every partition of visitors."""
        clock = self.clock.inputs[self._topic]
        mark = pack_mark(Mark(self._topic, self._partition, clock.newest, clock.watermark, clock.was_at_end))
        effects, self._effects = self._effects, []
        effects += [Record(self._target, home, None, mark) for home in range(self._homes)]
        stored = msgspec.msgpack.encode(_Stored(clock.newest, clock.watermark))
        return Flush([(_STATE, stored)], effects)

    def committed(self, seq: int) -> None:
        """Nothing waits for it."""

    def released(self) -> None:
        """Nobody is shown it."""
