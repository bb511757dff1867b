"""A busy hour and a half of a shop through two workers that are killed three times and frozen once."""

import os
import signal
from pathlib import Path

import pytest

from tests.chaos.violence import SESSION_TIMEOUT_S, Load, violence
from tests.parts import KafkaBroker, RedisServer
from tests.waiting import until
from tests.worker.site import Site

EVENTS = int(os.environ.get("MICROCONV_CHAOS_EVENTS", "300000"))
PER_SECOND = 8_000.0
PER_SECOND_OF_EVENT_TIME = 60.0


@pytest.mark.timeout(900)
async def test_300_000_events(kafka: KafkaBroker, redis_server: RedisServer, tmp_path: Path) -> None:
    """Every closed minute and hour, Redis, the records set aside and the outcomes equal the oracle."""
    site = Site(kafka.bootstrap, redis_server.url, partitions=4)
    load = Load(PER_SECOND, PER_SECOND_OF_EVENT_TIME, records=EVENTS)
    async with violence(site, tmp_path, workers=2, load=load) as story:
        for share in (0.1, 0.3, 0.5):
            await story.has_sent(int(share * EVENTS))
            await story.kill(story.random.choice(story.fleet.workers))
        await story.has_sent(int(0.7 * EVENTS))
        frozen = await story.freeze_inside("sessions")
        other = next(worker for worker in story.fleet.workers if worker is not frozen)
        everything = f"{site.events} {list(range(site.partitions))}"  # as a worker says when it is ready
        alone = other.says(everything)
        await until(lambda: other.says(everything) > alone, "the other takes over", SESSION_TIMEOUT_S + 30)
        frozen.send(signal.SIGCONT)
        await until(lambda: 1 in frozen.exits, "the zombie ends itself", within=30)
        await story.has_sent(EVENTS)

        exits = [code for worker in story.fleet.workers for code in worker.exits]
        assert sorted(exits) == [-signal.SIGKILL] * 3 + [1]
