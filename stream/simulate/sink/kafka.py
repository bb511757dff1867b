"""Records to a Kafka topic, in large batches, each record with its time of arrival as its timestamp."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

from aiokafka import AIOKafkaProducer
from aiokafka.partitioner import DefaultPartitioner
from aiokafka.producer.message_accumulator import BatchBuilder

from stream.simulate.disorder import Arrival
from stream.simulate.pacing import due
from stream.simulate.sink import Progress
from stream.simulate.sink.connection import Client

_BATCH_BYTES = 900_000  # below Kafka's message.max.bytes, which is about 1 MiB
_IN_FLIGHT = 32  # batches that wait for the broker; bounds memory, and keeps all partitions busy


async def to_kafka(
    arrivals: Iterable[Arrival],
    brokers: str,
    topic: str,
    *,
    rate: float | None = None,
    live: bool = False,
    client: Client | None = None,
    progress: Progress | None = None,
) -> int:
    """Send records to an existing topic, by their keys to the partitions that Kafka's own clients choose.

    Args:
        arrivals: The records, in the order in which each partition gets them.
        brokers: Brokers to start from, ``host:port``, comma separated.
        topic: The topic.
        rate: Records per second, at most; ``None``: as many as the broker takes.
        live: Hold each record back until the clock shows its time of arrival.
        client: How to log in.
        progress: Told now and then how far it is.

    Returns:
        How many records were sent; all of them are acknowledged.

    Raises:
        KafkaError: The brokers cannot be reached, or refuse.
    """
    producer = AIOKafkaProducer(
        bootstrap_servers=brokers,
        acks="all",
        compression_type="lz4",
        max_batch_size=_BATCH_BYTES,
        **(client or {}),
    )
    sent = 0
    waiting: deque[asyncio.Future[object]] = deque()
    await producer.start()
    try:
        partition_of = _partitioner(sorted(await producer.partitions_for(topic)))
        async for group in due(arrivals, rate=rate, live=live):
            for partition, batch in _batches(producer, group, partition_of):
                waiting.append(await producer.send_batch(batch, topic, partition=partition))
            while waiting and (waiting[0].done() or len(waiting) > _IN_FLIGHT):
                await waiting.popleft()
            sent += len(group)
            if progress is not None:
                progress(sent, group[-1].at_ms)
        while waiting:
            await waiting.popleft()
    finally:
        await producer.stop()
        await asyncio.gather(*waiting, return_exceptions=True)
    return sent


def _partitioner(partitions: list[int]) -> Callable[[bytes], int]:
    place = DefaultPartitioner()

    # Hashing in Python costs as much as making an event, and visitors send several.
    @lru_cache(maxsize=100_000)
    def partition_of(key: bytes) -> int:
        return int(place(key, partitions, partitions))

    return partition_of


def _batches(
    producer: AIOKafkaProducer, group: Iterable[Arrival], partition_of: Callable[[bytes], int]
) -> Iterator[tuple[int, BatchBuilder]]:
    open_batches: dict[int, BatchBuilder] = {}
    for at_ms, key, value in group:
        partition = partition_of(key)
        batch = open_batches.get(partition)
        if batch is None or batch.append(timestamp=at_ms, key=key, value=value) is None:
            if batch is not None:  # full
                yield partition, batch
            batch = open_batches[partition] = producer.create_batch()
            batch.append(timestamp=at_ms, key=key, value=value)  # an empty batch takes a record of any size
    yield from open_batches.items()
