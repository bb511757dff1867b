"""What a worker shows while events come: quickly, and also when they stop."""

import json
import time
from pathlib import Path

from tests.parts import KafkaBroker, Record, RedisServer, produce, read_topic
from tests.waiting import until
from tests.worker.fleet import Fleet, running
from tests.worker.site import Site
from tests.worker.traffic import BEGIN

MINUTE = 60_000


def event(visitor: str, name: str, at_ms: int, partition: int) -> Record:
    """Return an event that arrives when it happens."""
    value = {"name": name, "time": at_ms, "visitor_id": visitor, "device": "mobile"}
    return Record(json.dumps(value).encode(), visitor.encode(), partition, at_ms)


async def test_an_event_shows_within_seconds(site: Site, tmp_path: Path) -> None:
    """Hash and gauge have an event soon after it was sent; how soon exactly is for the benchmark to say."""
    async with running(Fleet(site, tmp_path)) as fleet:
        now = int(time.time() * 1000)
        await produce(site.bootstrap, site.events, [event("warm", "page_view", now, 0)])
        await fleet.has_read(1)

        key = f"{site.tag}:rate:checkout.product_view:1h:device=mobile"

        async def shown() -> bool:
            async with site.store() as store:
                sessions = await store.hget(key, "sessions")
            wanted = {"funnel": "checkout", "step": "product_view", "window": "1h", "value": "mobile"}
            gauges = [s.value for s in await fleet.samples() if wanted.items() <= s.labels.items()]
            return sessions == "1" and 1.0 in gauges

        await produce(site.bootstrap, site.events, [event("v", "view_item", now, 0)])
        await until(shown, "hash and gauge show the event", within=5)


async def test_silence_closes_windows(kafka: KafkaBroker, redis_server: RedisServer, tmp_path: Path) -> None:
    """The watermark goes on in silence: a partition without events holds windows back no longer."""
    overrides = {"MICROCONV_TIME__OUT_OF_ORDER": "1s", "MICROCONV_SESSIONS__TIMEOUT": "2s"}
    site = Site(kafka.bootstrap, redis_server.url, overrides=overrides)
    events = [
        event("silent", "view_item", BEGIN + MINUTE - 3_000, partition=1),
        event("early", "view_item", BEGIN + MINUTE - 3_000, partition=2),
        event("talks", "view_item", BEGIN + 9 * MINUTE, partition=2),
    ]
    async with running(Fleet(site, tmp_path)) as fleet:
        await produce(site.bootstrap, site.events, events)
        await fleet.has_read(3)

        async def minute_closed() -> bool:
            rows = [json.loads(r.value or b"") for r in await read_topic(site.bootstrap, site.rates)]
            starts = {r["window_start"] for r in rows if r["size"] == "1m"}
            assert starts <= {BEGIN}, "the silent partition holds later minutes back"
            found = [r for r in rows if r["segment"] == "all" and r["measure"] == "checkout.product_view"]
            return bool(found) and (found[-1]["sessions"], found[-1]["open"]) == (2, 0)

        await until(minute_closed, "the first minute closes by silence alone", within=30)
