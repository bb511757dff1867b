"""What tests send: a site's traffic in disorder, and the events that bring it to its end."""

import json
from collections.abc import Iterable

from stream.core.definition import Definition
from stream.simulate.disorder import Arrival, Disorder, arrivals
from stream.simulate.rhythm import steady
from stream.simulate.sites import SITES
from stream.simulate.traffic import Traffic
from tests.parts import Record

HOUR = 3_600_000
BEGIN = 1_772_445_600_000
"""2026-03-02T10:00Z."""

MESSY = Disorder(
    latency_ms=80,
    late=0.03,
    too_late=0.002,
    duplicates=0.02,
    without_session_id=0.1,
    crawlers=0.02,
    without_dimensions=0.02,
    iso_times=0.5,
    sent_at=0.4,
    skewed=0.1,
    invalid=0.004,
)
"""All that goes wrong on the way, more often than on a healthy site."""

CLOSING = "closing"
"""How the visitors of closing events are called."""


def messy(
    seed: int, sessions: int, per_second: float, disorder: Disorder = MESSY, preset: str = "ecommerce"
) -> list[Arrival]:
    """Return traffic of so many sessions, in order of arrival.

    Args:
        seed: Decides everything that is left to chance.
        sessions: How many; in the shop each has about five events, elsewhere two.
        per_second: Mean events per second of event time.
        disorder: What happens to the events on the way.
        preset: Whose kind of site they are of.
    """
    site = SITES[preset]
    traffic = Traffic(start_ms=BEGIN, rate=per_second, sessions=sessions, seed=seed, site=site, rhythm=steady)
    return list(arrivals(traffic, disorder))


def closing_time(last_ms: int, definition: Definition) -> int:
    """Return an event time at which every earlier session and every earlier window has closed and is mature.

    So has every attempt across sessions.

    Args:
        last_ms: The last arrival before it.
        definition: What is measured.
    """
    times = definition.times
    last = max([times.timeout, *(f.within_ms for f in definition.funnels if f.scope == "visitor")])
    next_hour = (last_ms + last + times.out_of_order) // HOUR * HOUR + HOUR
    return next_hour + times.allowed_lateness + times.out_of_order + 1_000


def closing_events(partitions: Iterable[int], at_ms: int) -> list[Record]:
    """Return one event for each partition, of visitors of their own, that moves its watermark on."""
    return [
        Record(
            json.dumps({"name": "ping", "time": at_ms, "visitor_id": f"{CLOSING}-{partition}"}).encode(),
            f"{CLOSING}-{partition}".encode(),
            partition,
            at_ms,
        )
        for partition in partitions
    ]
