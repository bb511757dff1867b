"""A batch that was damaged on the broker's disk: the worker stops and says where, and can be let go on."""

import json
import struct
from pathlib import Path

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from tests.engine.batches import sign
from tests.parts import KafkaBroker, Record, RedisServer, create_topics, produce
from tests.worker.fleet import Fleet
from tests.worker.site import Site
from tests.worker.traffic import BEGIN

HEADER = 61
"""Bytes of a batch before its records."""


def shares(first: int, count: int) -> list[Record]:
    """Return events that count, of one partition."""
    return [
        Record(
            json.dumps({"name": "share", "time": BEGIN + n, "visitor_id": f"v{n}"}).encode(), b"v", 0, BEGIN
        )
        for n in range(first, first + count)
    ]


def damage(segment: Path, offset: int, checksum: bool) -> None:
    """Overwrite the records of the batch that begins there; with a right or with a wrong checksum."""
    data = bytearray(segment.read_bytes())
    at = 0
    while struct.unpack_from(">q", data, at)[0] != offset:
        at += 12 + struct.unpack_from(">i", data, at + 8)[0]
    end = at + 12 + struct.unpack_from(">i", data, at + 8)[0]
    data[at + HEADER : end] = b"\x5a" * (end - at - HEADER)
    if checksum:
        data[at:end] = sign(data[at:end])
    segment.write_bytes(data)


async def test_a_damaged_batch_stops_the_worker_until_it_is_deleted(
    redis_server: RedisServer, tmp_path: Path
) -> None:
    """Nothing is skipped silently: the worker ends, and says where and what to do; and that helps."""
    with KafkaBroker() as kafka:
        site = Site(kafka.bootstrap, redis_server.url, partitions=1)
        await create_topics(site.bootstrap, [site.events], 1)
        await produce(site.bootstrap, site.events, shares(0, 3))
        await produce(site.bootstrap, site.events, shares(3, 4), compression="zstd")
        await produce(site.bootstrap, site.events, shares(7, 5))
        (segment,) = kafka.folder.rglob(f"{site.events}-0/*.log")
        kafka.stop()
        damage(segment, 3, checksum=True)
        kafka.start()
        fleet = Fleet(site, tmp_path)
        (worker,) = fleet.workers
        try:
            worker.start()
            assert await worker.ended(within=60) == 1
            said = worker.text()
            assert f"topic {site.events}, partition 0, at or after offset 3 cannot be read" in said
            assert f"kafka-delete-records with offset 7 of topic {site.events}, partition 0" in said
            assert "Traceback" not in said

            admin = AIOKafkaAdminClient(bootstrap_servers=site.bootstrap)
            await admin.start()
            await admin.delete_records({TopicPartition(site.events, 0): RecordsToDelete(before_offset=7)})
            await admin.close()
            worker.start()
            await fleet.ready()
            await fleet.has_read(8)

            assert (await fleet.status())["counted"] == "8"
            assert f"{site.events}, partition 0: the records from offset 3 to 7 were deleted" in worker.text()
        finally:
            fleet.discard()
