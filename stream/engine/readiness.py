"""What a worker that is not ready waits for, in words: for operators, and for the log when it lasts."""

import logging
import time
from enum import Enum
from typing import TYPE_CHECKING

from mode import Service

from stream.engine.logs import FAUST_LOGGER

if TYPE_CHECKING:
    from stream.engine.app import EngineApp

logger = logging.getLogger("stream.engine")

TOLD_AFTER_S = 30.0
"""So long may a rebalance take before a worker says what it waits for, and between two such lines."""

LOOK_S = 1.0


class Stage(Enum):
    """Where a worker is on its way from one assignment to the next; the value says what it waits for."""

    STARTING = "the brokers, and that all topics are there"
    FLUSHING = "what is counted to be written, before partitions may go to other workers"
    JOINING = "the group to agree on who has which partitions"
    RECOVERING = "its inputs to be sought"


def waits_for(app: "EngineApp") -> list[str]:
    """Return what a worker waits for before it is ready: each partition that has no state yet, or the stage.

    Empty when it is ready.
    """
    if app.recovered:
        return []
    opening = app.states.opening() if app.stage is Stage.RECOVERING else []
    return opening or [app.stage.value]


class ReadinessWatch(Service):  # type: ignore[misc]  # mode has no types under --strict
    """Logs what a worker waits for when it has not been ready for `TOLD_AFTER_S`, and again while that lasts.

    Not while it starts: that brokers are away is told by `topics`.
    """

    logger = FAUST_LOGGER
    mundane_level = "debug"

    def __init__(self, app: "EngineApp") -> None:
        super().__init__()
        self._app = app
        self._since: float | None = None
        self._told_at = 0.0

    @Service.task  # type: ignore[untyped-decorator]  # mode has no types under --strict
    async def _watch(self) -> None:
        while not self.should_stop:
            self.look(time.monotonic())
            await self.sleep(LOOK_S)

    def look(self, now: float) -> None:
        """Log it, if it is time; ``now`` as `time.monotonic`."""
        if self._app.recovered or self._app.stage is Stage.STARTING:
            self._since = None
            return
        if self._since is None:
            self._since = self._told_at = now
        if now - self._told_at >= TOLD_AFTER_S:
            self._told_at = now
            logger.warning(
                "not ready for %d s: this worker waits for %s",
                now - self._since,
                "; ".join(waits_for(self._app)),
            )
