"""One worker on a real Kafka and a real Redis: whatever arrives, its numbers are the oracle's."""

from pathlib import Path

from tests.parts import KafkaBroker, RedisServer
from tests.worker.fleet import Fleet, running
from tests.worker.site import Site
from tests.worker.traffic import messy


async def test_messy_traffic_is_counted_exactly(
    kafka: KafkaBroker, redis_server: RedisServer, tmp_path: Path
) -> None:
    """Disorder, duplicates, late, broken and skewed records on four partitions: all is the oracle's."""
    site = Site(kafka.bootstrap, redis_server.url)
    async with running(Fleet(site, tmp_path)) as fleet:
        await site.send(messy(seed=1, sessions=2_000, per_second=2), rate=3_000)

        assert await fleet.verdict() == []
