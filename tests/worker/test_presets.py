"""Workers with each of the presets, on traffic of its kind of site: their numbers are the oracle's."""

import asyncio
import json
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from stream.configuration import PRESETS, preset_text
from stream.simulate.disorder import Arrival
from tests.worker.fleet import Fleet, running
from tests.worker.paging import DAY
from tests.worker.site import Site
from tests.worker.traffic import messy


def soon_over(site: Site, preset: str, folder: Path) -> Site:
    """Return the site with the preset, its attempts over after hours: closed minutes last no 30 days."""
    file = folder / "preset.toml"
    file.write_text(preset_text(preset).replace('within = "30d"', 'within = "3h"'))
    return replace(site, file=file)


def who_asks_for_a_demo(after_ms: int) -> list[Arrival]:
    """Return what somebody does who comes by an ad and asks for a demo two sessions later."""
    done = [
        (1, {"name": "page_view", "page": "/lp/crm"}),
        (2, {"name": "page_view", "page": "/pricing"}),
        (40, {"name": "file_download", "page": "/whitepaper"}),
        (80, {"name": "generate_lead", "page": "/demo", "value": 250, "currency": "EUR"}),
    ]
    return [
        Arrival(at, b"lead", json.dumps({"visitor_id": "lead", "time": at, **event}).encode())
        for at, event in ((after_ms + minutes * 60_000, event) for minutes, event in done)
    ]


@pytest.mark.parametrize("preset", PRESETS)
async def test_each_preset_is_counted_exactly(site: Site, tmp_path: Path, preset: str) -> None:
    """With a funnel or without, over a kill -9: every row and live value is the oracle's, no measure is 0."""
    site = soon_over(site, preset, tmp_path)
    async with running(Fleet(site, tmp_path), attended=True) as fleet:
        (worker,) = fleet.workers
        records = messy(seed=71, sessions=400, per_second=0.1, preset=preset)
        records += who_asks_for_a_demo(max(record.at_ms for record in records))
        sending = asyncio.ensure_future(site.send(records, rate=300))
        await fleet.has_read(300)
        worker.send(signal.SIGKILL)
        await sending

        truth = await fleet.close_everything()

        assert worker.exits == [-signal.SIGKILL]
        assert await fleet.differences(truth) == []
        reached = {measure for (measure, _), sessions in truth.reached().items() if sessions}
        assert reached == set(site.definition().measures())
        last_day = truth.pages(DAY, truth.until)
        assert last_day.stays
        assert bool(last_day.leaving) == (preset != "content"), "that has no funnel"
