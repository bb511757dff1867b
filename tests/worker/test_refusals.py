"""What a worker refuses, and the sentence it says."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.parts import create_topics
from tests.worker.fleet import COMMAND, Fleet, running
from tests.worker.process import WorkerProcess
from tests.worker.site import Site
from tests.worker.traffic import messy


def command(*arguments: str) -> Sequence[str]:
    """Return the command line of a worker."""
    return ("-m", "stream", "worker", *arguments)


@pytest.mark.parametrize(
    ("arguments", "environment", "sentences"),
    [
        ([], {}, ["there is no ./microconv.toml", "-c FILE, --preset NAME"]),
        (["--preset", "shop"], {}, ["found 'shop'", "ecommerce"]),
        (
            ["--preset", "ecommerce"],
            {"MICROCONV_WEB__PORT": "high"},
            ["environment MICROCONV_WEB__PORT", "web.port", "found 'high'", "wanted"],
        ),
        (
            ["--preset", "ecommerce"],
            {"MICROCONV_SESSIONS__TIMEOUT": "soon"},
            ["MICROCONV_SESSIONS__TIMEOUT", "found 'soon'"],
        ),
        (
            ["--preset", "ecommerce"],
            {"MICROCONV_KAFKA__BROKER": "localhost:9092"},
            ["kafka.broker", "brokers"],
        ),
        (["-c", "missing.toml"], {}, ["missing.toml"]),
    ],
)
async def test_a_wrong_configuration(
    arguments: list[str], environment: dict[str, str], sentences: list[str], tmp_path: Path
) -> None:
    """Exit code 2 at once, with the sentence that helps and no traceback."""
    worker = WorkerProcess("worker", tmp_path, environment, command(*arguments))
    worker.start()

    assert await worker.ended() == 2
    for sentence in sentences:
        assert sentence in worker.text()
    assert "Traceback" not in worker.text()


async def test_a_port_that_is_taken(site: Site, tmp_path: Path) -> None:
    """A second worker on the same port ends and says which key to change."""
    async with running(Fleet(site, tmp_path)) as fleet:
        port = {"MICROCONV_WEB__PORT": str(fleet.workers[0].port)}
        other = WorkerProcess("other", tmp_path, {**site.environment, **port}, [*COMMAND, *site.arguments])
        other.start()

        assert await other.ended() in (1, 2)
        assert "web.port" in other.text()


async def test_other_funnels_in_the_same_group(site: Site, tmp_path: Path) -> None:
    """State that was counted by other funnels is not continued: the worker ends and says what to do."""
    async with running(Fleet(site, tmp_path)) as fleet:
        await site.send(messy(seed=31, sessions=50, per_second=0.2))
        await fleet.has_read(200)
        await fleet.workers[0].end()
    config = tmp_path / "other.toml"
    config.write_text('[[micro]]\nname = "search"\nevent = "search"\n')
    worker = WorkerProcess("other", tmp_path, site.environment, command("-c", str(config)))
    worker.start()
    try:
        assert await worker.ended(within=30) == 1
        assert "was counted with other funnels" in worker.text()
        assert "give kafka.group a new name" in worker.text()
    finally:
        worker.discard()


async def test_inputs_with_different_partition_counts(site: Site, tmp_path: Path) -> None:
    """Inputs must be co-partitioned: the worker ends and names the topics and their numbers."""
    app_events = f"{site.tag}-app-events"
    await create_topics(site.bootstrap, [site.events], 4)
    await create_topics(site.bootstrap, [app_events], 3)
    inputs = {"MICROCONV_KAFKA__EVENTS": f'["{site.events}", "{app_events}"]'}
    worker = WorkerProcess("worker", tmp_path, {**site.environment, **inputs}, [*COMMAND, *site.arguments])
    worker.start()
    try:
        assert await worker.ended(within=30) == 1
        for part in (f"{site.events} has 4", f"{app_events} has 3", "same number of partitions"):
            assert part in worker.text()
        assert "Traceback" not in worker.text()
    finally:
        worker.discard()
