"""What a worker that is not ready says it waits for."""

import asyncio
from typing import Any

import pytest
from faust.types import TP

from stream.engine.readiness import TOLD_AFTER_S, Stage
from tests.engine.fakes import NotingLog
from tests.engine.test_engine import engine, table_of

ASSIGNED = {TP(topic, 1) for topic in ("clicks", "orders", "shop-visits-changelog")}


class StuckLog(NotingLog):
    """A log whose claim is never answered."""

    async def claim(self) -> int | None:
        """Wait for ever."""
        await asyncio.get_running_loop().create_future()
        return None


async def test_each_stage_says_what_it_waits_for() -> None:
    """From the start to the group, its partitions by name, and nothing; then back with a rebalance."""
    made = engine()
    app, table = made.app, table_of(made)
    table._new_log = lambda _: StuckLog()
    assert made.waits_for == ["the brokers, and that all topics are there"]

    app.on_rebalance_start()
    assert made.waits_for == ["the group to agree on who has which partitions"]
    await app.tables.recovery.on_rebalance()
    assert made.waits_for == ["its inputs to be sought"]
    await table.on_rebalance(ASSIGNED, set(), ASSIGNED)
    assert made.waits_for == ["visits, partition 1: claiming its changelog"]
    app.on_recovered({})
    assert made.waits_for == []
    app.on_rebalance_start()
    assert made.waits_for == ["the group to agree on who has which partitions"]
    for task in table._background:
        task.cancel()


async def test_what_is_flushed_before_a_rebalance_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """While the last flush before a rebalance is on its way, it is what the worker waits for."""
    made = engine()
    seen: list[Any] = []
    consumer = made.app.consumer

    async def noting(*_: Any) -> None:
        seen.extend(made.waits_for)

    monkeypatch.setattr(made.app.states, "flush_and_suspend", noting)
    monkeypatch.setattr(consumer, "commit", noting)
    await consumer.wait_empty()

    assert seen == [Stage.FLUSHING.value] * 2
    assert made.waits_for == [Stage.JOINING.value]


async def test_what_lasts_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """After half a minute, and again after each more; a start and a short rebalance are not worth a line."""
    app = engine().app
    watch = app.readiness_watch

    watch.look(0)
    watch.look(TOLD_AFTER_S)  # still starting
    app.on_rebalance_start()
    watch.look(100)
    watch.look(100 + TOLD_AFTER_S - 1)
    app.on_recovered({})
    watch.look(100 + TOLD_AFTER_S)
    app.on_rebalance_start()
    for second in range(200, 200 + 70):
        watch.look(second)

    assert [record.message for record in caplog.records if record.levelname == "WARNING"] == [
        f"not ready for {seconds} s: this worker waits for the group to agree on who has which partitions"
        for seconds in (30, 60)
    ]
