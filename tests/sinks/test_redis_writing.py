import asyncio

import pytest

from stream.embedded.server import Server
from tests.sinks.owner import FENCE, MINUTE, Owner, client, content, eventually, history, names, rate


async def test_only_the_newest_value_of_a_key_is_written(store: Server) -> None:
    """A thousand commits between two sendings are one call, with the last one's value."""
    with client(store) as reader:
        async with Owner(store) as owner:
            await owner.written()
            before = owner.writes
            for n in range(1_000):
                owner.commit({"t:a": rate(str(n)), "t:h": history((n % 10, f"commit {n}"))})
            await owner.written()
            assert content(reader, "t:a") == {"ratio": "999"}
            assert content(reader, "t:h") == {n * MINUTE: f"commit {990 + n}" for n in range(10)}
            assert owner.writes == before + 1


async def test_calls_are_bounded(store: Server) -> None:
    """Many keys, and large ones, are spread over several calls."""
    with client(store) as reader:
        async with Owner(store, max_keys=10, max_bytes=10_000) as owner:
            await owner.written()
            before = owner.writes
            owner.commit({f"t:{n}": rate("0.5") for n in range(95)})
            await owner.written()
            assert owner.writes == before + 10
            owner.commit({f"t:{n}": rate("x" * 4_000) for n in range(5)})
            await owner.written()
            assert owner.writes == before + 10 + 3
            assert len(reader.keys("t:*")) == 95 + 1
            assert content(reader, "t:4") == {"ratio": "x" * 4_000}


async def test_the_fence_tells_what_the_values_stand_for(store: Server) -> None:
    """Beside the values stand born and number of the commit that they are of."""
    with client(store) as reader:
        async with Owner(store, born_ms=77, seq=5) as owner:
            owner.commit({"t:a": rate("0.5")})
            await owner.written()
            fence = reader.hgetall(FENCE)
            assert (fence["born"], fence["seq"], fence["state"]) == ("77", "6", "complete")


async def test_lag_is_the_age_of_what_is_not_written(store: Server) -> None:
    """Lag is 0 when Redis has all, and grows from the first value that it lacks."""
    owner = Owner(store)
    assert owner.writer.lag_seconds == 0
    owner.commit({"t:a": rate("0.5")})
    await eventually(lambda: owner.writer.lag_seconds > 0.05)
    async with owner:
        await owner.written()
        assert owner.writer.lag_seconds == 0
        assert owner.writer.error == ""


async def test_the_last_commit_is_written_on_stopping(store: Server) -> None:
    """What was offered just before the orderly end is in Redis after it."""
    with client(store) as reader:
        async with Owner(store, interval_ms=60_000) as owner:
            await owner.written()
            owner.commit({"t:a": rate("0.5")})
            await owner.stop()
            assert content(reader, "t:a") == {"ratio": "0.5"}


async def test_a_message_before_the_first_commit_waits_for_it(store: Server) -> None:
    """Nothing is sent, and nothing spins, before it is known what values stand for."""
    with client(store) as reader, reader.pubsub(ignore_subscribe_messages=True) as channel:
        channel.subscribe("t:rates")
        owner = Owner(store)
        owner.writer.announce("t:rates", "hello")
        run = asyncio.create_task(owner.writer.run())
        for _ in range(10):
            await asyncio.sleep(0)  # a turn of the loop
        assert channel.get_message() is None
        owner.commit({})
        await eventually(lambda: (channel.get_message() or {}).get("data") == "hello")
        owner.writer.stop()
        await run


async def test_commits_only_rise(store: Server) -> None:
    """An offer older than the one before is a mistake of the owner's, and is told to it."""
    owner = Owner(store, seq=5)
    owner.offer({})
    owner.seq = 4
    with pytest.raises(ValueError, match="after"):
        owner.offer({})


async def test_an_error_of_the_owner_ends_the_writer(store: Server) -> None:
    """A rebuild that cannot be made is no outage: it must not be tried for ever."""
    owner = Owner(store)
    owner.known = None  # type: ignore[assignment] # what makes the rebuild fail
    async with owner:
        with pytest.raises(TypeError):
            await eventually(lambda: owner._task is not None and owner._task.done() and owner._task.result())
        owner._task = None


@pytest.mark.parametrize("a_piece", [10_000, 37])
async def test_a_rebuild_repairs_what_others_did(store: Server, a_piece: int) -> None:
    """After a rebuild Redis has what the owner knows and nothing else, also in a long history."""
    minutes = [(n, str(n)) for n in range(10, 2_000, 2)]
    with client(store) as reader:
        async with Owner(store, minutes=a_piece) as owner:
            owner.commit({"t:a": rate("0.5"), "t:h": history(*minutes), "t:s": names("a", "b")})
            await owner.written()
            reader.delete("t:a")
            for wrong in (1, 11, 999, 1_009, 1_011, 1_997, 2_001):
                reader.zadd("t:h", {f"wrong {wrong}": wrong * MINUTE})
            reader.zremrangebyscore("t:h", 20 * MINUTE, 30 * MINUTE)
            reader.sadd("t:s", "wrong")
            owner.writer.request_rebuild()
            await owner.written()
            assert content(reader, "t:a") == {"ratio": "0.5"}
            assert content(reader, "t:h") == {n * MINUTE: text for n, text in minutes}
            assert reader.zcard("t:h") == len(minutes)
            assert content(reader, "t:s") == {"a", "b"}
