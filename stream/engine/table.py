"""A topology's partitions on this worker, in the place where Faust expects a table.

Faust gives a table's changelog partitions to the worker that has the input partitions of the same numbers,
and tells it of every rebalance. That is all that is used of its tables: rows are kept and flushed here.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any

import faust
from aiokafka import TopicPartition
from faust.types import TP
from mode import Service

from stream.engine.api import Observer, Topology
from stream.engine.fatal import end_process
from stream.engine.log import PartitionLog, Write
from stream.engine.logs import FAUST_LOGGER
from stream.engine.opening import claims_end, close_partition, open_partitions
from stream.engine.partition import Partition
from stream.engine.transport import Delivery

if TYPE_CHECKING:
    from stream.engine.app import EngineApp

BACKLOG = 10_000
"""With so many records of an input partition unread, it is not live traffic that is counted."""

LONGEST_FLUSH_S = 2.0
"""Longest time between two flushes, in a deep backlog: what is not flushed takes memory."""


class StateTable(faust.Table):  # type: ignore[misc]  # faust has no types under --strict
    """The open partitions of one topology: opens, flushes and drops them."""

    app: "EngineApp"
    logger = FAUST_LOGGER
    mundane_level = "debug"

    def __init__(
        self,
        app: "EngineApp",
        topology: Topology,
        changelog: str,
        observer: Observer,
        new_log: Callable[[TopicPartition], PartitionLog],
    ) -> None:
        super().__init__(
            app,
            name=topology.name,
            changelog_topic=app.topic(changelog, key_serializer="raw", value_serializer="raw", acks=False),
        )
        self.topology = topology
        self.changelog = changelog
        self.owned: dict[int, Partition] = {}
        self._observer = observer
        self._new_log = new_log
        self._flushing = asyncio.Lock()
        self._suspended = True
        self._background: set[asyncio.Task[None]] = set()

    async def on_start(self) -> None:
        """Replaces the stock function: no store, and the changelog was declared by `topics` already."""

    async def on_stop(self) -> None:
        """Let all connections go; what was to be flushed has been, in `flush_and_suspend`."""
        for partition in list(self.owned.values()):
            self._drop(partition)
        if self._background:
            await asyncio.wait(self._background, timeout=5.0)

    async def take(self, stream: AsyncIterator[Delivery]) -> None:
        """Apply chunks as they come: the body of the topology's agent. Never awaits while it has one.

        Behind a chunk it may wait for a flush; not in its own task, as a flush must not be cancelled.
        """
        async for delivery in stream:
            partition = self.owned.get(delivery.chunk.partition)
            if partition is None or not partition.is_open or not self.app.consumer.is_current(delivery):
                continue  # fetched before a rebalance; its owner fetches it again from its position
            try:
                partition.apply(delivery.chunk)
            except Exception as error:
                chunk = delivery.chunk
                end_process(
                    f"{partition.name} cannot apply {chunk.topic} from offset {chunk.start} to {chunk.end}",
                    error,
                )
            if partition.is_full:
                await asyncio.shield(self._in_background(self._flush()))

    async def on_rebalance(self, assigned: set[TP], *_: Any, **__: Any) -> None:
        """Replaces the stock function: drop what went to others, begin to open what came.

        What stays is kept as it is. Should another worker have had it meanwhile (this one was frozen), the
        next flush is refused by the broker: either it is fenced, or it is right.
        """
        numbers = self._agreed(assigned)
        for partition in [self.owned[number] for number in set(self.owned) - numbers]:
            del self.owned[partition.number]
            if partition.is_open:
                partition.state.released()
            self._drop(partition)
        new = [self._new_partition(number) for number in sorted(numbers - set(self.owned))]
        if new:
            self.owned.update((partition.number, partition) for partition in new)
            self._in_background(open_partitions(self.app.connection, self.topology, self.changelog, new))

    async def opened(self) -> None:
        """Return when all assigned partitions have their state."""
        for partition in list(self.owned.values()):
            await asyncio.shield(partition.open)

    def resume(self) -> None:
        """Let flushes happen again, after a recovery."""
        self._suspended = False

    async def flush_and_suspend(self) -> None:
        """Write what is unwritten, and nothing more until `resume`: the partitions may go to others."""
        await self._flush(all_of_them=True, suspend=True)
        await claims_end(self.owned.values())

    def at_end(self, partition: Partition) -> dict[str, bool]:
        """Tell for each input whether everything that is readable was applied."""
        ends = (
            (topic, self.app.consumer.stable_offset(TP(topic, partition.number)))
            for topic in self.topology.inputs
        )
        return {topic: end is not None and partition.position[topic] >= end for topic, end in ends}

    @Service.task  # type: ignore[untyped-decorator]  # mode has no types under --strict
    async def _flush_regularly(self) -> None:
        """Flush all partitions together: a transaction is then open for a small part of the time only."""
        while not self.should_stop:
            began = time.monotonic()
            await self._flush()
            flushed = time.monotonic()
            pause = max(0.001, self._interval_s() - (flushed - began))
            await self.sleep(pause)
            self._check_pause(time.monotonic() - flushed - pause)

    def _interval_s(self) -> float:
        """Return the time between two flushes, seconds: longer while a backlog is read.

        What is written then is old anyway, and the fewer flushes, the fewer rows: a visitor's is written
        once in each.
        """
        lag = max(
            (
                (self.app.consumer.stable_offset(TP(topic, partition.number)) or 0) - position
                for partition in self.owned.values()
                if partition.is_open
                for topic, position in partition.position.items()
            ),
            default=0,
        )
        usual = self.topology.flush_ms / 1000
        return usual if lag < BACKLOG else min(LONGEST_FLUSH_S, lag / BACKLOG * 0.5)

    async def _flush(self, all_of_them: bool = False, suspend: bool = False) -> None:
        async with self._flushing:
            if self._suspended:
                return
            self._suspended = suspend
            now = time.monotonic()
            due = [
                partition
                for partition in self.owned.values()
                if partition.is_open and (all_of_them or partition.is_due(now))
            ]
            if due:
                await asyncio.gather(*[self._write(*pair) for pair in self._collect(due, now)])

    def _check_pause(self, too_long: float) -> None:
        """End a process that was frozen, where no transactions fence it: others may own its partitions."""
        connection = self.app.connection
        if not connection.transactions and too_long > connection.session_timeout_s:
            end_process(f"This worker stood still for {too_long:.1f} s, longer than its session timeout")

    def _collect(self, partitions: list[Partition], now: float) -> list[tuple[Partition, Write]]:
        """Take the changes out of all states without an await: between two chunks for all of them."""
        collected = []
        for partition in partitions:
            try:
                write = partition.collect(now, self.at_end(partition))
            except Exception as error:
                end_process(f"{partition.name} cannot be flushed", error)
            if write is not None:
                collected.append((partition, write))
        return collected

    async def _write(self, partition: Partition, write: Write) -> None:
        """From `collect` to the commit the state is only valid if the write succeeds."""
        try:
            await partition.write(write)
        except BaseException as error:
            end_process(f"Flush {write.seq} of {partition.name} failed", error)

    def _agreed(self, assigned: set[TP]) -> set[int]:
        """Return the partition numbers, the same for all inputs and the changelog, or end the process.

        Faust's assignor splits topics with other partition counts, and those only some workers know, over
        workers.
        """
        numbers = {tp.partition for tp in assigned if tp.topic == self.changelog}
        for topic in self.topology.inputs:
            found = {tp.partition for tp in assigned if tp.topic == topic}
            if found != numbers:
                end_process(
                    f"This worker was assigned partitions {sorted(found)} of {topic} but {sorted(numbers)} "
                    f"of {self.changelog}. All workers must read the same inputs, with equal partition "
                    "counts: when the inputs change, stop all workers before the first new one starts"
                )
        return numbers

    def _new_partition(self, number: int) -> Partition:
        log = self._new_log(TopicPartition(self.changelog, number))
        return Partition(self.topology, number, self.topology.make_state(number), log, self._observer)

    def _drop(self, partition: Partition) -> None:
        """Let a partition leave memory. Its producer may wait for the broker, so nobody waits for it."""
        partition.dropped = True
        if partition.open.done():
            self._in_background(close_partition(partition))
        else:
            partition.open.set_result(None)  # nobody waits for it any more; `open_partitions` closes it

    def _in_background(self, work: Any) -> asyncio.Task[None]:
        task: asyncio.Task[None] = asyncio.ensure_future(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
        return task
