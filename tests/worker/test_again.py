"""The same events read once more, or later than they came: nothing about their rows depends on when."""

import asyncio
import json
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from stream.simulate.disorder import Arrival
from tests.parts import read_topic
from tests.waiting import until
from tests.worker.fleet import Fleet, running
from tests.worker.site import Site
from tests.worker.traffic import BEGIN, HOUR, messy
from tests.worker.truth import Truth

COUNTS = ("sessions", "converted", "open", "actions")


def beside(site: Site) -> Site:
    """Return a site that reads the events of another, in a group of its own, and writes topics of its own."""
    return Site(site.bootstrap, site.redis_url, overrides={"MICROCONV_KAFKA__EVENTS": f'["{site.events}"]'})


async def last_rows(site: Site, truth: Truth) -> dict[bytes, bytes]:
    """Return the last published row of each window that has closed for good, byte for byte.

    A row of zeros is as good as none.
    """
    records = await read_topic(site.bootstrap, site.rates)
    newest = {record.key or b"": record.value or b"" for record in records}
    return {key: value for key, value in newest.items() if _counts(json.loads(value), truth)}


def _counts(row: Mapping[str, Any], truth: Truth) -> bool:
    return row["window_end"] <= truth.until and any(row[count] for count in COUNTS)


async def publishes(fleet: Fleet, wanted: Mapping[bytes, bytes], truth: Truth) -> None:
    """Return when what a fleet has published is the same as wanted.

    Raises:
        AssertionError: It is something else.
    """
    await fleet.has_read(truth.outcomes.total())

    async def is_there() -> bool:
        return await last_rows(fleet.site, truth) == wanted

    try:
        await until(is_there, "the rows are the same", within=20)
    except TimeoutError:
        assert await last_rows(fleet.site, truth) == wanted  # says where they differ


@pytest.mark.says("Replaying a topic from its beginning under a new `group` gives the same rows.")
async def test_under_a_new_group(site: Site, tmp_path: Path) -> None:
    """What one group has published of a topic, a second that begins later publishes byte for byte."""
    async with running(Fleet(site, tmp_path)) as first:
        await site.send(messy(seed=61, sessions=600, per_second=0.6), rate=1_500)
        truth = await first.close_everything()
        assert await first.differences(truth) == []
        assert await first.workers[0].end() == 0
    wanted = await last_rows(site, truth)
    assert len(wanted) > 1_000

    (folder := tmp_path / "again").mkdir()
    second = Fleet(beside(site), folder)
    try:
        await second.start()
        await publishes(second, wanted, truth)
    finally:
        second.discard()


@pytest.mark.says("A topic that is read after a day of outage gives the same rows as one that is read live.")
async def test_after_a_day_of_outage(site: Site, tmp_path: Path) -> None:
    """A worker that is killed and back a day of events later has the rows of one that was always there."""
    records = messy(seed=62, sessions=400, per_second=0.02)
    before = [record for record in records if record.at_ms < BEGIN + 2 * HOUR]
    after = [record for record in records if record.at_ms >= BEGIN + 2 * HOUR]
    assert span_ms(after) > 22 * HOUR
    (folder := tmp_path / "away").mkdir()
    away = Fleet(beside(site), folder)
    try:
        async with running(Fleet(site, tmp_path)) as live:
            await away.start()
            await asyncio.gather(site.send(before, rate=200), away.has_read(len(before)))
            await away.workers[0].end(signal.SIGKILL)
            await site.send(after, rate=400)
            truth = await live.close_everything()
            assert await live.differences(truth) == []
            wanted = await last_rows(site, truth)
            assert await last_rows(away.site, truth) != wanted

            await away.start()
            await publishes(away, wanted, truth)
    finally:
        away.discard()


def span_ms(records: list[Arrival]) -> int:
    """Return how long it takes for records to arrive, ms."""
    return records[-1].at_ms - records[0].at_ms
