"""A site whose topics are not keyed by visitor, and its workers: everything lies wherever it was put."""

import asyncio
import json
import os
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from aiokafka import ConsumerRecord

from stream.agents.envelope import Forwarded, unpack
from stream.simulate.disorder import Arrival
from stream.simulate.pacing import due
from tests.parts import Record, create_topics, produce, read_topic
from tests.worker.fleet import Fleet
from tests.worker.site import HISTORICAL, Site
from tests.worker.traffic import CLOSING, closing_time
from tests.worker.truth import Truth

Place = tuple[str, int, int]
"""Topic, partition, offset."""


@dataclass(frozen=True)
class UnkeyedSite(Site):
    """Two topics of events of different partition counts; ``partitions`` is that of the visitors."""

    @property
    def sources(self) -> Mapping[str, int]:
        """The topics of events, each with its number of partitions."""
        return {self.events: 3, f"{self.tag}-app-events": 2}

    @property
    def by_visitor(self) -> str:
        """The internal topic that they are repartitioned to."""
        return f"{self.tag}-events-by-visitor"

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables that configure a worker of this site."""
        unkeyed = {
            "MICROCONV_KAFKA__EVENTS": json.dumps(list(self.sources)),
            "MICROCONV_KAFKA__KEYED_BY": "none",
        }
        return {**super().environment, **unkeyed}

    async def create_events(self) -> None:
        """Create the topics of events; the workers make all others."""
        for topic, count in self.sources.items():
            await create_topics(self.bootstrap, [topic], count, HISTORICAL)

    async def send(self, records: Iterable[Arrival], rate: float | None = None) -> int:
        """Send records without their keys, each to any partition of any of the topics."""
        rng = random.Random(int(os.environ.get("MICROCONV_CHAOS_SEED") or 1))
        places = [(topic, number) for topic, count in self.sources.items() for number in range(count)]
        sent = 0
        async for group in due(records, rate=rate):
            batches: dict[str, list[Record]] = {topic: [] for topic in self.sources}
            for at_ms, _, value in group:
                topic, partition = rng.choice(places)
                batches[topic].append(Record(value, None, partition, at_ms))
            for topic, batch in batches.items():
                await produce(self.bootstrap, topic, batch)
            sent += len(group)
        return sent

    async def read_sources(self) -> dict[Place, ConsumerRecord[bytes | None, bytes | None]]:
        """Return all records of the topics of events, by where they are."""
        return {
            (record.topic, record.partition, record.offset): record
            for topic in self.sources
            for record in await read_topic(self.bootstrap, topic)
        }

    async def read_by_visitor(self) -> list[tuple[int, Place, bytes | None]]:
        """Return the repartitioned records in order: the partition, where they were read, their bytes."""
        found = []
        for record in await read_topic(self.bootstrap, self.by_visitor):
            for chunk in unpack([record.value]):
                if isinstance(chunk, Forwarded):
                    place = chunk.topic, chunk.partition, chunk.offsets[0]
                    found.append((record.partition, place, chunk.values[0]))
        return found


class UnkeyedFleet(Fleet):
    """Workers of such a site."""

    site: UnkeyedSite

    async def close_everything(self, within: float = 60.0) -> Truth:
        """Send closing events to all partitions that have events, wait until they were read; the truth.

        Raises:
            TimeoutError: They are not read.
        """
        site = self.site
        sent = await site.read_sources()
        at_ms = closing_time(max(r.timestamp for r in sent.values()), site.definition())
        for topic, partition in sorted({place[:2] for place in sent}):
            ping = {"name": "ping", "time": at_ms, "visitor_id": f"{CLOSING}-{topic}-{partition}"}
            await produce(site.bootstrap, topic, [Record(json.dumps(ping).encode(), None, partition, at_ms)])
        sources = await site.read_sources()
        await self.has_closed(len(sources), at_ms, within)
        order: dict[Place, int] = {}
        for home, place, value in await site.read_by_visitor():
            assert sources[place].value == value, f"{place} is forwarded byte for byte"
            assert place not in order or not site.transactions, f"{place} is forwarded once"
            assert order.setdefault(place, home) == home
        assert set(order) == set(sources), "everything is forwarded"
        records = [sources[place] for place in order]
        return await asyncio.to_thread(Truth, records, site.definition(), at_ms, list(order.values()))
