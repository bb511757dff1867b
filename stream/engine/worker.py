"""The process that runs the app: Faust's worker, without its spinner and the second it sleeps in the end."""

import asyncio
import signal
import threading
from typing import Any

import faust

from stream.engine.fatal import end_process
from stream.engine.logs import FAUST_LOGGER

LAST_TASKS_S = 0.05
"""Time for cancelled tasks to end, seconds."""

STOP_WITHIN_S = 20.0
"""A stop that takes longer waits for what does not come, such as a broker: sooner than supervisors kill."""


class EngineWorker(faust.Worker):  # type: ignore[misc]  # faust has no types under --strict
    """Starts the app, handles SIGTERM and SIGINT: a clean stop, exit code 0; 1 if it cannot be clean."""

    logger = FAUST_LOGGER
    mundane_level = "debug"

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.spinner = None  # writes control characters into the log

    def _schedule_shutdown(self, number: signal.Signals) -> None:
        """Extends the stock function: in the end the process ends, whatever its services wait for."""
        if not self._signal_stop_time:
            sentence = f"This worker was told to stop and has not within {STOP_WITHIN_S:.0f} s"
            timer = threading.Timer(STOP_WITHIN_S, end_process, [sentence])
            timer.daemon = True
            timer.start()
        super()._schedule_shutdown(number)

    async def _sentinel_task(self) -> None:
        """Replaces the stock function, which sleeps a second; everything has stopped by now."""
        await asyncio.sleep(LAST_TASKS_S)
