"""The program that the how-to gives to people who want to send again what was set aside."""

import asyncio
import re
import subprocess
import sys
from pathlib import Path

from tests.parts import Record, create_topics, produce, read_topic
from tests.worker.site import HISTORICAL, Site

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "send-rejected-records-again.md"


async def test_records_set_aside_go_back_as_they_were(site: Site) -> None:
    """Key, value and time of each are those that it was read with."""
    (program,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    await site.create_events()
    await create_topics(site.bootstrap, [site.rejected], site.partitions, HISTORICAL)
    sent = [(b"{", b"v1", 1_767_603_600_000), (b'{"name": ""}', None, 1_767_603_601_000)]
    await produce(
        site.bootstrap,
        site.rejected,
        [Record(value, key, 0, headers=(("time", str(time).encode()),)) for value, key, time in sent],
    )
    environment = {"BROKERS": site.bootstrap, "SOURCE": site.rejected, "TARGET": site.events}
    command = [sys.executable, "-c", program]
    await asyncio.to_thread(subprocess.run, command, env=environment, timeout=60, check=True)
    again = await read_topic(site.bootstrap, site.events)
    assert sorted((r.value, r.key or b"", r.timestamp) for r in again) == sorted(
        (value, key or b"", time) for value, key, time in sent
    )
