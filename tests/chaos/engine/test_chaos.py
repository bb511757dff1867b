"""Whatever is done to workers, every record of the inputs is counted exactly once.

After each story the workers' rows, positions and published sums equal a recount of the inputs (`oracle`). The
order of random acts comes from ``CHAOS_SEED``; without it, from a seed that a failing test tells.
"""

import asyncio
import signal
from pathlib import Path

import pytest

from stream.embedded import EmbeddedBroker
from tests.chaos.engine.oracle import read_all
from tests.chaos.engine.run import run
from tests.parts.kafka import KafkaBroker
from tests.parts.kafka.broker import FAST_COMPACTION

SESSION_TIMEOUT_S = 6.0

pytestmark = pytest.mark.timeout(300)


async def test_kill_9(kafka: KafkaBroker, tmp_path: Path) -> None:
    """Workers killed at random moments, two at once too, lose nothing and count nothing twice."""
    async with run(kafka.bootstrap, tmp_path, workers=3) as chaos:
        for _ in range(5):
            for slot in chaos.random.sample(chaos.slots, chaos.random.choice([1, 1, 2])):
                slot.send(signal.SIGKILL)
            await chaos.flow(chaos.random.uniform(0.5, 3))


@pytest.mark.parametrize("topology", ["tally", "totals"])
async def test_frozen_inside_a_transaction(kafka: KafkaBroker, tmp_path: Path, topology: str) -> None:
    """A worker that stops inside a transaction, longer than the session timeout, comes back fenced."""
    async with run(kafka.bootstrap, tmp_path) as chaos:
        frozen = await chaos.freeze_inside(topology)
        chaos.resting.add(frozen)
        await chaos.flow(SESSION_TIMEOUT_S + 3)

        frozen.send(signal.SIGCONT)
        await chaos.until(lambda: not frozen.alive, "the zombie ends itself")
        frozen.reap()

        assert frozen.exits == [1]
        assert "was taken over by another worker" in frozen.log.read_text()


async def test_frozen_as_a_static_member(kafka: KafkaBroker, tmp_path: Path) -> None:
    """A frozen static member's partitions move on, too, and the zombie changes nothing."""
    async with run(kafka.bootstrap, tmp_path, static=True) as chaos:
        frozen = await chaos.freeze_inside("tally")
        await chaos.flow(SESSION_TIMEOUT_S + 3)
        frozen.send(signal.SIGCONT)
        await chaos.flow(1)


async def test_a_static_member_returns_without_a_rebalance(kafka: KafkaBroker, tmp_path: Path) -> None:
    """A static member that is killed and restarted takes its partitions back; the other does not pause."""
    async with run(kafka.bootstrap, tmp_path, static=True) as chaos:
        killed, other = chaos.slots
        before = other.times_ready()

        killed.send(signal.SIGKILL)
        await chaos.until(lambda: killed.times_ready() >= 2, "it is back", within=SESSION_TIMEOUT_S)

        assert other.times_ready() == before


async def test_stopped_and_continued(kafka: KafkaBroker, tmp_path: Path) -> None:
    """Workers that stand still for longer than the session timeout, wherever they are, do no harm."""
    async with run(kafka.bootstrap, tmp_path) as chaos:
        for slot in chaos.random.sample(chaos.slots, 2):
            slot.send(signal.SIGSTOP)
            await chaos.flow(SESSION_TIMEOUT_S + chaos.random.uniform(1, 3))
            slot.send(signal.SIGCONT)
            await chaos.flow(chaos.random.uniform(1, 2))


async def test_terminated(kafka: KafkaBroker, tmp_path: Path) -> None:
    """A clean stop flushes, leaves the group and exits with 0; the others go on within a second or two."""
    async with run(kafka.bootstrap, tmp_path, workers=3) as chaos:
        for slot in chaos.random.sample(chaos.slots, 2):
            back = slot.ready_again()
            slot.send(signal.SIGTERM)
            await chaos.until(back, "it is back", within=20)
            assert slot.exits == [0]


async def test_workers_join_and_leave(kafka: KafkaBroker, tmp_path: Path) -> None:
    """Joining and leaving workers move partitions without loss, and no healthy worker ends because of it."""
    async with run(kafka.bootstrap, tmp_path, workers=3) as chaos:
        guest = chaos.slots[2]
        chaos.resting.add(guest)
        for _ in range(3):
            guest.end(signal.SIGTERM)
            await chaos.flow(chaos.random.uniform(0.5, 2))
            back = guest.ready_again()
            guest.start()
            await chaos.until(back, "the guest is back")
            await chaos.flow(chaos.random.uniform(0.2, 2))

        assert [slot.exits for slot in chaos.slots[:2]] == [[], []]


async def test_active_compaction(tmp_path: Path) -> None:
    """State recovered from a changelog that is being compacted is whole, over kills and freezes."""
    settings = {"segment.ms": "1000", "min.cleanable.dirty.ratio": "0.01", "max.compaction.lag.ms": "1000"}
    with KafkaBroker(FAST_COMPACTION) as broker:
        async with run(broker.bootstrap, tmp_path, changelog=settings) as chaos:
            for _ in range(4):
                chaos.random.choice(chaos.slots).send(signal.SIGKILL)
                await chaos.flow(chaos.random.uniform(2, 4))
            frozen = await chaos.freeze_inside("tally")
            await chaos.flow(SESSION_TIMEOUT_S + 2)
            frozen.send(signal.SIGCONT)
            await chaos.flow(2)
            for slot in chaos.slots:
                slot.send(signal.SIGKILL)
        rows = await read_all(broker.bootstrap, f"{chaos.group}-tally-changelog", transactions=True)
        written = sum({record.partition: record.offset for record in rows}.values())

        assert len(rows) < written / 2, "compaction was at work"


async def test_without_transactions(embedded_broker: EmbeddedBroker, tmp_path: Path) -> None:
    """On the embedded broker, kills and clean stops lose nothing, and repetitions can be told.

    One worker, as in the demo: with several, that broker's group coordinator may hang after a kill.
    """
    async with run(embedded_broker.bootstrap, tmp_path, workers=1, transactions=False) as chaos:
        slot = chaos.slots[0]
        for act in (signal.SIGKILL, signal.SIGTERM, signal.SIGKILL):
            back = slot.ready_again()
            slot.send(act)
            await chaos.until(back, "it is back")
            await chaos.flow(chaos.random.uniform(1, 2))


async def test_the_broker_goes_away(tmp_path: Path) -> None:
    """An outage of the broker loses nothing, whether workers live through it or end and wait for it."""
    with KafkaBroker() as broker:
        async with run(broker.bootstrap, tmp_path) as chaos:
            await asyncio.to_thread(broker.stop)
            await chaos.until(
                lambda: any("aiokafka" in slot.log.read_text() for slot in chaos.slots), "they notice"
            )
            await asyncio.to_thread(broker.start)
            await chaos.flow(2)
