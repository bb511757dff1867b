"""One run of the chaos suite: load, workers that are restarted when they end, and the judgement."""

import asyncio
import itertools
import os
import random
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from aiokafka import AIOKafkaProducer

from tests.chaos.engine.fleet import Slot
from tests.chaos.engine.oracle import differences
from tests.parts.kafka import create_topics
from tests.waiting import until

_numbers = itertools.count()

EVENTS_PER_SECOND = 800
KEYS = 1500


def seed() -> int:
    """Return the seed of this session: ``CHAOS_SEED``, else one that the test's output tells."""
    return int(os.environ.get("CHAOS_SEED") or random.randrange(10**6))


class Run:
    """Workers on one group, two inputs under load, and what is done to them."""

    def __init__(self, bootstrap: str, folder: Path, workers: int, static: bool, transactions: bool) -> None:
        tag = f"chaos-{os.getpid()}-{next(_numbers)}"
        self.seed = seed()
        self.random = random.Random(self.seed)
        print(f"CHAOS_SEED={self.seed}, logs in {folder}")  # noqa: T201 - pytest shows it where the test fails
        self.bootstrap = bootstrap
        self.group, self.prefix = tag, f"{tag}-"
        self.inputs = (f"{tag}-clicks", f"{tag}-orders")
        self.transactions = transactions
        options = {
            "brokers": [bootstrap],
            "group": self.group,
            "prefix": self.prefix,
            "inputs": self.inputs,
            "transactions": transactions,
        }
        members = [{"instance_id": f"{tag}-{n}"} if static else {} for n in range(workers)]
        self._wishes = folder / "wishes"
        self._wishes.mkdir()
        self.slots = [
            Slot(f"worker-{n}", {**options, **member}, folder, self._wishes)
            for n, member in enumerate(members)
        ]
        self.resting: set[Slot] = set()
        """Slots whose worker is not started again."""
        self.sent = 0

    async def load(self) -> None:
        """Send events to both inputs until cancelled, and, where there are transactions, aborted ones."""
        clean = AIOKafkaProducer(bootstrap_servers=self.bootstrap, linger_ms=5)
        ghosts = AIOKafkaProducer(bootstrap_servers=self.bootstrap, transactional_id=f"{self.group}-ghosts")
        await clean.start()
        if self.transactions:
            await ghosts.start()
        began = time.monotonic()
        try:
            while True:
                while self.sent < (time.monotonic() - began) * EVENTS_PER_SECOND:
                    key = b"visitor-%d" % self.random.randrange(KEYS)
                    await clean.send(self.inputs[self.sent % 2], b"%d" % self.sent, key=key)
                    self.sent += 1
                if self.transactions and self.sent % 5 == 0:
                    await ghosts.begin_transaction()
                    await ghosts.send(self.inputs[0], b"1000000", key=b"ghost")
                    await ghosts.abort_transaction()
                await asyncio.sleep(0.01)  # keeps to the rate: it sends until it is cancelled
        finally:
            await clean.stop()
            await ghosts.stop()

    async def attend(self) -> None:
        """Start every worker again that ends, until cancelled."""
        while True:
            for slot in self.slots:
                if slot not in self.resting and not slot.alive:
                    slot.reap()
                    slot.start()
            await asyncio.sleep(0.05)  # as a supervisor does: there is nothing to wait for

    async def until(self, condition: Callable[[], object], what: str, within: float = 60.0) -> None:
        """Return when the condition holds.

        Raises:
            TimeoutError: It does not hold in time.
        """
        await until(condition, f"{what} (seed {self.seed})", within)

    async def flow(self, seconds: float) -> None:
        """Let events flow for so long."""
        target = self.sent + seconds * EVENTS_PER_SECOND
        await self.until(lambda: self.sent >= target, "events flow", within=seconds + 60)

    async def freeze_inside(self, topology: str) -> Slot:
        """Let one of the workers stop itself inside its next transaction of a topology.

        Raises:
            TimeoutError: None does.
        """
        (self._wishes / topology).touch()
        await self.until(
            lambda: any(slot.frozen for slot in self.slots), f"frozen inside a transaction of {topology}"
        )
        return next(slot for slot in self.slots if slot.frozen)

    async def judge(self) -> list[str]:
        """Return how the workers' numbers differ from a recount, after time to read everything."""
        deadline = time.monotonic() + 60
        while wrong := await differences(
            self.bootstrap, self.group, self.prefix, self.inputs, self.transactions
        ):
            if time.monotonic() > deadline:
                return wrong
        return []


@asynccontextmanager
async def run(
    bootstrap: str,
    folder: Path,
    workers: int = 2,
    static: bool = False,
    transactions: bool = True,
    changelog: dict[str, str] | None = None,
) -> AsyncIterator[Run]:
    """Start workers and load; in the end stop the load, let all workers live, and check that all is exact.

    Args:
        bootstrap: The broker.
        folder: For logs.
        workers: How many.
        static: Whether they are static members.
        transactions: Whether the broker has transactions.
        changelog: Settings of the changelogs, where they shall not be the engine's.
    """
    made = Run(bootstrap, folder, workers, static, transactions)
    await create_topics(bootstrap, made.inputs, partitions=4)
    if changelog is not None:
        settings = {"cleanup.policy": "compact", **changelog}
        await create_topics(bootstrap, [f"{made.group}-tally-changelog"], partitions=4, config=settings)
    attending = asyncio.ensure_future(made.attend())
    loading = asyncio.ensure_future(made.load())
    try:
        await made.until(lambda: all(slot.times_ready() for slot in made.slots), "all workers are ready")
        await made.flow(1)
        yield made
        await made.flow(1)
        loading.cancel()
        await asyncio.wait([loading])
        made.resting.clear()
        for slot in made.slots:
            slot.send(signal.SIGCONT)
        wrong = await made.judge()
        assert wrong == [], f"seed {made.seed}"
    finally:
        attending.cancel()
        loading.cancel()
        await asyncio.wait([attending, loading])
        for slot in made.slots:
            slot.end()
