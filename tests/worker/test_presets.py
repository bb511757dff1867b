"""Workers with each of the presets, on traffic of its kind of site: their numbers are the oracle's."""

from pathlib import Path

import pytest

from stream.configuration import PRESETS, load, preset_text
from stream.settings import Settings
from tests.worker.fleet import Fleet, running
from tests.worker.site import Site
from tests.worker.traffic import messy


class FileSite(Site):
    """A site of which ``preset`` is a configuration file."""

    def settings(self) -> Settings:
        """Return the configuration as its workers read it."""
        return load(self.preset, environ=self.environment)


def within_sessions(site: Site, preset: str, folder: Path) -> FileSite:
    """Return the site with a configuration that is the preset, with each funnel within one session."""
    file = folder / "within.toml"
    file.write_text(preset_text(preset).replace('scope = "visitor"\n', ""))
    return FileSite(site.bootstrap, site.redis_url, preset=str(file))


@pytest.mark.parametrize("preset", PRESETS)
async def test_each_preset_is_counted_exactly(site: Site, tmp_path: Path, preset: str) -> None:
    """With a funnel or without, messy traffic of some hours: every row and live value is the oracle's."""
    # When the oracle counts across sessions, too: Site(..., preset=preset), and Fleet's own command.
    site = within_sessions(site, preset, tmp_path)
    async with running(Fleet(site, tmp_path, command=("-m", "stream", "worker", "-c"))) as fleet:
        await site.send(messy(seed=71, sessions=400, per_second=0.1, preset=preset))

        truth = await fleet.close_everything()

        assert await fleet.differences(truth) == []
        reached = {measure for (measure, _), sessions in truth.reached().items() if sessions}
        missed = set(site.definition().measures()) - reached
        assert missed <= {"trial.demo_request"}, "few ask for a demo in the session of the ad"
