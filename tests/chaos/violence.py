"""A site under load with workers that are restarted when they end, for stories of what is done to them."""

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from stream.simulate.disorder import Arrival, Disorder, arrivals
from stream.simulate.rhythm import steady
from stream.simulate.sink.kafka import to_kafka
from stream.simulate.traffic import Traffic
from tests.chaos.freezing import FOLDER
from tests.waiting import until
from tests.worker.fleet import Fleet, running
from tests.worker.process import WorkerProcess
from tests.worker.site import Site
from tests.worker.traffic import BEGIN, MESSY

SESSION_TIMEOUT_S = 6.0
"""After so long the partitions of a silent worker go to others."""

COMMAND = ("-m", "tests.chaos.freezing", "worker")


@dataclass(frozen=True)
class Load:
    """What is sent during a story.

    Attributes:
        per_second: Records per second.
        event_time_rate: Records per second of event time: half a minute tells of more than an hour.
        records: At most so many; ``None``: until the story ends.
        wanted: Which records of the traffic are sent.
        disorder: What happens to the events on the way.
    """

    per_second: float = 400.0
    event_time_rate: float = 2.0
    records: int | None = None
    wanted: Callable[[Arrival], bool] = lambda _: True
    disorder: Disorder = MESSY


EVERYDAY_LOAD = Load()


def seed() -> int:
    """Return what decides about all that is left to chance: ``MICROCONV_CHAOS_SEED``, else the same."""
    return int(os.environ.get("MICROCONV_CHAOS_SEED", "1"))


class Violence:
    """Workers under load, and what is done to them.

    Attributes:
        fleet: The workers; those that end are started again.
        random: Decides what is left to chance.
        sent: How many records were sent.
    """

    def __init__(self, fleet: Fleet, load: Load, wishes: Path, name: str) -> None:
        self.fleet = fleet
        self._load = load
        self.random = random.Random(f"{seed()} {name}")
        self.sent = 0
        self._wishes = wishes
        self._enough = False

    async def send_all(self) -> None:
        """Send messy traffic until `finish`, or until all of the load is sent."""
        load, seed_of_traffic = self._load, self.random.randrange(1 << 30)
        shop = Traffic(start_ms=BEGIN, rate=load.event_time_rate, seed=seed_of_traffic, rhythm=steady)
        await to_kafka(
            self._until_enough(islice(filter(load.wanted, arrivals(shop, load.disorder)), load.records)),
            self.fleet.site.bootstrap,
            self.fleet.site.events,
            rate=load.per_second,
            progress=self._progress,
        )

    def finish(self) -> None:
        """Let no more traffic come."""
        self._enough = True

    async def flow(self, seconds: float) -> None:
        """Return when so much traffic has come as comes in that time.

        Raises:
            TimeoutError: It does not.
        """
        await self.has_sent(self.sent + int(seconds * self._load.per_second), within=seconds * 3 + 30)

    async def has_sent(self, records: int, within: float = 120) -> None:
        """Return when so many records were sent.

        Raises:
            TimeoutError: They are not.
        """
        await until(lambda: self.sent >= records, f"{records} records are sent", within)

    async def a_while(self, least: float, most: float) -> None:
        """Let traffic flow for a time between so and so many seconds."""
        await self.flow(self.random.uniform(least, most))

    async def kill(self, worker: WorkerProcess) -> None:
        """Kill a worker with -9; it is started again at once."""
        ended = len(worker.exits)
        worker.send(signal.SIGKILL)
        await until(lambda: len(worker.exits) > ended, f"{worker.name} is gone")

    async def freeze_inside(self, topology: str) -> WorkerProcess:
        """Let a worker stop itself inside its next transaction of a topology, and return it.

        Raises:
            TimeoutError: None does.
        """
        (self._wishes / topology).touch()
        await until(lambda: any(w.frozen for w in self.fleet.workers), f"frozen inside {topology}")
        return next(worker for worker in self.fleet.workers if worker.frozen)

    async def owner(self) -> WorkerProcess:
        """Return the worker that owns the rates.

        Raises:
            TimeoutError: There is none.
        """
        found: list[WorkerProcess] = []

        async def somebody() -> bool:
            found[:] = filter(None, [await self.fleet.owner()])
            return bool(found)

        await until(somebody, "somebody owns the rates")
        return found[0]

    def _until_enough(self, records: Iterator[Arrival]) -> Iterator[Arrival]:
        for record in records:
            if self._enough:
                return
            yield record

    def _progress(self, sent: int, at_ms: int) -> None:  # noqa: ARG002 - what `to_kafka` tells
        self.sent = sent


@asynccontextmanager
async def violence(
    site: Site, folder: Path, workers: int = 2, load: Load = EVERYDAY_LOAD, static: bool = False
) -> AsyncIterator[Violence]:
    """Start workers and load; in the end let all workers live, close everything, and ask the oracle.

    Args:
        site: The site.
        folder: For logs.
        workers: How many.
        load: What is sent.
        static: Whether the workers are static members, which take their partitions back when restarted.
    """
    wishes = folder / "wishes"
    wishes.mkdir()
    fleet = Fleet(site, folder, workers, COMMAND, {FOLDER: str(wishes)})
    if static:
        for worker in fleet.workers:
            worker.environment["MICROCONV_KAFKA__INSTANCE_ID"] = f"{site.tag}-{worker.name}"
    print(f"MICROCONV_CHAOS_SEED={seed()}, logs in {folder}")  # noqa: T201 - pytest shows it where the test fails
    async with running(fleet, attended=True):
        story = Violence(fleet, load, wishes, folder.name)
        loading = asyncio.ensure_future(story.send_all())
        try:
            await story.has_sent(1)
            yield story
            story.finish()
            await loading
            fleet.resting.clear()
            for worker in fleet.workers:
                worker.send(signal.SIGCONT)
            await fleet.ready()
            wrong = await fleet.verdict()
            assert not wrong, "\n".join([f"seed {seed()}, logs in {folder}:", *wrong])
        finally:
            loading.cancel()
            await asyncio.wait([loading])
