"""Workers with each of the presets, on traffic of its kind of site: their numbers are the oracle's."""

from dataclasses import replace
from pathlib import Path

import pytest

from stream.configuration import PRESETS, preset_text
from tests.worker.fleet import Fleet, running
from tests.worker.paging import DAY
from tests.worker.site import Site
from tests.worker.traffic import messy


def soon_over(site: Site, preset: str, folder: Path) -> Site:
    """Return the site with the preset, its attempts over after hours: closed minutes last no 30 days."""
    file = folder / "preset.toml"
    file.write_text(preset_text(preset).replace('within = "30d"', 'within = "3h"'))
    return replace(site, file=file)


@pytest.mark.parametrize("preset", PRESETS)
async def test_each_preset_is_counted_exactly(site: Site, tmp_path: Path, preset: str) -> None:
    """With a funnel or without, messy traffic of some hours: every row and live value is the oracle's."""
    site = soon_over(site, preset, tmp_path)
    async with running(Fleet(site, tmp_path)) as fleet:
        await site.send(messy(seed=71, sessions=400, per_second=0.1, preset=preset))

        truth = await fleet.close_everything()

        assert await fleet.differences(truth) == []
        reached = {measure for (measure, _), sessions in truth.reached().items() if sessions}
        missed = set(site.definition().measures()) - reached
        last_day = truth.pages(DAY, truth.until)
        assert last_day.stays
        assert bool(last_day.leaving) == (preset in ("ecommerce", "leads")), "others have no such funnel"
        assert missed <= {"trial.demo_request"}, "few ask for a demo within hours of the ad"
