"""Which values of a dimension are told apart is state: it survives crashes, and goes with the rates."""

import json
import signal
from collections.abc import Iterable
from pathlib import Path

from tests.parts import KafkaBroker, Record, RedisServer, produce, read_topic
from tests.waiting import until
from tests.worker.fleet import Fleet, running
from tests.worker.site import Site
from tests.worker.traffic import BEGIN

ROOM = 3
FIRST = ("a", "b", "c")


def visits(numbers: Iterable[int], source: str) -> list[Record]:
    """Return a visit from that source for each number, by visitors of all partitions."""
    return [
        Record(
            json.dumps(
                {"name": "view_item", "time": BEGIN + n, "visitor_id": f"v{n}", "source": source}
            ).encode(),
            f"v{n}".encode(),
            None,
            BEGIN + n,
        )
        for n in numbers
    ]


class Shop:
    """Sends visits, a number of its own to each."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self.sent = 0

    async def visited_from(self, *sources: str) -> None:
        """Send ten visits from each source, one source after the other, and wait until they are counted."""
        site = self._fleet.site
        for source in sources:
            numbers = range(self.sent, self.sent + 10)
            self.sent += 10
            await produce(site.bootstrap, site.events, visits(numbers, source))
            await self._fleet.has_read(self.sent)


async def segments(site: Site) -> set[str]:
    """Return the sources that are told apart, as Redis lists them."""
    async with site.store() as store:
        return {str(value) for value in await store.smembers(f"{site.tag}:segments:source")}


async def counted(fleet: Fleet) -> dict[str, float]:
    """Return the sessions by source, and of overflow, as the owner of the rates shows them."""
    samples = await fleet.samples()
    found = {
        s.labels["value"]: s.value
        for s in samples
        if s.name == "microconv_sessions_total" and s.labels["dimension"] == "source"
    }
    overflow = [
        s.value
        for s in samples
        if s.name == "microconv_segment_overflow_total" and s.labels["dimension"] == "source"
    ]
    return {source: n for source, n in found.items() if n} | {"overflow": sum(overflow)}


async def test_admission_survives_crashes_and_moves(
    kafka: KafkaBroker, redis_server: RedisServer, tmp_path: Path
) -> None:
    """First come, first told apart: also after kill -9, and after another worker has taken the rates over."""
    room = {"MICROCONV_DIMENSIONS__SOURCE__MAX_VALUES": str(ROOM)}
    site = Site(kafka.bootstrap, redis_server.url, overrides=room)
    fleet = Fleet(site, tmp_path, workers=2)
    async with running(fleet, attended=True):
        shop = Shop(fleet)
        await shop.visited_from(*FIRST, "d")
        assert await segments(site) == {*FIRST, "__other__"}

        for worker in fleet.workers:
            worker.send(signal.SIGKILL)
        await until(lambda: all(worker.exits for worker in fleet.workers), "both were killed")
        await fleet.ready()
        await shop.visited_from("e", "a")
        assert await segments(site) == {*FIRST, "__other__"}

        owner = await fleet.owner()
        assert owner is not None
        fleet.resting.add(owner)
        owner.send(signal.SIGKILL)

        async def moved() -> bool:
            return await fleet.owner() not in (None, owner)

        await until(moved, "the other worker owns the rates")
        await shop.visited_from("f", "b", "d")
        assert await segments(site) == {*FIRST, "__other__"}

        async def shown() -> bool:
            return await counted(fleet) == {"a": 20, "b": 20, "c": 10, "__other__": 40, "overflow": 40}

        await until(shown, "counters of all that came, each in its segment", within=15)
        truth = await fleet.close_everything()
        rows = {
            (record.key or b"").decode().split("|")[1]
            for record in await read_topic(site.bootstrap, site.rates)
        }
        assert {row for row in rows if row.startswith("source=")} == {
            f"source={source}" for source in (*FIRST, "__other__")
        }
        assert {outcome for _, _, outcome in truth.outcomes} == {"counted"}
