"""What must be true in the end: a recount of the inputs, against everything the workers wrote."""

import time
from collections import defaultdict
from typing import Any

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition

from stream.engine.rows import POSITION_KEY, Position

unpack = msgspec.msgpack.decode


async def read_all(bootstrap: str, topic: str, transactions: bool) -> list[Any]:
    """Return all committed records of a topic, up to the end that fetch answers tell.

    Not up to ListOffsets' end: the embedded broker's is too low.
    """
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        isolation_level="read_committed" if transactions else "read_uncommitted",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        fetch_max_wait_ms=20,
    )
    await consumer.start()
    try:
        await consumer._client._wait_on_metadata(topic)
        numbers = consumer._client.cluster.partitions_for_topic(topic)
        left = {TopicPartition(topic, number) for number in numbers}
        consumer.assign(sorted(left))
        await consumer.seek_to_beginning(*left)
        records: list[Any] = []
        deadline = time.monotonic() + 30
        while left:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{topic} cannot be read to its end: {left}")
            for found in (await consumer.getmany(timeout_ms=50)).values():
                records += found
            for partition in list(left):
                ask = consumer.last_stable_offset if transactions else consumer.highwater
                end = ask(partition)
                if end is not None and end >= 0 and await consumer.position(partition) >= end:
                    left.discard(partition)
        return records
    finally:
        await consumer.stop()


async def differences(
    bootstrap: str, group: str, prefix: str, inputs: tuple[str, ...], transactions: bool
) -> list[str]:
    """Return in which ways the workers' numbers differ from a recount; empty when all is exact."""
    counts: dict[tuple[int, bytes], list[int]] = defaultdict(lambda: [0, 0])
    sums: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    last: dict[tuple[str, int], int] = {}
    for topic in inputs:
        for record in await read_all(bootstrap, topic, transactions):
            for entry in (counts[record.partition, record.key], sums[record.partition]):
                entry[0] += 1
                entry[1] += int(record.value)
            last[topic, record.partition] = record.offset
    found: dict[tuple[int, bytes], list[int]] = {}
    positions: dict[int, Position] = {}
    for record in await read_all(bootstrap, f"{group}-tally-changelog", transactions):
        if record.key == POSITION_KEY:
            positions[record.partition] = Position.unpack(record.value)
        elif len(record.key) > 1:
            found[record.partition, record.key[1:]] = unpack(record.value)
    totals: dict[int, list[int]] = {}
    for record in await read_all(bootstrap, f"{prefix}totals", transactions):
        totals[int(record.key)] = unpack(record.value)[2:]
    wrong = []
    if found != counts:
        keys = [key for key in {*found, *counts} if found.get(key) != counts.get(key)]
        wrong.append(
            f"{len(keys)} of {len(counts)} counts, such as "
            + str([(k, counts.get(k), found.get(k)) for k in keys[:3]])
        )
    if totals != sums:
        wrong.append(f"totals {totals} instead of {dict(sums)}")
    for (topic, partition), offset in last.items():
        at = positions[partition].inputs[topic] if partition in positions else None
        if at is None or at <= offset:
            wrong.append(f"{topic} {partition} is counted to {at} although it has offset {offset}")
    return wrong
