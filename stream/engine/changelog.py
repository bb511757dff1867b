"""Reading changelogs back, with a consumer of no group: several partitions at once, to known ends."""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping

from aiokafka import AIOKafkaConsumer, TopicPartition

from stream.engine.api import Chunk
from stream.engine.connection import Connection
from stream.engine.fatal import EngineError
from stream.engine.fetch import ChunkFetcher

STALLED_AFTER_S = 60.0
"""Reading that gets no further for this long is given up."""

MAX_FETCH_BYTES = 16 * 1024 * 1024


class ChangelogReader:
    """A consumer without a group, for the short time of opening partitions."""

    def __init__(self, connection: Connection) -> None:
        self._consumer = AIOKafkaConsumer(
            isolation_level=connection.isolation_level,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            fetch_min_bytes=1,
            fetch_max_wait_ms=100,
            max_partition_fetch_bytes=MAX_FETCH_BYTES,
            **connection.client_options("recovery"),
        )

    async def __aenter__(self) -> "ChangelogReader":
        await self._consumer.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._consumer.stop()

    async def beginnings(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """Return the first offsets that still exist."""
        found: dict[TopicPartition, int] = await self._consumer.beginning_offsets(list(partitions))
        return found

    async def ends(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """Return the ends: the last stable offset, for a read_committed reader."""
        found: dict[TopicPartition, int] = await self._consumer.end_offsets(list(partitions))
        return found

    async def read(self, ends: Mapping[TopicPartition, int], take: Callable[[Chunk], None]) -> None:
        """Hand every record below ``ends`` to ``take``, in order within each partition.

        Raises:
            UnreadableRecordsError: A record batch is damaged.
            EngineError: There is no progress for `STALLED_AFTER_S`.
        """
        if not ends:
            return
        consumer = self._consumer
        consumer.assign(list(ends))
        fetcher = ChunkFetcher(consumer._fetcher)
        at = await self.beginnings(ends)
        for partition, offset in at.items():
            consumer.seek(partition, offset)
            fetcher.sought(partition, offset)
        behind = {partition for partition in ends if at[partition] < ends[partition]}
        consumer.pause(*(set(ends) - behind))
        progress = time.monotonic()
        while behind:
            taken = fetcher.take(behind)
            for partition, chunk in taken.items():
                progress = time.monotonic()
                at[partition] = chunk.end
                take(chunk if chunk.end <= ends[partition] else _below(chunk, ends[partition]))
                if chunk.end >= ends[partition]:
                    behind.discard(partition)
                    consumer.pause(partition)
            if taken:
                await asyncio.sleep(0)  # what was received at once may be many chunks: let others run
            elif behind:
                await fetcher.wait(1.0)
                if time.monotonic() - progress > STALLED_AFTER_S:
                    partition = min(behind)
                    raise EngineError(
                        f"changelog {partition.topic}, partition {partition.partition}: nothing comes "
                        f"after offset {at[partition]} although it ends at {ends[partition]}"
                    )


def _below(chunk: Chunk, end: int) -> Chunk:
    """Return the part before ``end``."""
    count = sum(offset < end for offset in chunk.offsets)
    return Chunk(
        chunk.topic,
        chunk.partition,
        chunk.values[:count],
        chunk.keys[:count],
        chunk.timestamps[:count],
        chunk.offsets[:count],
        chunk.start,
        end,
    )
