"""Records that are no events end up in ``site-events-rejected`` with their reason; nothing else happens."""

import json
import random
from pathlib import Path

import pytest

from stream.agents.envelope import WHOLE_LIMIT
from stream.core.event import REASONS
from stream.simulate.broken import broken
from stream.simulate.event import SiteEvent
from tests.parts import Record, produce, read_topic
from tests.worker.fleet import Fleet, running
from tests.worker.site import Site
from tests.worker.traffic import BEGIN

MEGABYTE = 1_000_000
LARGEST_BATCH = 1_048_588
"""Kafka's default ``max.message.bytes``."""


def good(visitor: str) -> Record:
    """Return an event that counts."""
    event = {"name": "view_item", "time": BEGIN, "visitor_id": visitor, "device": "mobile"}
    return Record(json.dumps(event).encode(), visitor.encode(), partition=0, timestamp=BEGIN)


def bad(value: bytes | None, key: bytes | None = b"somebody") -> Record:
    """Return a record that is no event."""
    return Record(value, key, partition=0, timestamp=BEGIN)


@pytest.mark.says(
    "A rejected record never stops the stream and goes to `site-events-rejected` byte for byte."
)
async def test_each_reason(site: Site, tmp_path: Path) -> None:
    """Each kind, tombstones and noise too, is rejected whole with its reason, and the next event counts."""
    rng = random.Random(1)
    like = SiteEvent("id", "view_item", BEGIN, "somebody")
    records: list[Record] = []
    for number, reason in enumerate(REASONS):
        records += [bad(broken(rng, reason, like, BEGIN)), good(f"after-{number}")]
    noise = (None, b"", b"\x00", b"{" * MEGABYTE, b'{"name":"' + b"x" * MEGABYTE + b'"}')
    for number, value in enumerate(noise):
        records += [bad(value, None), good(f"behind-{number}")]
    async with running(Fleet(site, tmp_path)) as fleet:
        await produce(site.bootstrap, site.events, records)
        truth = await fleet.close_everything()

        assert await fleet.differences(truth) == []
        assert {record.headers["reason"] for record in truth.rejected} == set(REASONS)
        assert len(truth.rejected) * 2 == len(records)
        status = await fleet.status()
        assert status["counted"] == str(len(records) // 2 + 1)
        assert fleet.workers[0].alive


async def test_the_largest_record_that_kafka_takes(site: Site, tmp_path: Path) -> None:
    """A record that fills the largest batch of the events topic is set aside, with headers, all the same."""
    value = b'"' + b"x" * (LARGEST_BATCH - 90) + b'"'
    async with running(Fleet(site, tmp_path)) as fleet:
        await produce(site.bootstrap, site.events, [bad(value), good("next")])
        huge = bad(b"x" * 5 * MEGABYTE)
        await produce(site.bootstrap, site.events, [huge, good("last")], compression="lz4")

        assert await fleet.verdict() == []
        assert [len(r.value or b"") for r in await read_topic(site.bootstrap, site.rejected)] == [
            LARGEST_BATCH - 88,
            5 * MEGABYTE,
        ]


async def test_records_that_no_topic_takes(site: Site, tmp_path: Path) -> None:
    """What is small when compressed may be too large for any topic: its beginning is kept, work goes on."""
    records = [bad(b"x" * 20 * MEGABYTE), good("next"), bad(b"{", b"k" * 20 * MEGABYTE), good("last")]
    async with running(Fleet(site, tmp_path)) as fleet:
        for record in records:
            await produce(site.bootstrap, site.events, [record], compression="lz4")
        await fleet.has_read(len(records))

        value, key = await read_topic(site.bootstrap, site.rejected)
        assert (value.value, key.key) == (b"x" * WHOLE_LIMIT, b"k" * WHOLE_LIMIT)
        for record in (value, key):
            detail = dict(record.headers)["detail"].decode()
            assert f"the first {WHOLE_LIMIT} of {20 * MEGABYTE} bytes are kept" in detail
        assert (await fleet.status())["counted"] == "2"
        assert fleet.workers[0].exits == []


async def test_a_flood_of_large_records(site: Site, tmp_path: Path) -> None:
    """Two hundred records of a megabyte pass through without the worker keeping them in memory."""
    async with running(Fleet(site, tmp_path)) as fleet:
        await produce(site.bootstrap, site.events, [good("first")])
        await fleet.has_read(1)
        before = fleet.workers[0].memory_mb()
        for number in range(20):
            await produce(site.bootstrap, site.events, [bad(b"%d" % number + b"x" * MEGABYTE)] * 10)
        await produce(site.bootstrap, site.events, [good("last")])

        assert await fleet.verdict() == []
        assert fleet.workers[0].memory_mb() < before + 150
