"""Faust's consumer, changed to bring chunks: one Faust message per partition and chunk, not per record.

Stock Faust costs 50 to 90 us a message, whatever is configured, so the messages must be few. The classes
here are the ones Faust itself provides for other transports; each override names the function it replaces
and why.
"""

import asyncio
from collections.abc import AsyncIterator, Container, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import ConsumerStoppedError, KafkaError
from aiokafka.structs import OffsetAndMetadata
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage

from stream.engine.api import Chunk
from stream.engine.assigned import RestingAssignments
from stream.engine.coordination import WatchedThread
from stream.engine.fatal import EngineError, describe, end_process
from stream.engine.fetch import ChunkFetcher
from stream.engine.logs import FAUST_LOGGER
from stream.engine.readiness import Stage

if TYPE_CHECKING:
    from stream.engine.app import EngineApp

FETCH_WAIT_MS = 50
FETCH_MIN_BYTES = 64 * 1024
"""Small chunks, not transactions, are what costs CPU: a fetch waits for this much, or that long."""


COMMIT_WITHIN_S = 2.0


class Delivery(NamedTuple):
    """What an agent gets: a chunk, and which seek it follows. Those of an earlier seek are void."""

    epoch: int
    chunk: Chunk


class ChunkThread(WatchedThread):
    """The thread that holds the aiokafka consumer: heartbeats go on there while the main loop computes."""

    logger = FAUST_LOGGER
    _chunks: ChunkFetcher | None = None
    _epoch = 0

    def _create_worker_consumer(self, transport: Any) -> AIOKafkaConsumer:
        """Extends the stock function: isolation and fetch waits are fixed there, but used in ``start``.

        Nothing is fetched before the states are recovered and `seek_to`: see `RestingAssignments`.
        """
        consumer = super()._create_worker_consumer(transport)
        consumer._isolation_level = self.app.connection.isolation_level
        consumer._fetch_max_wait_ms = FETCH_WAIT_MS
        consumer._fetch_min_bytes = FETCH_MIN_BYTES
        consumer._subscription = RestingAssignments()
        return consumer

    async def seek_to(self, positions: Mapping[TP, int], epoch: int) -> None:
        """Begin reading the inputs at the recovered positions.

        Raises:
            IllegalStateError: A partition is no longer assigned: another rebalance is under way.
        """
        await self.call_thread(self._seek_to, positions, epoch)

    async def _seek_to(self, positions: Mapping[TP, int], epoch: int) -> None:
        consumer = self._ensure_consumer()
        chunks = self._chunks = ChunkFetcher(consumer._fetcher)
        for partition, offset in positions.items():
            consumer.seek(partition, offset)
            self.consumer._read_offset[partition] = None  # else _drain_messages drops what is below it
            chunks.sought(TopicPartition(*partition), offset)
        self._epoch = epoch
        consumer.resume(*(TopicPartition(*partition) for partition in positions))

    async def _fetch_records(
        self,
        consumer: AIOKafkaConsumer,
        active_partitions: Container[TP],
        timeout: float | None = None,  # noqa: ASYNC109 - Faust's signature
        **_: Any,
    ) -> dict[TP, Delivery]:
        """Replaces the stock function: chunks instead of records, and nothing while the flow is stopped.

        Stock aiokafka takes an empty set of active partitions for all of them (a rebalance may empty it).
        """
        if consumer._closed or consumer._fetcher._closed:
            raise ConsumerStoppedError
        if self._chunks is None:
            return {}
        with consumer._fetcher._subscriptions.fetch_context():
            try:
                found = self._take(active_partitions)
                if not found and timeout:
                    await self._chunks.wait(timeout)
                    found = self._take(active_partitions)
                return found
            except (EngineError, KafkaError) as error:
                if consumer._closed:
                    raise ConsumerStoppedError from error
                end_process("The inputs cannot be read", error)

    def _take(self, wanted: Container[TP]) -> dict[TP, Delivery]:
        if not self.consumer.flow_active or self._chunks is None:
            return {}
        return {TP(*tp): Delivery(self._epoch, chunk) for tp, chunk in self._chunks.take(wanted).items()}

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        """Replaces the stock function, which crashes on errors: these commits are for other tools only.

        And they come before partitions go to others, so nobody waits long for a coordinator without answers.
        """
        consumer = self._ensure_consumer()
        assigned = consumer.assignment()
        mine = {
            TopicPartition(*partition): OffsetAndMetadata(offset, "")
            for partition, offset in offsets.items()
            if partition in assigned
        }
        try:
            await asyncio.wait_for(consumer.commit(mine), COMMIT_WITHIN_S)
        except (KafkaError, TimeoutError) as error:
            self.log.warning("Offsets were not committed to the group: %s", describe(error))
            return False
        return True

    def stable_offset(self, partition: TP) -> int | None:
        """Return the last stable offset, as a fetch answer told since the partition was assigned."""
        consumer = self._consumer
        subscription = consumer and consumer._subscription.subscription
        assignment = subscription and subscription.assignment
        state = assignment and assignment.state_value(partition)
        if not state:
            return None
        stable: int | None = state.lso if self.app.connection.transactions else state.highwater
        return stable


class ChunkConsumer(driver.Consumer):  # type: ignore[misc]  # faust has no types under --strict
    """Faust's consumer on the main loop. Its offsets come from the states' positions, never from acks."""

    logger = FAUST_LOGGER
    app: "EngineApp"
    _thread: ChunkThread
    _epoch = 0

    def _new_consumer_thread(self) -> ChunkThread:
        """Replaces the stock function: the only place where the thread's class is chosen."""
        return ChunkThread(self, loop=self.loop, beacon=self.beacon)

    async def seek_to(self, positions: Mapping[TP, int]) -> None:
        """Begin reading at the recovered positions; everything fetched before is void."""
        self._epoch += 1
        await self._thread.seek_to(positions, self._epoch)

    def is_current(self, delivery: Delivery) -> bool:
        """Tell whether a delivery was fetched after the last seek."""
        return delivery.epoch == self._epoch

    def stable_offset(self, partition: TP) -> int | None:
        """Return the last stable offset, as a fetch answer told since the partition was assigned."""
        return self._thread.stable_offset(partition)

    async def getmany(
        self,
        timeout: float,  # noqa: ASYNC109 - Faust's signature
    ) -> AsyncIterator[tuple[TP, ConsumerMessage]]:
        """Replaces the stock function: one message per chunk, and no seek when the flow is stopped.

        (Stock seeks to committed offsets then, and by that moves partitions that recovery has just sought.)
        """
        deliveries, _ = await self._wait_next_records(timeout)
        for partition, delivery in (deliveries or {}).items():
            if self.should_stop or not self.flow_active:
                return
            yield partition, self._to_message(partition, delivery)

    async def _wait_next_records(
        self,
        timeout: float,  # noqa: ASYNC109 - Faust's signature
    ) -> tuple[dict[TP, Delivery], set[TP]]:
        """Replaces the stock function, which sleeps a second whenever no partition is active."""
        if not self.flow_active:
            await self.wait(self.can_resume_flow)
        active = self._get_active_partitions()
        if not active:
            await self.sleep(0.02)
            return {}, active
        return await self._getmany(active_partitions=active, timeout=timeout), active

    def _to_message(self, tp: TP, record: Delivery) -> ConsumerMessage:
        """Replaces the stock function: the message's value is the delivery, its offset the chunk's last."""
        return ConsumerMessage(
            tp.topic,
            tp.partition,
            record.chunk.end - 1,
            0.0,
            0,
            None,
            None,
            record,
            None,
            0,
            0,
            tp,
            generation_id=self.app.consumer_generation_id,
        )

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Replaces the stock function: chunks are no gaps in a sequence of acks, as there are none."""

    async def wait_empty(self) -> None:
        """Replaces the stock function, called before partitions are revoked and before the end.

        Nothing is in flight between two awaits, since chunks are applied without one: what is applied is
        flushed, and from here on nothing is written until the next recovery is done. Stock runs a full
        garbage collection.
        """
        self.app.stage = Stage.FLUSHING
        await self.app.states.flush_and_suspend()
        await self.commit()
        self.app.stage = Stage.JOINING

    async def force_commit(self, *_: Any, **__: Any) -> bool:
        """Replaces the stock function: commits the durable positions, for tools that show a group's lag."""
        changed = {
            partition: offset
            for partition, offset in self.app.states.durable_positions().items()
            if self._committed_offset[partition] != offset
        }
        if not changed or not await self._commit(changed):
            return False
        self._committed_offset.update(changed)
        return True

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Replaces the stock function, which takes changelogs, never fetched here, for stalled."""


class ChunkTransport(driver.Transport):  # type: ignore[misc]  # faust has no types under --strict
    """Faust's Kafka transport with the consumer above."""

    Consumer = ChunkConsumer
