"""The Faust app of the engine: Faust's own, with its transport, its order of start, its endings."""

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import faust
from faust.app.base import BootStrategy
from faust.types import TP
from mode import Service

from stream.engine.connection import Connection
from stream.engine.fatal import end_process
from stream.engine.logs import FAUST_LOGGER
from stream.engine.readiness import ReadinessWatch, Stage
from stream.engine.states import States
from stream.engine.topics import TopicPlan, ensure_topics
from stream.engine.transport import ChunkTransport

logger = logging.getLogger("stream.engine")


class Preparation(Service):  # type: ignore[misc]  # mode has no types under --strict
    """Before Faust connects: wait for the brokers, make or check the topics."""

    logger = FAUST_LOGGER
    mundane_level = "debug"

    def __init__(self, app: "EngineApp", **options: Any) -> None:
        super().__init__(**options)
        self.app = app

    async def on_start(self) -> None:
        """Return when all topics are there; stop waiting when the worker is told to stop."""
        work = asyncio.ensure_future(ensure_topics(self.app.connection, self.app.plan))
        try:
            await self.wait_first(work)
            if work.done():
                self.app.partition_counts = work.result()
                self.app.stage = Stage.JOINING
        except Exception as error:
            brokers = ", ".join(self.app.connection.brokers)
            end_process(f"This worker cannot start with Kafka at {brokers}", error)
        finally:
            work.cancel()


class EngineBoot(BootStrategy):  # type: ignore[misc]  # faust has no types under --strict
    """The order in which a worker's services start."""

    app: "EngineApp"
    enable_kafka_producer = False  # states publish through their own producers
    enable_web = False  # ``faust -A`` would open it, to all the world, at the very port that is ours

    def server(self) -> Iterable[Any]:
        """Extends the stock order: first what serves health checks, then the brokers are waited for."""
        early = [*self.app.early_services, self.app.readiness_watch]
        return [*early, self.app.preparation, *super().server()]


class EngineApp(faust.App):  # type: ignore[misc]  # faust has no types under --strict
    """A Faust app whose tables are `stream.engine.table.StateTable`s."""

    BootStrategy = EngineBoot
    logger = FAUST_LOGGER
    mundane_level = "debug"

    def __init__(
        self, connection: Connection, plan: TopicPlan, early_services: Sequence[Any], **settings: Any
    ) -> None:
        self.connection = connection
        self.plan = plan
        self.early_services = early_services
        self.states = States()
        self.recovered = False
        self.stage = Stage.STARTING
        self.partition_counts: dict[str, int] = {}
        super().__init__(connection.group, **settings)
        self.preparation = Preparation(self)
        self.readiness_watch = ReadinessWatch(self)

    def _new_transport(self) -> ChunkTransport:
        """Replaces the stock function: the only place where the transport's class is chosen."""
        return ChunkTransport(self.conf.broker_consumer, self)

    def _create_directories(self) -> None:
        """Replaces the stock function: this worker keeps nothing on disk."""

    def _crash(self, reason: BaseException) -> None:
        """Extends the stock function: a crash in Faust ends the process, unless it is stopping anyway."""
        super()._crash(reason)
        if not self._stopped.is_set():
            end_process("A service of Faust crashed", reason)

    def on_rebalance_start(self) -> None:
        """Extends the stock function: from here on until `on_recovered` the worker is not ready."""
        self.recovered = False
        self.stage = Stage.JOINING
        super().on_rebalance_start()

    def on_recovered(self, positions: Mapping[TP, int]) -> None:
        """The worker has its partitions, and they have their state."""
        self.recovered = True
        logger.info("ready with %s", _name_partitions(positions))


def _name_partitions(positions: Iterable[TP]) -> str:
    topics: dict[str, list[int]] = {}
    for topic, partition in sorted(positions):
        topics.setdefault(topic, []).append(partition)
    return ", ".join(f"{topic} {partitions}" for topic, partitions in topics.items()) or "no partitions"
