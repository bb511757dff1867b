"""What a partition's changelog must do, whatever the brokers can: two implementations, one contract.

`log_transactional.TransactionalLog` for brokers with transactions, `log_plain.PlainLog` for those without.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from aiokafka import TopicPartition
from aiokafka.producer.message_accumulator import BatchBuilder

from stream.engine.api import Record, Row

CHANGELOG_BATCH_BYTES = 15 * 1024 * 1024
"""Largest record batch of a changelog, below its ``max.message.bytes`` of 16 MiB."""

EFFECTS_BATCH_BYTES = 900 * 1024
"""Largest record batch of other topics, below Kafka's default ``max.message.bytes`` of 1 MiB.

A record that is larger by itself travels alone; its topic must allow it."""


@dataclass(frozen=True, slots=True)
class Write:
    """One flush of one partition, taken out of its state.

    Attributes:
        seq: Its number.
        rows: State rows and the position row, which is first.
        effects: Records to publish.
        position: The inputs' next offsets, as the position row has them.
    """

    seq: int
    rows: Sequence[Row]
    effects: Sequence[Record]
    position: dict[str, int]


class PartitionLog(Protocol):
    """The changelog of one partition, as its owner sees it.

    ``claim`` once, then everything before the claimed end is read (by `changelog.read_changelogs`), then
    ``resume``, then ``write`` as often as wanted, never two at a time, then ``close``.
    """

    async def claim(self) -> int | None:
        """Become the partition's writer.

        Returns:
            The offset before which everything of the changelog belongs to its state; ``None`` for its end as
            read_committed readers see it, which from now on only this log moves.
        """

    async def resume(self, outbox: bytes | None) -> None:
        """Finish what the predecessor left: publish the records of its last flush again, where needed."""

    async def write(self, write: Write) -> float | None:
        """Make one flush durable and publish its effects: all or nothing.

        Returns:
            For how long readers of the topics were held back by an open transaction, s; ``None`` for never.

        Raises:
            Exception: Of any kind; whether the flush is durable is then unknown, so the process must end.
        """

    async def close(self) -> None:
        """Let the connections go."""


def fill_batches(
    records: Iterable[Record], max_bytes: int, new_batch: Callable[[int], BatchBuilder]
) -> list[tuple[TopicPartition, BatchBuilder]]:
    """Pack records into as few record batches as they fit in, those of one topic partition in order."""
    filled: list[tuple[TopicPartition, BatchBuilder]] = []
    current: dict[TopicPartition, BatchBuilder] = {}
    for topic, partition, key, value, headers, timestamp in records:
        target = TopicPartition(topic, partition)
        content: dict[str, Any] = {
            "timestamp": timestamp,
            "key": key,
            "value": value,
            "headers": list(headers),
        }
        batch = current.get(target)
        if batch is None or batch.append(**content) is None:
            batch = current[target] = new_batch(max_bytes)
            batch.append(**content)  # the first always fits
            filled.append((target, batch))
    return filled


def fill_rows(
    target: TopicPartition, rows: Iterable[Row], max_bytes: int, new_batch: Callable[[int], BatchBuilder]
) -> list[tuple[TopicPartition, BatchBuilder]]:
    """Pack a changelog's rows likewise; there are many, so nothing is made of them on the way."""
    batch = new_batch(max_bytes)
    filled = [(target, batch)]
    now = time.time_ns() // 1_000_000
    for key, value in rows:
        if batch.append(timestamp=now, key=key, value=value) is None:
            batch = new_batch(max_bytes)
            batch.append(timestamp=now, key=key, value=value)
            filled.append((target, batch))
    return filled
