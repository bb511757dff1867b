"""Records of every wrong kind among good ones: one outcome each, set aside whole, nothing else is lost."""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import cycle
from pathlib import Path

from aiokafka import ConsumerRecord

from stream.agents.aside import HEADERS
from stream.core.event import REASONS
from tests.odd.records import odd_records
from tests.oracle import judge
from tests.parts import Record, produce, read_topic
from tests.replay.running import in_order, run, write
from tests.worker.fleet import Fleet, running
from tests.worker.site import Site
from tests.worker.traffic import messy

KEYS = (None, b"", b"odd", b"\x00", b"\xff\xfe", "\u202eק".encode(), b"k" * 10_000)
FOREIGN = (
    (),
    (("traceparent", b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),),
    (("reason", b"late"), ("reason", b"\xff"), ("offset", b""), ("", b"x"), ("Größe", b"\x00" * 1_000)),
)
"""Headers that other programs write; some are called as ours are."""

BATCH = 200
"""So many records a batch: those of a megabyte fit in with others."""

SAME = ("counted", "duplicate", "late", "bot")
"""Outcomes of which there are not more when rejected records come again."""


def interleaved(seed: int) -> tuple[list[Record], int]:
    """Return good traffic in its order, bad records anywhere among it, and how many of these there are."""
    rng = random.Random(seed)
    good = [Record(value, key, None, at_ms) for at_ms, key, value in messy(seed, 300, 1)]
    times = [record.timestamp for record in good]
    keys, headers = cycle(KEYS), cycle(FOREIGN)
    placed = [(n + 0.5, record) for n, record in enumerate(good)]
    odd = list(odd_records())
    for value in odd:
        place = rng.random() * len(good)
        without = rng.random() < 0.02
        at_ms = -1 if without else times[int(place)]
        placed.append((place, Record(value, next(keys), rng.randrange(4), at_ms, next(headers))))
    return [record for _, record in sorted(placed, key=lambda pair: pair[0])], len(odd)


def again(records: Sequence[ConsumerRecord[bytes | None, bytes | None]]) -> Iterator[Record]:
    """Yield what was set aside as it was read, with the headers that it got."""
    for record in records:
        at_ms = int(dict(record.headers)["time"])
        yield Record(record.value, record.key, record.partition, at_ms, record.headers)


def told(record: ConsumerRecord[bytes | None, bytes | None]) -> tuple[object, ...]:
    """Return what was set aside, where, and why."""
    headers = dict(record.headers)
    return record.partition, record.key, record.value, headers["reason"], headers["detail"], headers["time"]


async def test_every_kind_among_good_ones(site: Site, tmp_path: Path) -> None:
    """Each record has the batch's outcome; rejected ones are whole, with our headers; the rest is exact.

    Fed in again, the rejected records are rejected again for the same reasons, with headers of their own.
    """
    records, odd = interleaved(seed=61)
    async with running(Fleet(site, tmp_path)) as fleet:
        for first in range(0, len(records), BATCH):
            codec = (None, "gzip", "snappy", "lz4", "zstd")[first // BATCH % 5]
            await produce(site.bootstrap, site.events, records[first : first + BATCH], compression=codec)
        truth = await fleet.close_everything()

        assert await fleet.differences(truth) == []
        reasons = Counter(record.headers["reason"] for record in truth.rejected)
        assert set(reasons) == set(REASONS)
        assert reasons.total() > odd / 2
        rejected = await read_topic(site.bootstrap, site.rejected)
        names = [field.name for field in HEADERS]
        assert all([name for name, _ in record.headers] == names for record in rejected)

        before = await fleet.status()
        await produce(site.bootstrap, site.events, again(rejected))
        await fleet.has_read(await fleet.read() + len(rejected))
        twice = await read_topic(site.bootstrap, site.rejected)
        assert Counter(map(told, twice)) == Counter(
            {one: 2 * n for one, n in Counter(map(told, rejected)).items()}
        )
        assert all([name for name, _ in record.headers] == names for record in twice)
        assert len({(record.partition, dict(record.headers)["offset"]) for record in twice}) == len(twice)
        after = await fleet.status()
        assert int(after["rejected"]) == len(twice)
        assert [after[name] for name in SAME] == [before[name] for name in SAME]
        assert fleet.workers[0].exits == []
        assert not fleet.workers[0].says("Traceback")

    # In a file nobody knows when a record arrived, so some that were ahead of their arrival count.
    lines = [record.value for record in rejected if record.value and record.value.strip()]
    lines = [line for line in lines if b"\n" not in line]
    replayed = run(site.definition(), write(tmp_path / "rejected.jsonl", lines))
    verdicts = judge(in_order(lines, site.definition()), site.definition()).verdicts
    assert replayed.outcomes == Counter(verdict.outcome for verdict in verdicts)
    assert replayed.outcomes["rejected"] > 0.9 * len(lines)
