"""The dashboard on a real Prometheus that scrapes a real worker."""

import asyncio
import itertools
import time
from pathlib import Path

from stream.generate.grafana import dashboard
from stream.simulate.disorder import EVERYDAY, arrivals
from stream.simulate.sink.kafka import to_kafka
from stream.simulate.traffic import live
from tests.deploy.dashboard import wait_until_answered
from tests.parts import PrometheusServer
from tests.worker.fleet import Fleet, running
from tests.worker.site import Site


async def test_every_query_of_the_dashboard_has_an_answer(site: Site, tmp_path: Path) -> None:
    """With a worker that counts live traffic, each panel and each choice of the dashboard shows numbers."""
    traffic = live(200, now_ms=int(time.time() * 1000), seed=5, pace=60, history=True)
    records = itertools.islice(arrivals(traffic, EVERYDAY), 200 * 120)
    async with running(Fleet(site, tmp_path)) as fleet:
        (worker,) = fleet.workers
        sending = asyncio.create_task(to_kafka(records, site.bootstrap, site.events, live=True))
        try:
            await fleet.has_read(500)
            with PrometheusServer([f"127.0.0.1:{worker.port}"]) as prometheus:
                await asyncio.to_thread(wait_until_answered, prometheus.query, dashboard(), 60.0)
        finally:
            sending.cancel()
