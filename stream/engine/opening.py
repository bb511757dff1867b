"""Recovering partitions: claim, read the changelog, finish what was left; and letting them go."""

import asyncio
import logging
from collections.abc import Iterable, Mapping

from aiokafka import TopicPartition

from stream.engine.api import Chunk, Topology
from stream.engine.changelog import ChangelogReader
from stream.engine.connection import Connection
from stream.engine.fatal import describe, end_process
from stream.engine.partition import Partition

logger = logging.getLogger(__name__)

LONGEST_CLAIM_S = 2.0
"""A rebalance waits no longer for claims; one takes a tenth of a second where the brokers answer."""


async def open_partitions(
    connection: Connection, topology: Topology, changelog: str, partitions: Iterable[Partition]
) -> None:
    """Recover new partitions, all with one reader.

    Goes on over further rebalances, since most partitions stay; those dropped are closed in the end.
    """
    by_source = {TopicPartition(changelog, partition.number): partition for partition in partitions}
    try:
        beginnings = await _restore(connection, topology, by_source)
        for partition in by_source.values():
            if partition.dropped:
                await close_partition(partition)
                continue
            partition.opening = "finishing the last flush"
            partition.restored(beginnings)
            await partition.log.resume(partition.outbox)
            if not partition.open.done():
                partition.open.set_result(None)
    except Exception as error:
        numbers = ", ".join(str(partition.number) for partition in by_source.values())
        end_process(f"{topology.name}: partitions {numbers} cannot be recovered", error)


async def _restore(
    connection: Connection, topology: Topology, partitions: Mapping[TopicPartition, Partition]
) -> dict[TopicPartition, int]:
    """Claim, so that nobody else can write any more; then read.

    Returns:
        Where to begin with those input partitions that were never read.
    """
    claimed = await asyncio.gather(*[_claim(partition) for partition in partitions.values()])
    ends = {source: end for source, end in zip(partitions, claimed, strict=True) if end is not None}
    async with ChangelogReader(connection) as reader:
        if unknown := set(partitions) - set(ends):
            ends.update(await reader.ends(unknown))

        def take(chunk: Chunk) -> None:
            source = TopicPartition(chunk.topic, chunk.partition)
            partitions[source].restore(chunk)
            partitions[source].opening = f"its changelog is read up to {chunk.end} of {ends[source]}"

        await reader.read(ends, take)
        new_inputs = [
            TopicPartition(topic, partition.number)
            for partition in partitions.values()
            for topic in topology.inputs
            if topic not in partition.position
        ]
        return await reader.beginnings(new_inputs) if new_inputs else {}


async def _claim(partition: Partition) -> int | None:
    try:
        return await partition.log.claim()
    finally:
        partition.opening = "reading its changelog"
        partition.claimed.set()


async def claims_end(partitions: Iterable[Partition]) -> None:
    """Wait, not for long, until no claim of these partitions is on its way any more.

    Before they go to others: a claim that arrived after the next owner's would fence that one.
    """
    claiming = [
        asyncio.ensure_future(partition.claimed.wait())
        for partition in partitions
        if not partition.open.done() and not partition.claimed.is_set()
    ]
    if claiming:
        _, late = await asyncio.wait(claiming, timeout=LONGEST_CLAIM_S)
        for claim in late:
            claim.cancel()


async def close_partition(partition: Partition) -> None:
    """Let a dropped partition's connections go; a failure is only worth a line."""
    try:
        await partition.log.close()
    except Exception as error:
        logger.warning("%s: its connection was not closed properly: %s", partition.name, describe(error))
