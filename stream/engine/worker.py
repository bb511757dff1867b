"""The process that runs the app: Faust's worker, without its spinner and the second it sleeps in the end."""

import asyncio
from typing import Any

import faust

from stream.engine.logs import FAUST_LOGGER

LAST_TASKS_S = 0.05
"""Time for cancelled tasks to end, seconds."""


class EngineWorker(faust.Worker):  # type: ignore[misc]  # faust has no types under --strict
    """Starts the app, handles SIGTERM and SIGINT: a clean stop, exit code 0."""

    logger = FAUST_LOGGER
    mundane_level = "debug"

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.spinner = None  # writes control characters into the log

    async def _sentinel_task(self) -> None:
        """Replaces the stock function, which sleeps a second; everything has stopped by now."""
        await asyncio.sleep(LAST_TASKS_S)
