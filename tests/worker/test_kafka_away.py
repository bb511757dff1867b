"""Kafka may be away: the worker says so, waits, and goes on exactly."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.parts import KafkaBroker, RedisServer
from tests.waiting import until
from tests.worker.fleet import Fleet, running
from tests.worker.site import Site
from tests.worker.traffic import messy


@pytest.fixture
def broker() -> Iterator[KafkaBroker]:
    """A broker of the test's own that was not started yet."""
    made = KafkaBroker()
    yield made
    made.close()


async def test_away_at_the_start(broker: KafkaBroker, redis_server: RedisServer, tmp_path: Path) -> None:
    """Without Kafka the worker is not ready and says why, more and more seldom; then it works."""
    site = Site(broker.bootstrap, redis_server.url)
    fleet = Fleet(site, tmp_path)
    (worker,) = fleet.workers
    try:
        worker.start()
        await until(lambda: worker.says("is not reachable") >= 3, "it says that Kafka is away")
        complaints = [line["event"] for line in worker.lines() if "next try" in line["event"]]
        assert [text.rsplit("in ", 1)[1] for text in complaints][:3] == ["1 s", "2 s", "4 s"]
        assert site.bootstrap in worker.text()
        for path, status in (("/ready", 503), ("/health", 200), ("/metrics", 200)):
            answer = await worker.page(path)
            assert answer is not None
            assert answer.status == status, path

        await asyncio.to_thread(broker.start)
        await fleet.ready()
        await site.send(messy(seed=21, sessions=200, per_second=0.2))
        assert await fleet.verdict() == []
        assert not worker.says("Traceback")
    finally:
        fleet.discard()


async def test_stopped_while_waiting(broker: KafkaBroker, redis_server: RedisServer, tmp_path: Path) -> None:
    """SIGTERM ends a worker that still waits for Kafka, too, at once and with exit code 0."""
    fleet = Fleet(Site(broker.bootstrap, redis_server.url), tmp_path)
    (worker,) = fleet.workers
    try:
        worker.start()
        await until(lambda: worker.says("is not reachable"), "it waits for Kafka")

        assert await worker.end(within=5) == 0
    finally:
        fleet.discard()


async def test_stopped_while_kafka_is_gone(
    broker: KafkaBroker, redis_server: RedisServer, tmp_path: Path
) -> None:
    """SIGTERM ends a worker whose Kafka has gone for good, before a supervisor would lose patience."""
    await asyncio.to_thread(broker.start)
    async with running(Fleet(Site(broker.bootstrap, redis_server.url), tmp_path)) as fleet:
        (worker,) = fleet.workers
        await asyncio.to_thread(broker.kill)
        await until(lambda: worker.says("Unable"), "it has noticed")

        assert await worker.end(within=28) in (0, 1)


async def test_restarted(broker: KafkaBroker, redis_server: RedisServer, tmp_path: Path) -> None:
    """A broker that is restarted, once in order and once by a kill, costs no event."""
    await asyncio.to_thread(broker.start)
    site = Site(broker.bootstrap, redis_server.url)
    async with running(Fleet(site, tmp_path, workers=2), attended=True) as fleet:
        for seed, away in ((22, broker.stop), (23, broker.kill)):
            await site.send(messy(seed=seed, sessions=300, per_second=0.5))
            await asyncio.to_thread(away)
            await asyncio.to_thread(broker.start)
        await site.send(messy(seed=24, sessions=300, per_second=0.5))

        assert await fleet.verdict(within=120) == []
