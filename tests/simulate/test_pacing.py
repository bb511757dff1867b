import asyncio
import time

import pytest

from stream.simulate.disorder import Arrival
from stream.simulate.pacing import due


def records(*times_ms: int) -> list[Arrival]:
    """Return records that arrive at these times."""
    return [Arrival(at_ms, b"key", b"value") for at_ms in times_ms]


async def test_at_once_means_full_groups() -> None:
    """Nothing is held back; groups are as large as wanted, and only the last may be smaller."""
    groups = [group async for group in due(records(*range(25)), most=10)]
    assert [len(group) for group in groups] == [10, 10, 5]
    assert [record.at_ms for group in groups for record in group] == list(range(25))


async def test_a_rate_is_never_exceeded() -> None:
    """At 1,000 a second the n-th record is not out before n ms have passed, and all come in their order."""
    seen: list[Arrival] = []
    began = time.monotonic()
    async for group in due(records(*range(200)), rate=1000):
        assert time.monotonic() - began >= (len(seen) + len(group) - 1) / 1000
        seen += group
    assert seen == records(*range(200))


async def test_live_records_wait_for_their_time() -> None:
    """What lies in the past is out at once and together; then none is out before the clock shows its time."""
    now = int(time.time() * 1000)
    groups = []
    async for group in due(records(now - 5_000, now - 10, now + 100, now + 200), live=True):
        assert time.time() * 1000 >= group[-1].at_ms
        groups.append([record.at_ms - now for record in group])
    assert groups[0][:2] == [-5_000, -10]
    assert [at for group in groups for at in group] == [-5_000, -10, 100, 200]


async def test_others_run_while_records_go_out_at_once() -> None:
    """A consumer that never waits does not keep the loop to itself."""
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    async for _ in due(records(*range(100)), most=10):
        pass
    task.cancel()
    assert turns >= 9


@pytest.mark.parametrize(("rate", "live"), [(0.0, False), (-1.0, False), (5.0, True)])
async def test_an_impossible_pace_is_refused(rate: float, live: bool) -> None:
    """A rate is more than 0, and a live stream has its own."""
    with pytest.raises(ValueError, match="rate"):
        await anext(due(records(1), rate=rate, live=live))
