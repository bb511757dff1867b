"""The whole of the counting of topics that are not keyed by visitor: sources, repartition, sessions, rates.

What the engine and Kafka promise is kept by hand: a flush is all or nothing; of what it publishes, the
records for one partition stay together and in order, but partitions get them at different times.
"""

from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from stream.agents.envelope import Forwarded, unpack
from stream.agents.forwarded import ForwardedSessionsState
from stream.agents.repartition import RepartitionState
from stream.agents.sessions import SessionsTopics
from stream.core.definition import Definition
from stream.core.sources import Source
from stream.engine.api import Record
from stream.engine.partitioner import partition_of
from tests.laws.pipeline import Owned, Pipeline
from tests.oracle import Read

BY_VISITOR = "by-visitor"


class UnkeyedPipeline(Pipeline):
    """All partitions of sources and of visitors, and the owner of the rates.

    Attributes:
        sources: The repartition states, by topic and partition of what they read.
        published: What each partition of visitors can be read of, in order.
    """

    def __init__(self, definition: Definition, homes: int, partitions: Mapping[str, int]) -> None:
        super().__init__(definition, homes)
        sources = [(topic, number) for topic, count in partitions.items() for number in range(count)]
        topics = SessionsTopics(tuple(partitions), "commands", "deltas", "rejected", "late")
        self.sessions = [
            Owned(partial(ForwardedSessionsState, definition, topics, home, homes, sources))
            for home in range(homes)
        ]
        self.sources = {
            (topic, number): Owned(
                partial(
                    RepartitionState,
                    definition.times,
                    topic,
                    number,
                    BY_VISITOR,
                    homes,
                    lambda visitor: partition_of(visitor, homes),
                )
            )
            for topic, number in sources
        }
        self.published: list[list[bytes | None]] = [[] for _ in range(homes)]
        self._last: dict[Source, list[Record]] = {}
        self._under_way: dict[tuple[Source, int], deque[list[bytes | None]]] = defaultdict(deque)

    def read_source(self, source: Source, reads: Sequence[Read]) -> None:
        """Let a repartition agent take records that follow what it took before."""
        self.sources[source].apply(*source, reads[0].offset, reads)

    def flush_source(self, source: Source, at_end: bool = False) -> None:
        """Flush one source; what it publishes is under way then."""
        self._last[source] = self.sources[source].flush(self.now_ms, (source[0],) if at_end else ())
        self._publish(source)

    def crash_source(self, source: Source, again: bool) -> None:
        """Lose the process of a source.

        Args:
            source: Which.
            again: Whether its successor publishes the last flush again, as without transactions.
        """
        self.sources[source].crash()
        if again:
            self._publish(source)

    def deliver(self, source: Source, home: int) -> None:
        """Let the oldest of what is under way from a source to a partition arrive, if there is any."""
        queue = self._under_way[source, home]
        if queue:
            self.published[home] += queue.popleft()

    def read(self, home: int, records: int) -> None:
        """Let a partition of visitors take so many records that it can read."""
        owned = self.sessions[home]
        first = owned.position.get(BY_VISITOR, 0)
        values = self.published[home][first : first + records]
        if values:
            reads = [Read(BY_VISITOR, home, first + i, 0, value) for i, value in enumerate(values)]
            owned.apply(BY_VISITOR, home, first, reads)

    def let_time_pass(self, ms: int) -> None:
        """Let the wall clock go on while all is read to its end; sessions and windows close."""
        for step in (0, ms):
            self.now_ms += step
            for source in self.sources:
                self.flush_source(source, at_end=True)
                for home in range(len(self.sessions)):
                    while self._under_way[source, home]:
                        self.deliver(source, home)
            for home in range(len(self.sessions)):
                self.read(home, len(self.published[home]))
                self.flush(home)
            self.flush_rates()

    def forwarded(self) -> Iterator[tuple[int, Forwarded, int]]:
        """Yield every record that can be read, repeats too: its partition, and its place in a chunk."""
        for home, values in enumerate(self.published):
            for found in unpack(values):
                if isinstance(found, Forwarded):
                    for i in range(len(found)):
                        yield home, found, i

    def _publish(self, source: Source) -> None:
        by_home: dict[int, list[bytes | None]] = defaultdict(list)
        for record in self._last.get(source, []):
            assert record.topic == BY_VISITOR
            by_home[record.partition].append(record.value)
        for home, values in by_home.items():
            self._under_way[source, home].append(values)
