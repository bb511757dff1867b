"""The whole of the counting without a broker: sessions partitions, deltas, rates; with flushes and crashes.

What the engine promises is kept by hand: a flush is all or nothing, a crash goes back to the last one, deltas
arrive in the order of their flushes.
"""

from collections.abc import Callable, Collection, Iterable, Sequence

import msgspec

from stream.agents.rates import RatesState, RatesTopics
from stream.agents.sessions import SessionsState, SessionsTopics
from stream.core.closed import ClosedRow
from stream.core.definition import Definition
from stream.engine.api import Chunk, Flush, PartitionState, Record
from tests.oracle import Read

TOPICS = ("site-events", "app-events")
INPUTS = (*TOPICS, "deltas", "commands")


class Silent:
    """Shows the rates to nobody."""

    def opened(self, state: RatesState) -> None:
        """Do nothing."""

    def committed(self, state: RatesState, seq: int, closed: list[ClosedRow], oldest: list[int]) -> None:
        """Do nothing."""

    def released(self, state: RatesState) -> None:
        """Do nothing."""


class Owned:
    """A state as the engine keeps it: with its changelog, its positions and its flush sequence."""

    def __init__(self, make: Callable[[], PartitionState]) -> None:
        self._make = make
        self.log: dict[bytes, bytes] = {}
        self.seq = 0
        self.position: dict[str, int] = {}
        self.committed_position: dict[str, int] = {}
        self.state = make()
        self.state.restored()

    def apply(self, topic: str, partition: int, first: int, reads: Sequence[Read]) -> None:
        """Bring some records that follow what was brought before."""
        self.state.apply(
            Chunk(
                topic,
                partition,
                [r.value for r in reads],
                [b"key"] * len(reads),
                [r.timestamp_ms for r in reads],
                list(range(first, first + len(reads))),
                first,
                first + len(reads),
            )
        )
        self.position[topic] = first + len(reads)

    def flush(self, now_ms: int, at_end: Collection[str]) -> list[Record]:
        """Flush, and return the effects, which are published with it; some inputs are read to their ends."""
        self.state.tick(now_ms, {topic: topic in at_end for topic in INPUTS})
        flush: Flush = self.state.flush(self.seq + 1)
        self.seq += 1
        for key, value in flush.rows:
            assert len(key) >= 2
            if value is None:
                self.log.pop(key, None)
            else:
                self.log[key] = bytes(value)
        self.committed_position = dict(self.position)
        self.state.committed(self.seq)
        return flush.effects

    def crash(self) -> None:
        """Lose the process: what was not flushed is gone, and will be read again."""
        self.state = self._make()
        for key, value in self.log.items():
            self.state.restore(key, value)
        self.state.restored()
        self.position = dict(self.committed_position)


class Maker:
    """Makes empty states."""

    def __init__(self, definition: Definition, partition: int | None, partitions: int) -> None:
        self._definition = definition
        self._partition = partition
        self._partitions = partitions

    def __call__(self) -> PartitionState:
        """Return a new state of sessions, or (without a partition) of rates."""
        if self._partition is None:
            return RatesState(
                self._definition, RatesTopics("rates", "history"), lambda *_: 0, lambda: 1, Silent()
            )
        topics = SessionsTopics(TOPICS, "commands", "deltas", "rejected", "late")
        return SessionsState(self._definition, topics, self._partition, self._partitions)


class Pipeline:
    """All partitions and the owner of the rates.

    Attributes:
        rows: Newest published row by measure, segment, size and start of the window.
        set_aside: Records that were rejected or late.
        deltas: What the sessions partitions told the owner of the rates, in order.
    """

    def __init__(self, definition: Definition, partitions: int) -> None:
        self.sessions = [Owned(Maker(definition, p, partitions)) for p in range(partitions)]
        self.rates = Owned(Maker(definition, None, partitions))
        self.rows: dict[tuple[str, str, str, int], dict[str, object]] = {}
        self.set_aside: list[Record] = []
        self.now_ms = 0
        self.deltas: list[bytes | None] = []

    def flush(self, partition: int, at_end: bool | Collection[str] = False) -> None:
        """Flush one sessions partition, with all, none or some of its inputs read to their ends."""
        ended = at_end if isinstance(at_end, Collection) else INPUTS if at_end else ()
        for record in self.sessions[partition].flush(self.now_ms, ended):
            if record.topic == "deltas":
                self.deltas.append(record.value)
            else:
                self.set_aside.append(record)

    def flush_rates(self) -> None:
        """Fold in the deltas that were not yet, and flush."""
        first = self.rates.position.get("deltas", 0)
        reads = [Read("deltas", 0, first + i, 0, value) for i, value in enumerate(self.deltas[first:])]
        self.rates.apply("deltas", 0, first, reads)
        for record in self.rates.flush(self.now_ms, INPUTS):
            assert record.value is not None
            row = msgspec.json.decode(record.value)
            self.rows[row["measure"], row["segment"], row["size"], row["window_start"]] = row

    def let_time_pass(self, ms: int) -> None:
        """Let the wall clock go on while all inputs are read to their ends; sessions and windows close."""
        for step in (0, ms):
            self.now_ms += step
            for partition in range(len(self.sessions)):
                self.flush(partition, at_end=True)
            self.flush_rates()

    def run(self, chunks: Iterable[Sequence[Read]]) -> None:
        """Read chunks (each of one input partition), flushing after each, then close everything."""
        for chunk in chunks:
            owned = self.sessions[chunk[0].partition]
            owned.apply(chunk[0].topic, chunk[0].partition, chunk[0].offset, chunk)
            self.flush(chunk[0].partition)
        self.let_time_pass(2 * 86_400_000)

    def outcomes(self, partition: int) -> dict[str, int]:
        """Return the outcomes counted by a partition, over its inputs."""
        sums: dict[str, int] = {}
        state = self.sessions[partition].state
        assert isinstance(state, SessionsState)
        for counts in state.counts.values():
            for outcome, count in counts.outcomes.items():
                sums[outcome] = sums.get(outcome, 0) + count
        return {outcome: count for outcome, count in sums.items() if count}
