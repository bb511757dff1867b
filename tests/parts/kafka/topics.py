"""What tests do with topics of any broker: create, fill quickly, read to the end, delete."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, for_code
from aiokafka.partitioner import DefaultPartitioner
from aiokafka.producer.message_accumulator import BatchBuilder

_BATCH_BYTES = 900_000  # below message.max.bytes, which is about 1 MiB


class Record(NamedTuple):
    """A record to produce."""

    value: bytes | None
    key: bytes | None = None
    partition: int | None = None
    """Where it goes; ``None``: by its key, as Kafka's own clients do (partition 0 without a key)."""
    timestamp: int | None = None
    """Milliseconds since the epoch; ``None``: now."""
    headers: Sequence[tuple[str, bytes]] = ()


async def create_topics(
    bootstrap: str, names: Iterable[str], partitions: int = 1, config: Mapping[str, str] | None = None
) -> None:
    """Create topics and return once each of their partitions has a leader.

    Raises:
        KafkaError: If the broker refuses one, or it does not come up within 30 s.
    """
    names = list(names)
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        new = [NewTopic(name, partitions, 1, topic_configs=dict(config or {})) for name in names]
        answer = await admin.create_topics(new)
        for name, code, *message in answer.topic_errors:
            if code:
                raise for_code(code)(f"topic {name}: {message}")
        deadline = time.monotonic() + 30
        while not await _have_leaders(admin, names, partitions):
            if time.monotonic() > deadline:
                raise KafkaError(f"topics {names} have no leaders after 30 s")
            await asyncio.sleep(0.02)
    finally:
        await admin.close()


async def delete_topics(bootstrap: str, names: Iterable[str]) -> None:
    """Delete topics."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.delete_topics(list(names))
    finally:
        await admin.close()


async def produce(
    bootstrap: str,
    topic: str,
    records: Iterable[Record],
    *,
    transaction: Literal["commit", "abort"] | None = None,
    compression: str | None = None,
) -> None:
    """Append records, those of a partition in their order and in large batches; return when all are stored.

    Args:
        bootstrap: The broker's address.
        topic: An existing topic.
        records: What to append.
        transaction: Write all in one transaction, and end it so; ``None``: none.
        compression: ``gzip``, ``snappy``, ``lz4`` or ``zstd``.
    """
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        max_batch_size=_BATCH_BYTES,
        compression_type=compression,
        transactional_id=f"tests-{topic}-{time.monotonic_ns()}" if transaction else None,
    )
    await producer.start()
    try:
        if transaction is None:
            await _send(producer, topic, records)
            return
        await producer.begin_transaction()
        await _send(producer, topic, records)
        await (producer.commit_transaction() if transaction == "commit" else producer.abort_transaction())
    finally:
        await producer.stop()


async def read_topic(
    bootstrap: str,
    topic: str,
    *,
    isolation: Literal["read_committed", "read_uncommitted"] = "read_committed",
    within: float = 90,
) -> list[ConsumerRecord[bytes | None, bytes | None]]:
    """Return all records from the beginning to what is the end when reading starts, partition by partition.

    Raises:
        TimeoutError: If the end is not reached ``within`` that many seconds.
    """
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        isolation_level=isolation,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        fetch_max_wait_ms=50,
    )
    partitions = await _partitions(bootstrap, topic)
    await consumer.start()
    try:
        consumer.assign(partitions)
        async with asyncio.timeout(within):
            return await _read_to_end(consumer, partitions, committed=isolation == "read_committed")
    finally:
        await consumer.stop()


async def _read_to_end(
    consumer: AIOKafkaConsumer, partitions: list[TopicPartition], *, committed: bool
) -> list[ConsumerRecord[bytes | None, bytes | None]]:
    records: list[ConsumerRecord[bytes | None, bytes | None]] = []
    # The ends come with the answers to fetches: the embedded broker's ListOffsets is wrong for batches.
    end_of = consumer.last_stable_offset if committed else consumer.highwater
    ends: dict[TopicPartition, int] = {}
    while len(ends) < len(partitions) or not await _reached(consumer, ends):
        for some in (await consumer.getmany(timeout_ms=50)).values():
            records += some
        ends = {tp: end for tp in partitions if (end := ends.get(tp, end_of(tp))) is not None}
    return sorted(records, key=lambda record: (record.partition, record.offset))


async def _reached(consumer: AIOKafkaConsumer, ends: Mapping[TopicPartition, int]) -> bool:
    # Positions, not records: behind the last record there may be markers of transactions.
    return all([await consumer.position(tp) >= end for tp, end in ends.items()])


async def _partitions(bootstrap: str, topic: str) -> list[TopicPartition]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        (described,) = await admin.describe_topics([topic])
    finally:
        await admin.close()
    if described["error_code"]:
        raise for_code(described["error_code"])(topic)
    return sorted(TopicPartition(topic, p["partition"]) for p in described["partitions"])


async def _have_leaders(admin: AIOKafkaAdminClient, names: list[str], partitions: int) -> bool:
    described = await admin.describe_topics(names)
    return all(
        topic["error_code"] == 0
        and sum(p["error_code"] == 0 and p["leader"] >= 0 for p in topic["partitions"]) == partitions
        for topic in described
    )


async def _send(producer: AIOKafkaProducer, topic: str, records: Iterable[Record]) -> None:
    partitions = sorted(await producer.partitions_for(topic))
    by_partition: dict[int, list[Record]] = defaultdict(list)
    place = DefaultPartitioner()
    for record in records:
        where = record.partition
        if where is None:
            where = 0 if record.key is None else place(record.key, partitions, partitions)
        by_partition[where].append(record)
    sent = [
        await producer.send_batch(batch, topic, partition=p) for p, batch in _batches(producer, by_partition)
    ]
    await asyncio.gather(*sent)


def _batches(
    producer: AIOKafkaProducer, by_partition: Mapping[int, list[Record]]
) -> Iterable[tuple[int, BatchBuilder]]:
    for partition, records in by_partition.items():
        batch = producer.create_batch()
        for record in records:
            if _append(batch, record) is None:  # full; an empty batch takes a record of any size
                yield partition, batch
                batch = producer.create_batch()
                _append(batch, record)
        yield partition, batch


def _append(batch: BatchBuilder, record: Record) -> object | None:
    place: object | None = batch.append(
        key=record.key, value=record.value, timestamp=record.timestamp, headers=list(record.headers)
    )
    return place
