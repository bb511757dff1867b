"""The changelog of a partition on brokers with transactions: one transaction a flush, zombies are fenced."""

import asyncio
import time
from collections.abc import Iterable

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import ProducerFenced
from aiokafka.producer.message_accumulator import BatchBuilder

from stream.engine.connection import Connection
from stream.engine.fatal import EngineError
from stream.engine.log import CHANGELOG_BATCH_BYTES, EFFECTS_BATCH_BYTES, Write, fill_batches, fill_rows

TRANSACTION_TIMEOUT_MS = 10_000
"""After this the broker aborts a transaction whose worker hangs.

Until then, or until another worker takes the partition over, readers of its topics stand still before it."""


class TransactionalLog:
    """One producer with a transactional id per partition: taking the id over fences whoever had it.

    Implements `stream.engine.log.PartitionLog`. A flush of a worker that was frozen meanwhile is refused by
    the broker (``ProducerFenced``), rows and effects alike, so nobody ever reads it.
    """

    def __init__(self, connection: Connection, topology: str, changelog: TopicPartition) -> None:
        self._changelog = changelog
        self._id = f"{connection.group}-{topology}-{changelog.partition}"
        self._producer = AIOKafkaProducer(
            transactional_id=self._id,
            transaction_timeout_ms=TRANSACTION_TIMEOUT_MS,
            acks="all",
            **connection.client_options(f"{topology}-{changelog.partition}"),
        )

    async def claim(self) -> None:
        """Fence the predecessor: InitProducerId answers only after its transaction is ended, markers written.

        So the changelog's end, as read_committed readers see it, is final from here on.
        """
        await self._producer.start()
        await self._know_topics([self._changelog.topic])

    async def resume(self, outbox: bytes | None) -> None:
        """Nothing to finish: effects were published with the flush that made them, or neither was."""

    async def write(self, write: Write) -> float:
        """Write rows and effects as one transaction; begin it only when everything is serialised.

        Raises:
            EngineError: Fenced: another worker has the partition, or the transaction took too long.
            KafkaError: The broker refused something, or could not be reached in time.
        """
        batches = fill_rows(self._changelog, write.rows, CHANGELOG_BATCH_BYTES, _new_batch) + fill_batches(
            write.effects, EFFECTS_BATCH_BYTES, _new_batch
        )
        await self._know_topics({target.topic for target, _ in batches})
        for target, _ in batches:
            self._check_partition(target)
        producer = self._producer
        try:
            began = time.monotonic()
            await producer.begin_transaction()
            await asyncio.gather(*self._hand_over(batches))
            await producer.commit_transaction()
            return time.monotonic() - began
        except ProducerFenced as error:
            raise EngineError(
                f"transactional id {self._id} was taken over by another worker, or its transaction was not "
                f"committed within {TRANSACTION_TIMEOUT_MS} ms (was this process frozen?)"
            ) from error

    async def close(self) -> None:
        """Stop the producer; with an unfinished transaction this may wait for the broker to end it."""
        await self._producer.stop()

    def _hand_over(
        self, batches: Iterable[tuple[TopicPartition, BatchBuilder]]
    ) -> list[asyncio.Future[object]]:
        """Queue all batches without letting the sender run in between.

        Replaces ``AIOKafkaProducer.send_batch``, which waits for the sender where a partition already has a
        batch queued: so all partitions of the transaction are announced in one AddPartitionsToTxn request
        (each further one would cost a back-off of 100 ms).
        """
        accumulator = self._producer._message_accumulator
        if accumulator._exception is not None:
            raise accumulator._exception
        return [accumulator._append_batch(batch, target).future for target, batch in batches]

    async def _know_topics(self, topics: Iterable[str]) -> None:
        for topic in topics:
            if self._producer.client.cluster.partitions_for_topic(topic) is None:
                await self._producer.partitions_for(topic)

    def _check_partition(self, target: TopicPartition) -> None:
        if target.partition not in (self._producer.client.cluster.partitions_for_topic(target.topic) or ()):
            raise EngineError(f"topic {target.topic} has no partition {target.partition} to publish to")


def _new_batch(max_bytes: int) -> BatchBuilder:
    return BatchBuilder(max_bytes, 0, is_transactional=True)
