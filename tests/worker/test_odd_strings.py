"""Strings that programs stumble over, as any field of events and through to everything that is written."""

import json
from itertools import cycle
from pathlib import Path
from urllib.parse import quote

from redis.asyncio import Redis

from tests.odd.strings import STRINGS
from tests.parts import KafkaBroker, Record, RedisServer, read_topic
from tests.parts.kafka import produce
from tests.worker.fleet import Fleet, running
from tests.worker.raw import produce_changed
from tests.worker.site import Site
from tests.worker.traffic import BEGIN

FIELDS = ("page", "referrer", "medium", "country", "variant", "user_agent", "currency", "email_sha256")
"""Fields that no dimension reads."""


def odd_site(kafka: KafkaBroker, redis_server: RedisServer) -> Site:
    """Return a site that tells all of the strings apart in each dimension."""
    many = {f"MICROCONV_DIMENSIONS__{name}__MAX_VALUES": "1000" for name in ("DEVICE", "SOURCE", "CAMPAIGN")}
    return Site(kafka.bootstrap, redis_server.url, overrides=many)


def visits() -> list[Record]:
    """Return a visit for each string: by a visitor with that id, from a device of that name, and so on."""
    records = []
    others = cycle(STRINGS[7:] + STRINGS[:7])
    for number, text in enumerate(STRINGS):
        for step, name in enumerate(("view_item", "add_to_cart", text)):
            at = BEGIN + 1_000 * number + 50 * step
            event = {
                **{field: next(others) for field in FIELDS},
                "name": name,
                "time": at,
                "event_id": f"{text}{step}",
                "visitor_id": text,
                "user_id": next(others),
                "session_id": text,
                "device": text,
                "source": text,
                "campaign": next(others),
                "props": {text: text},
                text: text,
            }
            value = json.dumps(event, ensure_ascii=number % 2 == 0).encode()
            records.append(Record(value, text.encode(), None, at))
    return records


async def test_every_odd_string_in_every_field(
    kafka: KafkaBroker, redis_server: RedisServer, tmp_path: Path
) -> None:
    """Ids, dimensions, names and properties may be any string: rows, keys in Redis and metrics are exact."""
    site = odd_site(kafka, redis_server)
    async with running(Fleet(site, tmp_path)) as fleet:
        await produce(site.bootstrap, site.events, visits())
        truth = await fleet.close_everything()

        assert await fleet.differences(truth) == []
        outcomes = {outcome for _, _, outcome in truth.outcomes}
        assert outcomes == {"counted", "duplicate"}, "the two longest are one visitor, and one event id"
        labels = {text[:100] for text in STRINGS}
        assert labels <= {s.removeprefix("device=") for _, s in truth.series() if s.startswith("device=")}
        await fleet.workers[0].end()
        await end_to_end(site, fleet, labels)


async def end_to_end(site: Site, fleet: Fleet, labels: set[str]) -> None:
    """Each label has a key of its own, percent-encoded, in topic and Redis; and recovery takes them."""
    rows = {record.key for record in await read_topic(site.bootstrap, site.rates)}
    async with site.store() as store:
        for label in labels:
            assert any((key or b"").startswith(_row_of(label)) for key in rows), label
            assert await _has_rate(store, site, label), label
        assert labels <= await store.smembers(f"{site.tag}:segments:device")
    fleet.workers[0].start()
    await fleet.ready()
    await produce(
        site.bootstrap, site.events, [record for record in visits() if b'"view_item"' in record.value]
    )
    await fleet.has_read(await fleet.read() + len(STRINGS))
    assert not fleet.workers[0].says("Traceback")


def _row_of(label: str) -> bytes:
    return f"checkout.add_to_cart|device={quote(label)}|1m|".encode()


async def _has_rate(store: Redis, site: Site, label: str) -> bool:
    return bool(await store.exists(f"{site.tag}:rate:checkout.add_to_cart:24h:device={quote(label)}"))


async def test_headers_and_timestamps_of_any_producer(site: Site, tmp_path: Path) -> None:
    """Names of headers in any bytes, and no timestamp: Kafka takes both, and both are counted."""
    events = [
        json.dumps({"name": "share", "time": BEGIN + n, "visitor_id": "v", "event_id": f"{n}"}).encode()
        for n in range(6)
    ]
    header = [("NAME", b"value")]
    async with running(Fleet(site, tmp_path)) as fleet:
        for number, (timestamp, name) in enumerate(
            [(BEGIN, b"\xff\xfe\x80\x00"), (-1, b"\xc3\x28\xa0\xa1"), (-1, b"NAME")]
        ):
            records = [
                Record(value, b"v", 0, timestamp, header) for value in events[2 * number : 2 * number + 2]
            ]
            await produce_changed(
                site.bootstrap, site.events, 0, records, lambda data, name=name: data.replace(b"NAME", name)
            )
        bad = Record(b"no JSON", b"v", 0, BEGIN, header)
        await produce_changed(
            site.bootstrap, site.events, 0, [bad], lambda data: data.replace(b"NAME", b"\xff" * 4)
        )
        await fleet.has_read(7)

        status = await fleet.status()
        assert (status["counted"], status["rejected"]) == ("6", "1")
        (rejected,) = await read_topic(site.bootstrap, site.rejected)
        assert rejected.value == b"no JSON"
        assert fleet.workers[0].exits == []
