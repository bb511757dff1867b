"""Redis may be away, or lose everything: counting goes on, and afterwards it has it all again."""

import asyncio
from pathlib import Path

from redis.asyncio import Redis

from tests.parts import RedisServer
from tests.waiting import until
from tests.worker.fleet import Fleet, running
from tests.worker.site import Site
from tests.worker.traffic import messy


async def counted(fleet: Fleet) -> float:
    """Return how many events were counted, by the metrics, which need no Redis."""
    return sum(
        sample.value
        for sample in await fleet.samples()
        if sample.name == "microconv_events_total" and sample.labels["outcome"] == "counted"
    )


async def test_away_for_a_while(site: Site, redis_server: RedisServer, tmp_path: Path) -> None:
    """Redis stops and comes back empty: one line says so, the worker goes on, nothing is lost."""
    records = messy(seed=11, sessions=1_500, per_second=1.5)
    async with running(Fleet(site, tmp_path)) as fleet:
        (worker,) = fleet.workers
        sending = asyncio.ensure_future(site.send(records, rate=600))
        await fleet.has_read(1_000)
        redis_server.stop()
        before = await counted(fleet)

        async def counts_on() -> bool:
            return await counted(fleet) > before + 1_000

        await until(counts_on, "counting goes on without Redis")
        answer = await worker.page("/ready")
        assert answer is not None
        assert (answer.status, '"connected": false' in answer.body) == (200, True)
        assert len([line for line in worker.lines() if line["level"] != "info" and says_redis(line)]) == 1

        await asyncio.to_thread(redis_server.start)
        await sending
        assert await fleet.verdict() == []


def says_redis(line: dict[str, str]) -> bool:
    """Whether a line of the log is about Redis."""
    return "redis" in line["logger"].lower() or "redis" in line["event"].lower()


async def test_flushed(site: Site, tmp_path: Path) -> None:
    """After FLUSHALL everything is back soon, under load and also when nothing changes any more."""
    async with running(Fleet(site, tmp_path)) as fleet, Redis.from_url(site.redis_url) as store:
        sending = asyncio.ensure_future(site.send(messy(seed=12, sessions=1_000, per_second=1), rate=1_000))
        await fleet.has_read(1_000)
        await store.flushall()
        await sending
        truth = await fleet.close_everything()
        assert await fleet.differences(truth) == []
        await store.flushall()

        assert await fleet.differences(truth) == []


async def test_away_at_the_start(site: Site, redis_server: RedisServer, tmp_path: Path) -> None:
    """A worker that starts without Redis counts; when Redis comes, it is told everything."""
    redis_server.stop()
    async with running(Fleet(site, tmp_path)) as fleet:
        records = messy(seed=13, sessions=500, per_second=0.5)
        await site.send(records)

        async def all_read() -> bool:
            return await counted(fleet) > 0.9 * len(records)

        await until(all_read, "counting needs no Redis")
        await asyncio.to_thread(redis_server.start)
        assert await fleet.verdict() == []
