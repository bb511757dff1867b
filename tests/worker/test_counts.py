"""Workers on a real Kafka and a real Redis: whatever arrives, their numbers are the oracle's."""

import asyncio
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from stream.core.event import OUTCOMES
from stream.simulate.disorder import IN_ORDER
from tests.parts import read_topic
from tests.waiting import until
from tests.worker.exposed import step_sessions
from tests.worker.fleet import Fleet, running
from tests.worker.site import Site
from tests.worker.traffic import messy
from tests.worker.truth import Truth
from tests.worker.verdict import differences


@pytest.mark.says(
    "Late events go to `site-events-late`, in no window.", "The sum of the outcomes is what was read."
)
async def test_messy_traffic_is_counted_exactly(site: Site, tmp_path: Path) -> None:
    """Disorder, duplicates, late, broken and skewed records on four partitions: all is the oracle's."""
    async with running(Fleet(site, tmp_path)) as fleet:
        await site.send(messy(seed=1, sessions=2_000, per_second=2), rate=3_000)

        truth = await fleet.close_everything()

        assert {outcome for _, _, outcome in truth.outcomes} == set(OUTCOMES)
        assert await fleet.differences(truth) == []

        half = (await read_topic(site.bootstrap, site.events))[::2]
        found = "\n".join(await differences(site, Truth(half, site.definition(), truth.closed_by)))
        signs = (" 1m 2026-03-02T10:00Z: ", "rejected: ", "late: ", "status: ", "rate ")
        for sign in (*signs, ":session:1h:", ":time:checkout:"):
            assert sign in found, "the comparison sees that half of the records are not in the truth"


async def test_two_workers_share_the_partitions(site: Site, tmp_path: Path) -> None:
    """Each of two workers has some of the partitions, one has the rates, and together they are exact."""
    async with running(Fleet(site, tmp_path, workers=2)) as fleet:
        await site.send(messy(seed=2, sessions=500, per_second=0.5))
        truth = await fleet.close_everything()

        seen = [await worker.samples() for worker in fleet.workers]
        shares = [{s.labels["partition"] for s in samples if "partition" in s.labels} for samples in seen]
        assert sorted(len(share) for share in shares) == [2, 2]
        assert sum(any(s.name == "microconv_window_sessions" for s in samples) for samples in seen) == 1
        assert (await fleet.status())["workers"] == "2"
        assert await fleet.differences(truth) == []


async def test_the_next_worker_goes_on(site: Site, tmp_path: Path) -> None:
    """SIGTERM ends a worker quickly with exit code 0; what comes meanwhile is counted by the next one."""
    records = messy(seed=3, sessions=1_500, per_second=1.5)
    async with running(Fleet(site, tmp_path)) as fleet:
        (worker,) = fleet.workers
        sending = asyncio.ensure_future(site.send(records, rate=1_000))
        await fleet.has_read(1_500)

        assert await worker.end(signal.SIGTERM, within=5) == 0

        await until(sending.done, "all is sent")
        worker.start()
        await fleet.ready()
        assert await fleet.verdict() == []
        assert not worker.says("Traceback")


@pytest.mark.says("survive crashes (they are state, not process memory) and never fall.")
async def test_counters_survive(site: Site, tmp_path: Path) -> None:
    """Counters are state: over kills they count each session once, where events are in order."""
    records = messy(seed=5, sessions=1_000, per_second=1, disorder=IN_ORDER)
    async with running(Fleet(site, tmp_path), attended=True) as fleet:
        (worker,) = fleet.workers
        sending = asyncio.ensure_future(site.send(records, rate=600))
        for _ in range(2):
            await fleet.has_read(await fleet.read() + 500)
            worker.send(signal.SIGKILL)
        await sending

        truth = await fleet.close_everything()
        assert worker.exits == [-signal.SIGKILL] * 2
        assert await fleet.differences(truth) == []
        counted = {place: count for place, count in step_sessions(await fleet.samples()).items() if count}
        assert counted == {place: count for place, count in truth.reached().items() if count}


@pytest.mark.says("the Kafka record's timestamp, never the moment of processing;")
async def test_history_is_read_from_its_beginning(site: Site, tmp_path: Path) -> None:
    """A worker that first starts behind a backlog counts all of it, as if it had been there."""
    await site.create_events()
    await site.send(messy(seed=4, sessions=1_500, per_second=1.5))
    fleet = Fleet(site, tmp_path)
    try:
        await fleet.start()

        assert await fleet.verdict() == []
    finally:
        fleet.discard()


@contextmanager
def taken(port: int) -> Iterator[None]:
    """Let nobody else have a port, if we can have it."""
    try:
        server = socket.create_server(("", port))
    except OSError:
        yield  # somebody has it already
        return
    with server:
        yield


async def test_by_faust_s_own_command(site: Site, tmp_path: Path) -> None:
    """``faust -A stream.app:app worker`` is a worker, too, configured by ``MICROCONV_CONFIG``."""
    config = tmp_path / "shop.toml"
    preset = Path(sys.modules["stream"].__file__ or "").parent / "presets" / "ecommerce.toml"
    config.write_text(preset.read_text())
    environment = {"MICROCONV_CONFIG": str(config)}
    fleet = Fleet(site, tmp_path, environment=environment)
    (worker,) = fleet.workers
    worker.arguments = ["-m", "faust", "-A", "stream.app:app", "worker", "--loglevel", "info"]
    with taken(6066):  # where Faust would open a web server of its own
        async with running(fleet):
            await site.send(messy(seed=41, sessions=200, per_second=0.2))

            assert await fleet.verdict() == []
            assert await worker.end() == 0
