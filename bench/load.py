"""The load that all contestants get: the simulated shop, on a topic of a real Kafka."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from stream.simulate.disorder import EVERYDAY, Arrival, arrivals
from stream.simulate.traffic import Traffic
from tests.parts import Record, create_topics, produce

TOPIC = "site-events"
PARTITIONS = 4
START_MS = 1_767_603_600_000  # 2026-01-05 09:00 UTC
RATE = 500.0
"""Events per second of event time: a busy shop, read from a backlog."""


def records(count: int) -> Iterator[Arrival]:
    """Return so many records in order of arrival, with the disorder of every day.

    None of them is broken: naive Faust has no answer to those.
    """
    disorder = replace(EVERYDAY, invalid=0.0)
    return islice(arrivals(Traffic(start_ms=START_MS, rate=RATE, seed=1), disorder), count)


async def fill(bootstrap: str, load: list[Arrival]) -> None:
    """Make the topic and put the load on it, compressed as producers do."""
    # The records are of the past: without this Kafka would delete them while they are read.
    await create_topics(bootstrap, [TOPIC], PARTITIONS, {"retention.ms": "-1"})
    for first in range(0, len(load), 20_000):
        await produce(
            bootstrap,
            TOPIC,
            [Record(a.value, a.key, timestamp=a.at_ms) for a in load[first : first + 20_000]],
            compression="lz4",
        )
