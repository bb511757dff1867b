"""A rebuild goes on for a while, piece by piece: what readers find meanwhile, and what happens meanwhile."""

import asyncio
from random import Random

import pytest
from redis import Redis
from structlog.testing import capture_logs

from stream.embedded.server import Server
from stream.sinks.redis_values import Value
from tests.sinks.owner import (
    FENCE,
    MINUTE,
    Owner,
    client,
    content,
    eventually,
    expected,
    history,
    names,
    rate,
)

LIVE, MORE, HISTORY, NAMES = "t:live", "t:more", "t:history", "t:names"


def known() -> dict[str, Value]:
    """What an owner knows: three values, and a history of 30 minutes; 2 + 3 pieces of `cut`."""
    minutes = history(*((n, f"minute {n}") for n in range(30)))
    return {LIVE: rate("0.5"), NAMES: names("a"), MORE: rate("0.5"), HISTORY: minutes}


def cut(store: Server) -> Owner:
    """An owner whose rebuild has five pieces: LIVE and NAMES, MORE, and three times ten minutes."""
    return Owner(store, known=known(), keys=2, minutes=10)


def has_all(reader: Redis, owner: Owner) -> bool:
    """Whether Redis holds just what the owner knows."""
    return all(content(reader, key) == expected(value) for key, value in owner.known.items())


async def test_live_values_come_before_the_history(store: Server) -> None:
    """While the history is still being written, readers find the live values, and that it is not all yet."""
    found: list[tuple[object, int, object]] = []
    with client(store) as reader, capture_logs() as lines:
        owner = cut(store)
        owner.before_piece = lambda _: found.append(
            (content(reader, LIVE), reader.zcard(HISTORY), reader.hget(FENCE, "state"))
        )
        async with owner:
            await owner.written()
            assert owner.writer.rebuilds == 1
        assert reader.hget(FENCE, "state") == "complete"
        assert reader.zcard(HISTORY) == 30
    live = {"ratio": "0.5"}
    assert found[0] == (None, 0, None)
    assert found[1:] == [(live, minutes, "rebuilding") for minutes in (0, 0, 10, 20, 30)]
    (line,) = [line for line in lines if line["event"] == "Redis has all values"]
    assert line["keys"] == 4, "each key counts once, in however many pieces it is"


async def test_offers_between_pieces(store: Server) -> None:
    """They do not wait for the end, and nothing older from the rebuild follows them; minutes may go, too."""
    newer = {
        LIVE: rate("newer"),
        MORE: rate("newer"),
        NAMES: names("b"),
        HISTORY: history((29, "newer 29"), (15, "newer 15"), (7, None), (5, "newer 5"), (30, "new")),
    }
    seen: list[object] = []
    with client(store) as reader:
        owner = cut(store)

        def meanwhile(piece: int) -> None:
            if piece == 1:  # of all these, only LIVE and NAMES have been written
                owner.commit(newer)
                owner.known[MORE] = rate("newest")  # not offered yet: the piece is ahead of what waits
            if piece == 3:
                owner.commit({HISTORY: history((22, "newer still"), keep_from=3)})
            seen.append(content(reader, LIVE))

        owner.before_piece = meanwhile
        async with owner:
            await owner.written()
            assert owner.writer.rebuilds == 1
        assert has_all(reader, owner)
        minutes = content(reader, HISTORY)
        assert isinstance(minutes, dict)
        found = [minutes.get(n * MINUTE) for n in (2, 5, 7, 15, 22, 29, 30)]
        assert found == [None, "newer 5", None, "newer 15", "newer still", "newer 29", "new"]
        assert reader.zcard(HISTORY) == len(minutes)
    assert seen[1:3] == [{"ratio": "0.5"}, {"ratio": "newer"}]


@pytest.mark.parametrize("seed", range(3))
async def test_commits_all_along(store: Server, seed: int) -> None:
    """An owner that commits at every turn of the loop while it rebuilds: Redis has the newest of all."""
    random = Random(seed)
    with client(store) as reader:
        async with Owner(store, known=known(), keys=1, minutes=1, max_keys=2) as owner:
            async with asyncio.timeout(10):
                for n in range(1_000_000):
                    if owner.writer.rebuilds:
                        break
                    minutes = history((random.randrange(40), f"commit {n}"), keep_from=n // 100)
                    owner.commit({random.choice([LIVE, MORE]): rate(str(n)), HISTORY: minutes})
                    await asyncio.sleep(0)  # a turn of the loop
            await owner.written()
            assert n > 30
            assert has_all(reader, owner)
            assert owner.writer.rebuilds == 1


async def test_redis_killed_between_pieces(store: Server) -> None:
    """Redis dies in the midst of a rebuild and comes back empty: it gets all of it."""
    owner = cut(store)

    def kill_once(piece: int) -> None:
        if piece == 3 and not killed:
            killed.append(piece)
            owner.commit({LIVE: rate("newer")})
            store.kill()

    killed: list[int] = []
    owner.before_piece = kill_once
    async with owner:
        await eventually(lambda: killed and not owner.writer.connected)
        owner.commit({HISTORY: history((30, "meanwhile"))})
        assert owner.writer.lag_seconds > 0
        store.start()
        await owner.written()
        assert owner.writer.rebuilds == 1
        with client(store) as reader:
            assert has_all(reader, owner)
            assert reader.hget(FENCE, "state") == "complete"


async def test_a_flush_between_pieces_is_noticed(store: Server) -> None:
    """FLUSHALL in the midst of a rebuild: it begins again, and what was offered is in it."""
    flushed: list[int] = []
    with client(store) as reader, capture_logs() as lines:
        owner = cut(store)

        def flush_once(piece: int) -> None:
            if piece == 3 and not flushed:
                flushed.append(piece)
                owner.commit({LIVE: rate("newer")})
                reader.flushall()

        owner.before_piece = flush_once
        async with owner:
            await owner.written()
            assert owner.writer.rebuilds == 1
        assert has_all(reader, owner)
    (line,) = [line for line in lines if line["event"] == "Redis does not hold what was written to it"]
    assert line["found"] == "missing"


async def test_an_owner_replaced_between_pieces_writes_no_more(store: Server) -> None:
    """Its successor has the fence: the rest of the rebuild is refused."""
    with client(store) as reader:
        owner = cut(store)

        def replace(piece: int) -> None:
            if piece == 3:
                reader.hset(FENCE, mapping={"seq": 99, "writer": "the successor"})
                owner.commit({LIVE: rate("of the past")})

        owner.before_piece = replace
        async with owner:
            await eventually(lambda: owner.writer.refused)
            assert owner.writer.lag_seconds > 0
            assert owner.writer.rebuilds == 0
        assert content(reader, LIVE) == {"ratio": "0.5"}
        assert reader.zcard(HISTORY) == 10
        assert reader.hget(FENCE, "writer") == "the successor"


async def test_release_between_pieces(store: Server) -> None:
    """A rebuild is broken off by release, and the next ownership begins its own."""
    pieces: list[int] = []
    with client(store) as reader:
        owner = cut(store)

        def release_once(piece: int) -> None:
            pieces.append(piece)
            if pieces == [0, 1, 2, 3]:
                owner.writer.release()

        owner.before_piece = release_once
        async with owner:
            await eventually(lambda: len(pieces) == 4 and owner.writer.lag_seconds == 0)
            assert (owner.writer.rebuilds, owner.writer.error) == (0, "")
            owner.commit({LIVE: rate("again")})
            await owner.written()
            assert owner.writer.rebuilds == 1
        assert pieces == [0, 1, 2, 3, 0, 1, 2, 3, 4, 5]
        assert content(reader, LIVE) == {"ratio": "again"}
        assert reader.zcard(HISTORY) == 30


async def test_stopping_between_pieces(store: Server) -> None:
    """What was offered is still written; the rest is left to the next owner, and the fence says so."""
    pieces: list[int] = []
    with client(store) as reader:
        owner = cut(store)

        def stop(piece: int) -> None:
            pieces.append(piece)
            if piece == 2:
                owner.commit({LIVE: rate("last")})
                owner.writer.stop()

        owner.before_piece = stop
        async with owner:
            await eventually(lambda: 2 in pieces)
            await owner.stop()
        assert pieces == [0, 1, 2]
        assert content(reader, LIVE) == {"ratio": "last"}
        assert reader.hget(FENCE, "state") == "rebuilding"
        async with Owner(store, seq=owner.seq, known=owner.known) as successor:
            await successor.written()
            assert reader.zcard(HISTORY) == 30
