"""Whatever is done to workers of a real site, every number that they publish is the oracle's.

After each story all of `tests.worker.verdict.differences` is compared, and the outcomes in the metrics.
Chance is decided by ``MICROCONV_CHAOS_SEED``.
"""

import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest
from aiokafka.partitioner import DefaultPartitioner

from stream.configuration import preset_text
from stream.engine.rows import POSITION_KEY, Position
from stream.simulate.disorder import Arrival
from tests.chaos.violence import SESSION_TIMEOUT_S, Load, violence
from tests.laws.journeys import journeys
from tests.oracle import Read, judge
from tests.parts import FAST_COMPACTION, KafkaBroker, RedisServer, create_topics, read_topic
from tests.waiting import until
from tests.worker.site import Site

pytestmark = pytest.mark.timeout(240)

ACROSS = """
[[funnel]]
name = "visits"
scope = "visitor"
steps = [
  { name = "view", event = "view_item" },
  { name = "cart", event = "add_to_cart", optional = true },
  { name = "order", event = "purchase", macro = true },
]

[[funnel]]
name = "pages"
scope = "visitor"
within = "20m"
reentry = "first"
steps = [
  { name = "one", event = "page_view" },
  { name = "list", event = "view_item_list" },
  { name = "two", event = "page_view" },
]
exclude = [{ event = "search", from = "list" }]
"""
"""Funnels across sessions: attempts last longer than a session's timeout, and end while the story goes on."""


@pytest.fixture
def site(kafka: KafkaBroker, redis_server: RedisServer) -> Site:
    """A site with four partitions on the session's broker and a Redis of its own."""
    return Site(kafka.bootstrap, redis_server.url)


@pytest.mark.parametrize("static", [False, True], ids=["dynamic", "static"])
async def test_kill_9(site: Site, tmp_path: Path, static: bool) -> None:
    """Workers killed at random moments, both at once too, lose nothing and count nothing twice."""
    async with violence(site, tmp_path, static=static) as story:
        for _ in range(4):
            for worker in story.random.sample(story.fleet.workers, story.random.choice([1, 1, 2])):
                await story.kill(worker)
            await story.a_while(0.5, 4)


async def test_kill_9_amid_attempts_across_sessions(site: Site, tmp_path: Path) -> None:
    """Funnels that run across sessions are exact, too, when workers die while attempts are open."""
    file = tmp_path / "microconv.toml"
    file.write_text(preset_text("ecommerce") + ACROSS)
    across = replace(site, file=file, overrides={"MICROCONV_SESSIONS__TIMEOUT": "5m"})
    async with violence(across, tmp_path) as story:
        for _ in range(4):
            for worker in story.random.sample(story.fleet.workers, story.random.choice([1, 1, 2])):
                await story.kill(worker)
            await story.a_while(0.5, 4)

    sent = await read_topic(across.bootstrap, across.events)
    reads = [Read(r.topic, r.partition, r.offset, r.timestamp, r.value) for r in sent]
    met = set(journeys(judge(reads, across.definition()), across.definition()))
    assert met >= {"an attempt across two sessions", "an attempt that expires before another"}


async def test_frozen_inside_transactions(site: Site, tmp_path: Path) -> None:
    """Workers that stop in a transaction for longer than the session timeout are fenced when they wake."""
    async with violence(site, tmp_path) as story:
        for topology in ("sessions", "rates"):
            frozen = await story.freeze_inside(topology)
            await story.flow(SESSION_TIMEOUT_S + 3)
            frozen.send(signal.SIGCONT)
            await until(lambda frozen=frozen: frozen.exits, "the zombie ends itself", within=30)
            await story.fleet.ready()

            assert set(frozen.exits) == {1}
            assert frozen.says("was taken over by another worker")


async def test_leaving_and_joining(site: Site, tmp_path: Path) -> None:
    """Clean stops exit with 0 and joins move partitions, without loss, and no other worker ends by it."""
    async with violence(site, tmp_path, workers=3) as story:
        guest = story.fleet.workers[2]
        for _ in range(2):
            story.fleet.resting.add(guest)
            ended = len(guest.exits)
            guest.send(signal.SIGTERM)
            await until(lambda ended=ended: len(guest.exits) > ended or guest.reap(), "the guest leaves", 20)
            await story.a_while(0.5, 2)
            story.fleet.resting.clear()
            await story.fleet.ready()
            await story.a_while(0.5, 2)
        both = story.fleet.workers[:2]
        for worker in story.random.sample(both, 2):
            ended = len(worker.exits)
            worker.send(signal.SIGTERM)
            await until(lambda w=worker, n=ended: len(w.exits) > n, "it ends", 20)
            await story.a_while(0, 2)

    assert {code for worker in story.fleet.workers for code in worker.exits[:-1]} == {0}


async def test_redis_away_during_a_rebalance(site: Site, redis_server: RedisServer, tmp_path: Path) -> None:
    """While Redis is away or hangs, workers die and rates change hands; afterwards Redis has it all."""
    async with violence(site, tmp_path) as story:
        redis_server.stop()
        await story.kill(story.random.choice(story.fleet.workers))
        await story.a_while(3, 5)
        redis_server.start()
        await story.a_while(1, 3)
        pid = redis_server.process.pid
        os.kill(pid, signal.SIGSTOP)
        await story.kill(await story.owner())
        await story.a_while(7, 9)
        os.kill(pid, signal.SIGCONT)


async def test_the_owner_of_the_rates_killed(site: Site, tmp_path: Path) -> None:
    """Whoever owns the rates when they are killed, the next owner goes on exactly."""
    async with violence(site, tmp_path) as story:
        for _ in range(2):
            await story.kill(await story.owner())
            await story.a_while(2, 5)


async def test_idle_partitions(site: Site, tmp_path: Path) -> None:
    """A partition that never has an event holds nothing back; one that falls silent does; all is exact."""
    place = DefaultPartitioner()
    numbers = list(range(site.partitions))
    seen: list[Arrival] = []

    def wanted(arrival: Arrival) -> bool:
        seen.append(arrival)
        partition = place(arrival.key, numbers, numbers)
        return partition < 2 or (partition == 2 and len(seen) < 2_000)

    async with violence(site, tmp_path, load=Load(wanted=wanted)) as story:
        await story.a_while(4, 6)
        for worker in story.fleet.workers:
            await story.kill(worker)
            await story.a_while(1, 3)

    used = {record.partition for record in await read_topic(site.bootstrap, site.events)}
    assert used == {0, 1, 2}


async def test_active_compaction(redis_server: RedisServer, tmp_path: Path) -> None:
    """State recovered from changelogs that are being compacted is whole, over kills and a freeze."""
    settings = {
        "cleanup.policy": "compact",
        "segment.ms": "1000",
        "min.cleanable.dirty.ratio": "0.01",
        "max.compaction.lag.ms": "1000",
        "max.message.bytes": str(16 * 1024 * 1024),
    }
    with KafkaBroker(FAST_COMPACTION) as broker:
        site = Site(broker.bootstrap, redis_server.url)
        sessions, rates = f"{site.tag}-sessions-changelog", f"{site.tag}-rates-changelog"
        await create_topics(broker.bootstrap, [sessions], site.partitions, settings)
        await create_topics(broker.bootstrap, [rates], 1, settings)
        async with violence(site, tmp_path) as story:
            for _ in range(3):
                await story.kill(story.random.choice(story.fleet.workers))
                await story.a_while(2, 4)
            frozen = await story.freeze_inside("sessions")
            await story.flow(SESSION_TIMEOUT_S + 2)
            frozen.send(signal.SIGCONT)
            await story.flow(1)
            for worker in story.fleet.workers:
                await story.kill(worker)

        for topic in (sessions, rates):
            kept = [row for row in await read_topic(broker.bootstrap, topic) if row.key == POSITION_KEY]
            newest = {row.partition: Position.unpack(row.value) for row in kept}
            flushes = sum(position.seq for position in newest.values())
            assert len(kept) < flushes / 2, "each flush wrote its position; compaction left few of them"
