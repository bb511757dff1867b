"""Noticing that aiokafka's coordination of the group has stopped for good."""

from typing import TYPE_CHECKING

from aiokafka.errors import KafkaError
from faust.transport.drivers import aiokafka as driver
from mode import Service

from stream.engine.fatal import end_process

if TYPE_CHECKING:
    from stream.engine.app import EngineApp

LOOK_S = 1.0


class WatchedThread(driver.AIOKafkaConsumerThread):  # type: ignore[misc]  # faust has no types under --strict
    """A consumer thread whose process ends when the consumer cannot stay in its group.

    At any error that it does not expect, from its assignor too, aiokafka's coordination rests until somebody
    calls one of the consumer's own functions, which then raises it. The engine calls none of these. Who
    waits for records at that moment is told, but nobody does during a rebalance, where such errors come from.
    """

    app: "EngineApp"

    @Service.task  # type: ignore[untyped-decorator]  # mode has no types under --strict
    async def _watch_coordination(self) -> None:
        while not self.should_stop:
            await self.sleep(LOOK_S)
            self.check_coordination()

    def check_coordination(self) -> None:
        """End the process if the group's coordination has met an error; to be called in the thread's loop."""
        consumer = self._consumer
        if consumer is None or consumer._coordinator is None or consumer._coordinator._closing.done():
            return
        try:
            consumer._coordinator.check_errors()
        except KafkaError as error:
            end_process(f"This worker cannot stay in its group {self.app.conf.id}", error)
