"""Each line of the table in `stream.sinks.redis_fence`."""

from collections.abc import AsyncIterator

import pytest

from stream.embedded.server import Server
from stream.sinks.redis_fence import Fence, FencedCalls, Outcome
from stream.sinks.redis_link import RedisAwayError, RedisLink
from tests.sinks.owner import FENCE, client

NOW = Fence(1_000, 10)
VALUES = b'[["hash","t:a",60000,["ratio","new"]]]'


@pytest.fixture
async def link(store: Server) -> AsyncIterator[RedisLink]:
    """A connection to the store."""
    link = RedisLink(f"redis://{store.address}/0", timeout_s=2)
    yield link
    await link.close()


async def make(calls: FencedCalls, fence: Fence = NOW, *, begins: bool = False) -> Outcome:
    """Make a call that writes one hash."""
    return await calls.write(fence, VALUES, begins_rebuild=begins, complete=True, messages={})


@pytest.mark.parametrize(
    ("stored", "begins", "outcome"),
    [
        (None, False, "missing"),
        (None, True, "written"),
        (Fence(1_000, 11), False, "refused"),
        (Fence(1_000, 11), True, "refused"),
        (Fence(1_001, 1), False, "refused"),
        (Fence(1_001, 1), True, "refused"),
        (Fence(1_000, 10), False, "refused"),
        (Fence(1_000, 10), True, "written"),
        (Fence(1_000, 9), False, "behind"),
        (Fence(1_000, 9), True, "written"),
        (Fence(999, 99), False, "behind"),
        (Fence(999, 99), True, "written"),
    ],
)
async def test_what_another_writer_left(
    store: Server, link: RedisLink, stored: Fence | None, begins: bool, outcome: Outcome
) -> None:
    """What a call finds decides whether it writes; a refused one changes nothing, the fence neither."""
    with client(store) as reader:
        if stored is not None:
            assert await make(FencedCalls(link, FENCE), stored, begins=True) == "written"
            reader.delete("t:a")
        before = reader.hgetall(FENCE)

        assert await make(FencedCalls(link, FENCE), NOW, begins=begins) == outcome

        written = outcome == "written"
        assert (reader.hgetall("t:a") == {"ratio": "new"}) is written
        assert (reader.hgetall(FENCE) != before) is written


async def test_a_writer_goes_on_with_equal_and_greater_commits(link: RedisLink) -> None:
    """Several calls may stand for one commit, later calls for later ones, never for earlier ones."""
    calls = FencedCalls(link, FENCE)
    assert await make(calls, NOW, begins=True) == "written"
    assert await make(calls, NOW) == "written"
    assert await make(calls, Fence(1_000, 11)) == "written"
    assert await make(calls, NOW) == "refused"
    assert "flush 11" in calls.refusal


async def test_a_call_that_comes_late_changes_nothing(store: Server, link: RedisLink) -> None:
    """A call that was given up may still arrive after the one that was sent in its place: too late."""
    calls = FencedCalls(link, FENCE)
    await make(calls, begins=True)
    await make(calls)
    calls._call -= 1
    with client(store) as reader:
        reader.delete("t:a")
        with pytest.raises(RedisAwayError):
            await make(calls)
        assert reader.hgetall("t:a") == {}


async def test_acknowledged_calls_must_be_there(store: Server, link: RedisLink) -> None:
    """Calls without an answer may be lost or not; where one that was answered is lost, Redis fell back."""
    calls = FencedCalls(link, FENCE)
    with client(store) as reader:
        await make(calls, begins=True)
        calls._call += 5  # five calls without an answer, none of which came
        assert await make(calls) == "written"
        reader.hset(FENCE, "call", 6)
        assert await make(calls) == "lost"
        assert await make(calls, begins=True) == "written"
