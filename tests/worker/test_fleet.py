"""The fleet of the other stories: what it says where they wait in vain."""

from pathlib import Path

import pytest

from tests.worker.fleet import Fleet, running
from tests.worker.site import Site
from tests.worker.traffic import messy


async def test_waiting_in_vain_tells_what_the_workers_do(site: Site, tmp_path: Path) -> None:
    """How many records were read, what `/ready` says, each input's lag, how the processes ended."""
    async with running(Fleet(site, tmp_path)) as fleet:
        sent = await site.send(messy(seed=65, sessions=20, per_second=0.2))
        await fleet.has_read(sent)

        with pytest.raises(TimeoutError) as told:
            await fleet.has_read(sent + 1, within=0.1)
        said = str(told.value)
        assert f"not within 0 s: {sent + 1} records are read; {sent} are\n" in said
        assert 'worker-0, exits []: {"ready": true, "waits_for": []' in said
        assert f"'{site.events}/0': 0.0" in said

        assert await fleet.workers[0].end() == 0
        with pytest.raises(
            TimeoutError, match=r"all workers are ready\nworker-0, exits \[0\]: nobody answers"
        ):
            await fleet.ready(within=0.1)
