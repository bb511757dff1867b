"""The loads that contestants get: the simulated shop, on topics of a real Kafka."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

import msgspec

from stream.simulate.disorder import EVERYDAY, IN_ORDER, Arrival, arrivals
from stream.simulate.traffic import Traffic
from tests.parts import Record, create_topics, produce

TOPIC = "site-events"
EVERYDAY_TOPIC = "site-events-everyday"
PARTITIONS = 4
START_MS = 1_767_603_600_000  # 2026-01-05 09:00 UTC
RATE = 500.0
"""Events per second of event time: a busy shop, read from a backlog."""


def everyday(count: int) -> Iterator[Arrival]:
    """Return so many whole events of some 580 bytes in order of arrival, in the disorder of every day.

    Some are late, twice, without ids or with wrong clocks; most times are ISO 8601. None is broken: naive
    Faust has no answer to those.
    """
    disorder = replace(EVERYDAY, invalid=0.0)
    return islice(arrivals(_shop(), disorder), count)


def lean(count: int) -> Iterator[Arrival]:
    """Return so many events of some 290 bytes, in order, with what the preset reads of an event."""
    for arrival in islice(arrivals(_shop(), IN_ORDER), count):
        event = msgspec.json.decode(arrival.value)
        kept = {field: event[field] for field in LEAN_FIELDS if field in event}
        yield arrival._replace(value=msgspec.json.encode(kept))


LEAN_FIELDS = (
    "event_id",
    "name",
    "time",
    "visitor_id",
    "session_id",
    "page",
    "device",
    "source",
    "campaign",
    "country",
    "user_type",
    "variant",
    "value",
    "currency",
)


def _shop() -> Traffic:
    return Traffic(start_ms=START_MS, rate=RATE, seed=1)


async def fill(bootstrap: str, topic: str, load: list[Arrival]) -> None:
    """Make a topic and put the load on it, compressed as producers do."""
    # The records are of the past: without this Kafka would delete them while they are read.
    await create_topics(bootstrap, [topic], PARTITIONS, {"retention.ms": "-1"})
    for first in range(0, len(load), 20_000):
        await produce(
            bootstrap,
            topic,
            [Record(a.value, a.key, timestamp=a.at_ms) for a in load[first : first + 20_000]],
            compression="lz4",
        )
