"""Topics that are not keyed by visitor, with ``kafka.keyed_by = "none"``: all equals the oracle."""

import asyncio
import json
import signal
from pathlib import Path

import pytest

from stream.core.event import OUTCOMES
from stream.embedded import EmbeddedBroker, EmbeddedStore
from tests.parts import KafkaBroker, Record, RedisServer, produce, read_topic
from tests.waiting import until
from tests.worker.fleet import COMMAND, Fleet, running
from tests.worker.process import WorkerProcess
from tests.worker.site import Site
from tests.worker.traffic import BEGIN, messy
from tests.worker.unkeyed import UnkeyedFleet, UnkeyedSite


@pytest.fixture
def unkeyed(kafka: KafkaBroker, redis_server: RedisServer) -> UnkeyedSite:
    """Two topics of three and two partitions, on the session's broker and a Redis of the test's own."""
    return UnkeyedSite(kafka.bootstrap, redis_server.url)


async def test_two_workers_one_of_them_killed(unkeyed: UnkeyedSite, tmp_path: Path) -> None:
    """Messy events anywhere in two topics: rows, outcomes and what is set aside equal the oracle's."""
    async with running(UnkeyedFleet(unkeyed, tmp_path, workers=2), attended=True) as fleet:
        sending = asyncio.ensure_future(
            unkeyed.send(messy(seed=61, sessions=1_500, per_second=1.5), rate=600)
        )
        await fleet.has_read(1_500)
        fleet.workers[0].send(signal.SIGKILL)
        await until(lambda: fleet.workers[0].exits == [-signal.SIGKILL], "it is dead")
        await sending
        truth = await fleet.close_everything()

        assert {outcome for _, _, outcome in truth.outcomes} == set(OUTCOMES)
        assert {topic for topic, _, _ in truth.outcomes} == set(unkeyed.sources)
        assert await fleet.differences(truth) == []
        assert [worker.exits for worker in fleet.workers] == [[-signal.SIGKILL], []]


async def test_frozen_workers_are_fenced(unkeyed: UnkeyedSite, tmp_path: Path) -> None:
    """A worker that stands still while others take its sources over forwards nothing twice when it wakes."""
    async with running(UnkeyedFleet(unkeyed, tmp_path, workers=2), attended=True) as fleet:
        sending = asyncio.ensure_future(
            unkeyed.send(messy(seed=62, sessions=1_500, per_second=1.5), rate=400)
        )
        await fleet.has_read(800)
        frozen, other = fleet.workers
        frozen.send(signal.SIGSTOP)
        fleet.resting.add(frozen)
        await until(lambda: other.text().count("ready with") > 1, "the other one has all partitions")
        await fleet.ready()
        frozen.send(signal.SIGCONT)
        fleet.resting.clear()
        await sending

        assert await fleet.verdict() == []


async def test_killed_on_the_embedded_pair(
    embedded_broker: EmbeddedBroker, embedded_store: EmbeddedStore, tmp_path: Path
) -> None:
    """Without transactions records may be forwarded twice, but are counted once, over a kill -9 too."""
    site = UnkeyedSite(embedded_broker.bootstrap, embedded_store.url, transactions=False)
    async with running(UnkeyedFleet(site, tmp_path), attended=True) as fleet:
        (worker,) = fleet.workers
        sending = asyncio.ensure_future(site.send(messy(seed=63, sessions=800, per_second=1), rate=500))
        await fleet.has_read(1_000)
        worker.send(signal.SIGKILL)
        await sending

        assert await fleet.verdict(within=120) == []


async def test_a_backlog_without_transactions(
    embedded_broker: EmbeddedBroker, embedded_store: EmbeddedStore, tmp_path: Path
) -> None:
    """Forty-five megabytes that wait in one partition are forwarded in flushes that fit, and all counted."""
    site = UnkeyedSite(embedded_broker.bootstrap, embedded_store.url, transactions=False)
    await site.create_events()
    wide = {"name": "share", "time": BEGIN, "props": {"x": "y" * 900, "z": "y" * 600}}
    for first in range(0, 30_000, 3_000):
        events = [
            {**wide, "visitor_id": f"v{n % 500}", "event_id": str(n)} for n in range(first, first + 3_000)
        ]
        records = [Record(json.dumps(event).encode(), None, 0, BEGIN) for event in events]
        await produce(site.bootstrap, site.events, records)
    fleet = UnkeyedFleet(site, tmp_path)
    try:
        await fleet.start()

        assert await fleet.verdict(within=240) == []
        assert fleet.workers[0].exits == []
    finally:
        fleet.discard()


async def test_an_idle_source_lets_windows_close(unkeyed: UnkeyedSite, tmp_path: Path) -> None:
    """A source partition with old events and nothing new holds windows back by its idle time only."""
    impatient = {"MICROCONV_TIME__OUT_OF_ORDER": "1s"}
    async with running(UnkeyedFleet(unkeyed, tmp_path, environment=impatient)) as fleet:
        for partition, time in ((0, BEGIN), (1, BEGIN + 1_500)):
            event = {"name": "share", "time": time, "visitor_id": f"v{partition}"}
            record = Record(json.dumps(event).encode(), None, partition, time)
            await produce(unkeyed.bootstrap, unkeyed.events, [record])

        async def passed() -> bool:
            return int((await fleet.status()).get("watermark", 0)) > BEGIN + 1_000

        await until(passed, "the watermark passes although nothing comes")


async def test_keyed_by_is_not_changed_in_a_group(unkeyed: UnkeyedSite, tmp_path: Path) -> None:
    """State counted with the other keyed_by is not continued: the worker ends, and says what to do."""
    async with running(UnkeyedFleet(unkeyed, tmp_path)) as fleet:
        await unkeyed.send(messy(seed=64, sessions=50, per_second=0.2))
        await fleet.has_read(100)
        await fleet.workers[0].end()
    events = {
        "MICROCONV_KAFKA__EVENTS": f'["{unkeyed.tag}-elsewhere"]',
        "MICROCONV_KAFKA__KEYED_BY": "visitor",
    }
    worker = WorkerProcess(
        "other", tmp_path, {**unkeyed.environment, **events}, [*COMMAND, *unkeyed.arguments]
    )
    worker.start()
    try:
        assert await worker.ended(within=30) == 1
        said = worker.text().replace('\\"', '"')  # the log is JSON
        assert 'counted with kafka.keyed_by = "none", now it is "visitor"' in said
        assert "give kafka.group a new name" in said
    finally:
        worker.discard()


async def test_a_topic_that_is_not_keyed_is_noticed(site: Site, tmp_path: Path) -> None:
    """With keyed_by = "visitor" and keyless records a worker warns, once, and names the option."""
    async with running(Fleet(site, tmp_path)) as fleet:
        for number in range(20):
            event = {"name": "share", "time": BEGIN, "visitor_id": f"v{number}"}
            record = Record(json.dumps(event).encode(), None, number % 4, BEGIN)
            await produce(site.bootstrap, site.events, [record])
        await fleet.has_read(20)

        said = fleet.workers[0].text().replace('\\"', '"')  # the log is JSON
        assert said.count("is not keyed by visitor: the record at partition") == 1
        assert 'set kafka.keyed_by = "none"' in said


async def test_what_no_topic_takes_whole_is_cut(unkeyed: UnkeyedSite, tmp_path: Path) -> None:
    """Of a record that is small only when compressed the beginning is set aside, and its length is told."""
    async with running(UnkeyedFleet(unkeyed, tmp_path)) as fleet:
        huge = Record(b"x" * 20_000_000, None, 0, BEGIN)
        good = Record(b'{"name": "share", "time": %d, "visitor_id": "v"}' % BEGIN, None, 0, BEGIN)
        await produce(unkeyed.bootstrap, unkeyed.events, [huge], compression="lz4")
        await produce(unkeyed.bootstrap, unkeyed.events, [good])
        await fleet.has_read(2)

        (found,) = await read_topic(unkeyed.bootstrap, unkeyed.rejected)
        headers = {name: value.decode() for name, value in found.headers}
        assert found.value == b"x" * 6 * 1024 * 1024
        assert headers["detail"].startswith("the first 6291456 of 20000000 bytes are kept; 20000000 bytes")
        assert (headers["topic"], headers["offset"]) == (unkeyed.events, "0")
        assert (await fleet.status())["counted"] == "1"
