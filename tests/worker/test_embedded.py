"""A worker on the embedded broker and store, which have no transactions: what `make demo` stands on."""

import asyncio
import signal
from pathlib import Path

from stream.embedded import EmbeddedBroker, EmbeddedStore
from tests.worker.fleet import Fleet, running
from tests.worker.site import Site
from tests.worker.traffic import messy


async def test_killed_on_the_embedded_pair(
    embedded_broker: EmbeddedBroker, embedded_store: EmbeddedStore, tmp_path: Path
) -> None:
    """All equals the oracle, over a kill -9 too; only records set aside may come twice."""
    site = Site(embedded_broker.bootstrap, embedded_store.url, transactions=False)
    async with running(Fleet(site, tmp_path), attended=True) as fleet:
        (worker,) = fleet.workers
        sending = asyncio.ensure_future(site.send(messy(seed=51, sessions=1_000, per_second=1), rate=600))
        await fleet.has_read(1_000)
        worker.send(signal.SIGKILL)
        await sending

        assert await fleet.verdict(within=120) == []
