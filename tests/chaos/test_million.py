"""A shop in disorder of ten minutes, through three workers that die: as the oracle and `replay` say.

A million events take seven minutes: ``MICROCONV_MILLION_EVENTS=1000000 pytest tests/chaos/test_million.py``.
They passed on 22 November 2026 (commit 6dec012).
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest

from stream.core.event import REASONS
from stream.simulate.disorder import Disorder
from tests.chaos.violence import Load, violence
from tests.oracle.comparison import COUNTS
from tests.parts import KafkaBroker, RedisServer, read_topic
from tests.worker.site import Site

EVENTS = int(os.environ.get("MICROCONV_MILLION_EVENTS", "60000"))
PER_SECOND = 6_000.0
PER_SECOND_OF_EVENT_TIME = 60.0
REPOSITORY = Path(__file__).parents[2]

TEN_MINUTES = Disorder(
    latency_ms=80,
    late=0.2,
    late_ms=600_000,
    duplicates=0.02,
    without_session_id=0.2,
    crawlers=0.02,
    without_dimensions=0.05,
    iso_times=0.5,
    invalid=0.002,
    invalid_kinds=tuple(reason for reason in REASONS if reason != "future_time"),
)
"""All that a file can tell, too: lines of a file did not arrive, so no clock is put right, no time ahead."""


@pytest.mark.timeout(1800)
async def test_ten_minutes_of_disorder_and_kills(
    kafka: KafkaBroker, redis_server: RedisServer, tmp_path: Path
) -> None:
    """All closed windows equal the oracle's; by `replay` the same rows come out, byte for byte."""
    site = Site(kafka.bootstrap, redis_server.url, partitions=8)
    load = Load(PER_SECOND, PER_SECOND_OF_EVENT_TIME, records=EVENTS, disorder=TEN_MINUTES)
    async with violence(site, tmp_path, workers=3, load=load) as story:
        for share in (0.15, 0.3, 0.45, 0.6, 0.75):
            await story.has_sent(int(share * EVENTS), within=600)
            await story.kill(story.random.choice(story.fleet.workers))
        await story.has_sent(EVENTS, within=600)

    records = await read_topic(site.bootstrap, site.events)
    replayed = _replay(site, tmp_path, [record.value for record in records])
    published = {record.key: record.value for record in await read_topic(site.bootstrap, site.rates)}
    closed_by = max(record.timestamp for record in records) - site.definition().times.out_of_order
    wrong = [
        f"{key!r}: {published.get(key)!r}, replay says {row!r}"
        for key, row in replayed.items()
        if json.loads(row)["window_end"] <= closed_by and published.get(key) != row
    ]
    wrong += [
        f"{key!r}: {row!r}, replay has no such row"
        for key, row in published.items()
        if key not in replayed and _counts(row)
    ]
    assert len(replayed) > EVENTS // 20
    assert not wrong, "\n".join([f"{len(wrong)} rows differ, such as", *wrong[:8]])


def _replay(site: Site, folder: Path, values: list[bytes | None]) -> dict[bytes, bytes]:
    """Return the rows that `replay` prints of records, as one file of lines, by their keys in the topic."""
    file = folder / "events.jsonl"
    file.write_bytes(b"\n".join(value for value in values if value and b"\n" not in value))
    command = [sys.executable, "-m", "stream", "replay", *site.arguments, "--json", str(file)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, timeout=900, check=True)
    found = {}
    for line in done.stdout.splitlines():
        row = json.loads(line)
        dimension, equals, value = row["segment"].partition("=")
        segment = f"{dimension}{equals}{quote(value)}"
        found[f"{row['measure']}|{segment}|{row['size']}|{row['window_start']}".encode()] = line
    return found


def _counts(row: bytes | None) -> bool:
    """Whether a published row has any count: one that fell back to 0 is as good as none."""
    return row is not None and any(json.loads(row)[name] for name in COUNTS)
