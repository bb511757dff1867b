"""Some workers of one site: started, attended, watched, and judged by the oracle in the end."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from redis.exceptions import RedisError

from tests.parts import produce, read_topic
from tests.waiting import until
from tests.worker.exposed import counter_differences, gauge_differences, outcome_differences
from tests.worker.process import Sample, WorkerProcess
from tests.worker.site import Site
from tests.worker.traffic import closing_events, closing_time
from tests.worker.truth import Truth
from tests.worker.verdict import differences

COMMAND = ("-m", "stream", "worker")
"""How a worker is started; what tells it the configuration follows."""


class Fleet:
    """The workers of a site.

    Attributes:
        site: The site.
        workers: Places for workers.
        resting: Places whose worker is not started again by `attend`.
    """

    def __init__(
        self,
        site: Site,
        folder: Path,
        workers: int = 1,
        command: Sequence[str] = COMMAND,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.site = site
        self.resting: set[WorkerProcess] = set()
        self.workers = [
            WorkerProcess(
                f"worker-{number}",
                folder,
                {**site.environment, **(environment or {})},
                [*command, *site.arguments],
            )
            for number in range(workers)
        ]

    async def attend(self) -> None:
        """Start every worker (again) that is not running and not resting, until cancelled."""
        while True:
            for worker in self.workers:
                if worker not in self.resting and not worker.alive:
                    worker.reap()
                    worker.start()
            await asyncio.sleep(0.05)

    async def start(self) -> None:
        """Start all workers and return when they are ready.

        Raises:
            TimeoutError: One is not.
        """
        for worker in self.workers:
            worker.start()
        await self.ready()

    async def ready(self, within: float = 30.0) -> None:
        """Return when all workers are ready at once.

        Raises:
            TimeoutError: They are not; says what each is doing.
        """

        async def all_ready() -> bool:
            return all(await asyncio.gather(*[w.ready() for w in self.workers if w not in self.resting]))

        try:
            await until(all_ready, "all workers are ready", within)
        except TimeoutError as late:
            raise TimeoutError(f"{late}\n{await self.situation()}") from None

    async def status(self) -> dict[str, str]:
        """Return the hash ``status`` of Redis; nothing while Redis is away."""
        try:
            async with self.site.store() as store:
                found = await store.hgetall(f"{self.site.tag}:status")
                return {str(name): str(text) for name, text in found.items()}
        except (RedisError, OSError):
            return {}

    async def read(self) -> int:
        """Return how many records were read, by the outcomes in Redis."""
        status = await self.status()
        names = ("counted", "duplicate", "late", "rejected", "bot")
        return sum(int(status.get(name, 0)) for name in names)

    async def has_read(self, records: int, within: float = 60.0) -> None:
        """Return when at least so many records were read and shown.

        Raises:
            TimeoutError: They are not; says how many are, and what each worker is doing.
        """

        async def enough() -> bool:
            return await self.read() >= records

        try:
            await until(enough, f"{records} records are read", within)
        except TimeoutError as late:
            raise TimeoutError(f"{late}; {await self.read()} are\n{await self.situation()}") from None

    async def situation(self) -> str:
        """Return what each worker is doing, for whoever waited in vain."""
        return "\n".join([await worker.situation() for worker in self.workers])

    async def samples(self) -> list[Sample]:
        """Return the samples of all workers' metrics."""
        found = await asyncio.gather(*[worker.samples() for worker in self.workers])
        return [sample for samples in found for sample in samples]

    async def owner(self) -> WorkerProcess | None:
        """Return the worker that owns the rates, by its metrics."""
        for worker in self.workers:
            if any(sample.name == "microconv_redis_lag_seconds" for sample in await worker.samples()):
                return worker
        return None

    async def close_everything(self, within: float = 60.0) -> Truth:
        """Send closing events to the partitions in use, wait until they were read, and return the truth.

        Raises:
            TimeoutError: They are not read.
        """
        site = self.site
        sent = await read_topic(site.bootstrap, site.events)
        at_ms = closing_time(max(record.timestamp for record in sent), site.definition())
        closing = closing_events(sorted({record.partition for record in sent}), at_ms)
        await produce(site.bootstrap, site.events, closing)
        records = await read_topic(site.bootstrap, site.events)
        truth = await asyncio.to_thread(Truth, records, site.definition(), at_ms)
        await self.has_closed(len(records), at_ms, within)
        return truth

    async def has_closed(self, records: int, at_ms: int, within: float) -> None:
        """Return when so many records were read, and the watermark has passed closing events of that time.

        Raises:
            TimeoutError: They are not.
        """
        out_of_order = self.site.definition().times.out_of_order

        async def closed() -> bool:
            return int((await self.status()).get("watermark", 0)) >= at_ms - out_of_order

        await self.has_read(records, within)
        await until(closed, "the watermark passes the closing events", within)

    async def verdict(self, within: float = 60.0, settles: float = 20.0) -> list[str]:
        """Close everything, and return how what the workers wrote differs from the truth.

        Args:
            within: For reading all records, seconds.
            settles: For publishing all that is read, seconds.
        """
        return await self.differences(await self.close_everything(within), settles)

    async def differences(self, truth: Truth, settles: float = 20.0) -> list[str]:
        """Return how what the workers wrote, and what they show, differs from the truth.

        Rows that changed are published again within two seconds, so a difference counts if it lasts.

        Args:
            truth: What should be there.
            settles: For publishing all that is read, seconds.
        """
        deadline = time.monotonic() + settles
        while True:
            wrong = await differences(self.site, truth) + await self._shown(truth)
            if not wrong or time.monotonic() > deadline:
                return wrong
            await asyncio.sleep(0.5)

    async def _shown(self, truth: Truth) -> list[str]:
        watermark = int((await self.status()).get("watermark", 0))
        samples = await self.samples()
        return [
            *outcome_differences(samples, truth),
            *counter_differences(samples, truth),
            *gauge_differences(samples, truth, self.site.definition(), watermark),
        ]

    def discard(self) -> None:
        """Kill all workers."""
        for worker in self.workers:
            worker.discard()


@asynccontextmanager
async def running(fleet: Fleet, attended: bool = False) -> AsyncIterator[Fleet]:
    """Start workers on the site's topic, which is made where it is missing; kill them in the end.

    Args:
        fleet: The workers.
        attended: Whether workers that end are started again, as supervisors do.
    """
    await fleet.site.create_events()
    attending = asyncio.ensure_future(fleet.attend()) if attended else None
    try:
        if attending is None:
            await fleet.start()
        else:
            await fleet.ready()
        yield fleet
    finally:
        if attending is not None:
            attending.cancel()
            await asyncio.wait([attending])
        fleet.discard()
