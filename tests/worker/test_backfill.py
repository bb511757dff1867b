"""The past from files: beside a worker that counts, `backfill` makes history of what was before it."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

from aiokafka import ConsumerRecord

from stream.simulate.disorder import IN_ORDER, Arrival, Disorder, arrivals
from stream.simulate.rhythm import steady
from stream.simulate.sites import SITES
from stream.simulate.traffic import Traffic
from tests.parts import read_topic
from tests.waiting import until
from tests.worker.fleet import Fleet, running
from tests.worker.paging import page_differences, read_pages
from tests.worker.site import Site
from tests.worker.test_again import last_rows
from tests.worker.traffic import BEGIN, HOUR, MESSY, messy
from tests.worker.truth import Truth

DAY = 24 * HOUR
ENDS_WITHIN_S = 120.0


async def command(site: Site, *arguments: str) -> tuple[int, str, str]:
    """Run a command of the site; return its exit code and what it printed and said."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "stream", *arguments, *site.arguments),
        env={**os.environ, **site.environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(), ENDS_WITHIN_S)
    finally:
        if process.returncode is None:
            process.kill()
    return process.returncode or 0, out.decode(), " ".join(err.decode().split())


def past_events(path: Path, begin: int, disorder: Disorder = MESSY) -> list[Arrival]:
    """Write a file of traffic that begins then, and return what is in it."""
    traffic = Traffic(
        start_ms=begin, rate=0.05, sessions=150, seed=71, site=SITES["ecommerce"], rhythm=steady
    )
    records = list(arrivals(traffic, disorder))
    path.write_bytes(b"".join(record.value + b"\n" for record in records if record.value))
    return records


async def published(site: Site, topic: str) -> dict[tuple[str, str, str, int], dict[str, Any]]:
    """Return the newest row of each window in a topic."""
    rows = [json.loads(record.value or b"{}") for record in await read_topic(site.bootstrap, topic)]
    return {_key(row): row for row in rows}


def _key(row: dict[str, Any]) -> tuple[str, str, str, int]:
    return row["measure"], row["segment"], row["size"], row["window_start"]


async def members(site: Site) -> set[int]:
    """Return where the minutes begin that Redis has of one measure."""
    store = site.store()
    try:
        return {int(score) for _, score in await store.zrange(_history(site), 0, -1, withscores=True)}
    finally:
        await store.aclose()


def _history(site: Site) -> str:
    return f"{site.tag}:history:checkout.add_to_cart:all"


async def test_the_past_becomes_history(site: Site, tmp_path: Path) -> None:
    """Its windows are published as `replay` tells them; the worker's own stay; it survives Redis and a crash.

    Recent hours and minutes come to where live ones are; last year's hours to `conversion-history` alone.
    """
    (recent, old) = (tmp_path / "recent.jsonl", tmp_path / "old.jsonl")
    past_events(recent, BEGIN - 3 * DAY)
    past_events(old, BEGIN - 100 * DAY)
    _, out, _ = await command(site, "replay", "--json", str(recent), str(old))
    expected = {_key(row): row for row in map(json.loads, out.splitlines())}
    kept = {key: row for key, row in expected.items() if key[3] >= BEGIN - 4 * DAY}
    hours = {key: row for key, row in expected.items() if key[2] == "1h"}
    assert len(kept) > 1_000
    assert len(hours) > len([key for key in kept if key[2] == "1h"])

    async with running(Fleet(site, tmp_path)) as fleet:
        await site.send(messy(seed=72, sessions=300, per_second=0.6), rate=1_500)
        truth: Truth = await fleet.close_everything()
        assert await fleet.differences(truth) == []
        own = await last_rows(site, truth)
        own_minutes = await members(site)

        code, out, said = await command(site, "backfill", "--json", str(recent), str(old))
        assert code == 0, said
        told = json.loads(out)
        assert told["hours_taken"] == told["hours_sent"] == len({key[3] for key in hours})
        assert told["minutes_taken"] == told["minutes_sent"] == len({k[3] for k in kept if k[2] == "1m"})

        rows = await published(site, site.rates)
        assert {key: row for key, row in rows.items() if key[3] < BEGIN - DAY} == kept
        after = await last_rows(site, truth)
        assert {key: after[key] for key in own} == own, "what the worker counted is as it was"
        history = await published(site, f"{site.tag}-conversion-history")
        assert {key: row for key, row in history.items() if key[3] < BEGIN - DAY} == hours
        own_hours = [json.loads(row) for row in own.values()]
        assert {_key(row) for row in own_hours if row["size"] == "1h"} <= set(history)

        minutes = own_minutes | {key[3] for key in kept if key[:3] == ("checkout.add_to_cart", "all", "1m")}

        async def has_minutes() -> bool:
            return await members(site) == minutes

        await until(has_minutes, "Redis has the minutes of the past", within=20)
        await fleet.workers[0].end(9)
        store = site.store()
        await store.flushdb()
        await store.aclose()
        await fleet.start()
        await until(has_minutes, "Redis has them again after it lost all and the worker died", within=60)

        code, _, said = await command(site, "backfill", str(recent))
        assert code == 0
        assert "the workers took" in said
        again = await published(site, site.rates)
        assert {key: row for key, row in again.items() if key[3] < BEGIN - DAY} == kept, (
            "nothing counts twice"
        )


def judged_beside(past: list[Arrival]) -> list[ConsumerRecord[bytes | None, bytes | None]]:
    """Return records of a file as if they had been read from a partition of their own."""
    return [
        ConsumerRecord("past", 99, offset, at_ms, 0, key, value, None, -1, -1, ())
        for offset, (at_ms, key, value) in enumerate(past)
    ]


async def test_pages_of_the_past_are_in_the_last_day(site: Site, tmp_path: Path) -> None:
    """Redis has of pages what a batch over file and topic has, also after a crash and a second loading."""
    file = tmp_path / "past.jsonl"
    past = past_events(file, BEGIN - 8 * HOUR, IN_ORDER)
    async with running(Fleet(site, tmp_path)) as fleet:
        await site.send(messy(seed=74, sessions=200, per_second=0.6), rate=1_500)
        own = await fleet.close_everything()
        assert await fleet.differences(own) == []
        live = await read_topic(site.bootstrap, site.events)
        both = Truth([*judged_beside(past), *live], site.definition(), own.closed_by)

        async def wrong(truth: Truth) -> list[str]:
            async with site.store() as store:
                found = await read_pages(site, store)
            return page_differences(site, found, int((await fleet.status()).get("watermark", 0)), truth)

        async def right() -> bool:
            return await wrong(both) == []

        assert not await right()
        for _ in range(2):
            code, _, said = await command(site, "backfill", str(file))
            assert code == 0, said
            try:
                await until(right, "Redis has the pages of the past, once", within=20)
            except TimeoutError:
                assert await wrong(both) == []  # says which differ
            assert await wrong(own) != [], "there were some"
            await fleet.workers[0].end(9)
            async with site.store() as store:
                await store.flushdb()
            await fleet.start()
            await until(right, "Redis has them again after it lost all and the worker died", within=60)


async def test_what_cannot_be_taken_is_told(site: Site, tmp_path: Path) -> None:
    """No worker, another configuration, a file that is missing: each is said, and nothing changes."""
    file = tmp_path / "past.jsonl"
    past_events(file, BEGIN)
    code, _, said = await command(site, "backfill", str(file))
    assert code == 1
    assert "nobody counts yet" in said
    async with running(Fleet(site, tmp_path)) as fleet:
        await site.send(messy(seed=73, sessions=60, per_second=0.6), rate=1_500)
        truth = await fleet.close_everything()
        own = await last_rows(site, truth)
        environment = {**site.overrides, "MICROCONV_SESSIONS__TIMEOUT": "20m"}
        other = Site(site.bootstrap, site.redis_url, overrides=environment, tag=site.tag)
        code, _, said = await command(other, "backfill", str(file))
        assert code == 2
        assert "another configuration" in said
        code, _, said = await command(site, "backfill", str(tmp_path / "none.jsonl"))
        assert code == 2
        await fleet.has_read(truth.outcomes.total())
        assert await last_rows(site, truth) == own
