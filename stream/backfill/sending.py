"""Windows of the past, sent to the owner of the rates through the topic it reads; what it took of them."""

import time
from collections.abc import Callable, Iterator

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from stream.backfill.place import Place
from stream.core.past import PAST_KEY

LARGEST = 16 * 1024 * 1024
"""Most bytes of a record."""

FIRST_S = 60.0
"""So long the first window may take to be taken: a worker may be starting."""

QUIET_S = 5.0
"""When for so long no other window was taken, those that are left are refused."""

Windows = set[tuple[str, int]]
"""Size (``1m``, ``1h``) and start (ms) of windows."""


async def send(place: Place, records: Iterator[bytes], wanted: Windows, sent: Callable[[], None]) -> Windows:
    """Send windows in order, and wait until the worker has taken what it takes.

    Args:
        place: Where to.
        records: The windows.
        wanted: Which they are.
        sent: Called for each that the broker has.

    Returns:
        Those that a worker has taken and published.

    Raises:
        KafkaError: The brokers cannot be reached, or refuse.
    """
    consumer = AIOKafkaConsumer(isolation_level="read_committed", enable_auto_commit=False, **place.client)
    producer = AIOKafkaProducer(acks="all", enable_idempotence=True, max_request_size=LARGEST, **place.client)
    await consumer.start()
    try:
        await producer.start()
        consumer.assign(
            [
                TopicPartition(topic, partition)
                for topic in place.published
                for partition in await producer.partitions_for(topic)
            ]
        )
        await consumer.seek_to_end()
        for partition in consumer.assignment():
            await consumer.position(partition)  # it is at the end before anything is sent
        for record in records:
            # One after the other: a worker that takes many at once would not count meanwhile.
            await producer.send_and_wait(place.deltas, record, key=PAST_KEY, partition=0)
            sent()
        return await _taken(consumer, wanted)
    finally:
        await producer.stop()
        await consumer.stop()


async def _taken(consumer: AIOKafkaConsumer, wanted: Windows) -> Windows:
    """Return those that come out, when all have or no other does."""
    found: Windows = set()
    until = time.monotonic() + FIRST_S
    while found < wanted and time.monotonic() < until:
        before = len(found)
        for records in (await consumer.getmany(timeout_ms=200)).values():
            for record in records:
                _, _, size, start = record.key.decode().rsplit("|", 3)
                found |= wanted & {(size, int(start))}
        if len(found) > before:
            until = time.monotonic() + QUIET_S
    return found
