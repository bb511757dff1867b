"""What happens on a worker from a new assignment to the first record: Faust's recovery service, put in order.

Stock Faust reads changelogs record by record through the streams (14,000 rows/s, with an end of the log
that never comes behind a transaction marker), swallows errors there, and resumes fetching before it seeks,
which loses chunks.
"""

from typing import TYPE_CHECKING, Any

from aiokafka.errors import IllegalStateError
from faust.tables import TableManager
from faust.tables import recovery as stock
from mode import Service

from stream.engine.fatal import end_process
from stream.engine.logs import FAUST_LOGGER
from stream.engine.readiness import Stage

if TYPE_CHECKING:
    from stream.engine.app import EngineApp


class StateRecovery(stock.Recovery):  # type: ignore[misc]  # faust has no types under --strict
    """Waits until all partitions have their state, then seeks the inputs, then lets records flow."""

    app: "EngineApp"
    logger = FAUST_LOGGER
    mundane_level = "debug"
    _rebalance = 0

    async def on_rebalance(self, *_: Any, **__: Any) -> None:
        """Replaces the stock function, which does bookkeeping of changelog offsets."""
        self._rebalance = self.app.rebalancing_count
        self.app.stage = Stage.RECOVERING
        self.signal_recovery_start.set()

    @Service.task  # type: ignore[untyped-decorator]  # mode has no types under --strict
    async def _restart_recovery(self) -> None:
        """Replaces the stock task: one recovery after each rebalance, given up when the next one comes."""
        while not self.should_stop:
            if await self.wait_for_stopped(self.signal_recovery_start):
                return
            self.signal_recovery_start.clear()
            try:
                await self._wait(self._recover(self._rebalance))
            except (stock.RebalanceAgain, IllegalStateError):
                continue
            except stock.ServiceStopped:
                return
            except Exception as error:
                end_process("The recovery after a rebalance failed", error)

    async def _recover(self, rebalance: int) -> None:
        app = self.app
        self._set_recovery_started()
        await app.on_rebalance_complete.send()
        await app.states.opened()
        positions = app.states.positions()
        await app.consumer.seek_to(positions)
        await app._fetcher.maybe_start()
        if app.rebalancing_count != rebalance:
            return  # partitions are being revoked again; no await from here on
        self._set_recovery_ended()
        app.flow_control.resume()  # empties the agents' queues
        app.consumer.resume_flow()
        app.consumer.resume_partitions(set(positions))
        app.states.resume()
        self.tables.on_actives_ready()
        self.tables.on_standbys_ready()
        app.on_rebalance_end()
        self.completed.set()
        app.on_recovered(positions)

    @Service.task  # type: ignore[untyped-decorator]  # mode has no types under --strict
    async def _slurp_changelogs(self) -> None:
        """Replaces the stock task: no changelog comes through the consumer."""

    @Service.task  # type: ignore[untyped-decorator]  # mode has no types under --strict
    async def _publish_stats(self) -> None:
        """Replaces the stock task, whose statistics are those of the one above."""


class StateTables(TableManager):  # type: ignore[misc]  # faust has no types under --strict
    """Faust's table manager with the recovery above."""

    app: "EngineApp"
    logger = FAUST_LOGGER
    mundane_level = "debug"
    _recovery: StateRecovery | None = None

    @property
    def recovery(self) -> StateRecovery:
        """Replaces the stock property: the only place where the recovery's class is chosen."""
        if self._recovery is None:
            self._recovery = StateRecovery(self.app, self, beacon=self.beacon, loop=self.loop)
        return self._recovery

    async def on_start(self) -> None:
        """Replaces the stock function, which first sleeps a second."""
        await self._update_channels()
        await self.recovery.start()
