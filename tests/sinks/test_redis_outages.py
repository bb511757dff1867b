"""Redis away, empty, hung, or fallen back to an earlier time."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from structlog.testing import capture_logs

from stream.embedded.server import Server
from tests.sinks.owner import FENCE, MINUTE, Owner, client, content, eventually, history, rate


@contextmanager
def hung(store: Server) -> Iterator[None]:
    """The store neither answers nor closes connections; it keeps what it has."""
    os.kill(store.process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(store.process.pid, signal.SIGCONT)


async def test_redis_that_comes_back_empty_is_filled_again(store: Server) -> None:
    """After a restart without its data Redis holds all: from before, from meanwhile and from after."""
    async with Owner(store) as owner:
        owner.commit({"t:before": rate("0.1"), "t:h": history((1, "one"))})
        await owner.written()
        store.stop()
        owner.commit({"t:meanwhile": rate("0.2"), "t:h": history((2, "two"))})
        await eventually(lambda: not owner.writer.connected)
        assert owner.writer.error
        assert owner.writer.lag_seconds > 0
        store.start()
        owner.commit({"t:after": rate("0.3")})
        await owner.written()
        with client(store) as reader:
            assert [content(reader, f"t:{k}") for k in ("before", "meanwhile", "after")] == [
                {"ratio": "0.1"},
                {"ratio": "0.2"},
                {"ratio": "0.3"},
            ]
            assert content(reader, "t:h") == {MINUTE: "one", 2 * MINUTE: "two"}
        assert owner.writer.error == ""


async def test_redis_that_comes_back_as_it_was_gets_only_what_waits(store: Server) -> None:
    """Redis hung for longer than the patience of the writer: no rebuild, just the newest values."""
    with client(store) as reader:
        async with Owner(store) as owner:
            owner.commit({"t:a": rate("before"), "t:b": rate("before")})
            await owner.written()
            with hung(store):
                owner.commit({"t:a": rate("lost on the way")})
                await eventually(lambda: not owner.writer.connected)
                assert "no answer" in owner.writer.error or "Timeout" in owner.writer.error
                owner.commit({"t:a": rate("after"), "t:h": history((1, "one"))})
                owner.commit({"t:h": history((2, "two"))})
            await owner.written()
            assert content(reader, "t:a") == {"ratio": "after"}
            assert content(reader, "t:h") == {MINUTE: "one", 2 * MINUTE: "two"}
            assert owner.writer.rebuilds == 1


async def test_a_history_that_outgrows_its_cap_is_rebuilt(store: Server) -> None:
    """While Redis is away nothing grows without bound: beyond the cap it is cheaper to write all again."""
    with client(store) as reader:
        async with Owner(store, max_members=5) as owner:
            await owner.written()
            with hung(store):
                owner.commit({"t:a": rate("0.5")})
                await eventually(lambda: not owner.writer.connected)
                for n in range(20):
                    owner.commit({"t:h": history((n, str(n)))})
                assert not owner.writer._pending._values
            await owner.written()
            assert content(reader, "t:a") == {"ratio": "0.5"}
            assert content(reader, "t:h") == {n * MINUTE: str(n) for n in range(20)}
            assert owner.writer.rebuilds == 2


@pytest.mark.parametrize("busy", [True, False])
async def test_a_flush_of_redis_is_noticed(store: Server, busy: bool) -> None:
    """FLUSHALL, or the fence alone gone: all is written again, also where nothing new is offered."""
    with client(store) as reader:
        async with Owner(store) as owner:
            owner.commit({"t:a": rate("0.5")})
            await owner.written()
            reader.flushall()
            if busy:
                owner.commit({"t:b": rate("0.6")})
            await eventually(lambda: content(reader, "t:a") == {"ratio": "0.5"})
            await owner.written()
            assert content(reader, "t:b") == ({"ratio": "0.6"} if busy else None)
            assert owner.writer.rebuilds == 2


async def test_a_fall_back_to_an_earlier_time_is_noticed(store: Server) -> None:
    """Redis restored from a snapshot, or a replica that lagged: what it lost is written again."""
    with client(store) as reader:
        async with Owner(store) as owner:
            owner.commit({"t:a": rate("early")})
            await owner.written()
            snapshot = {key: reader.hgetall(key) for key in (FENCE, "t:a")}
            owner.commit({"t:a": rate("late"), "t:b": rate("late")})
            await owner.written()
            with reader.pipeline() as restore:
                restore.flushall()
                for key, fields in snapshot.items():
                    restore.hset(key, mapping=fields)
                restore.execute()
            await eventually(lambda: content(reader, "t:a") == {"ratio": "late"})
            await owner.written()
            assert content(reader, "t:b") == {"ratio": "late"}


async def test_an_outage_in_a_rebuild_begins_it_again(store: Server) -> None:
    """Redis goes away half-way through a rebuild and comes back empty: it gets all."""
    known = {f"t:{n}": rate("0.5") for n in range(2_000)}
    async with Owner(store, known=known, max_keys=2) as owner:
        with client(store) as reader:
            await eventually(lambda: reader.hget(FENCE, "state") == "rebuilding")
        store.kill()
        await eventually(lambda: not owner.writer.connected)
        owner.commit({"t:0": rate("meanwhile")})
        store.start()
        await owner.written()
        with client(store) as reader:
            assert len(reader.keys("t:*")) == 2_000 + 1
            assert content(reader, "t:0") == {"ratio": "meanwhile"}
            assert reader.hget(FENCE, "state") == "complete"


async def test_redis_hangs_in_a_rebuild(store: Server) -> None:
    """Redis stops answering half-way through a rebuild, and keeps that half: it gets the rest."""
    known = {f"t:{n}": rate("0.5") for n in range(2_000)}
    with client(store) as reader:
        async with Owner(store, known=known, max_keys=2) as owner:
            await eventually(lambda: reader.hget(FENCE, "state") == "rebuilding")
            with hung(store):
                await eventually(lambda: not owner.writer.connected)
            await owner.written()
            assert len(reader.keys("t:*")) == 2_000 + 1
            assert reader.hget(FENCE, "state") == "complete"


async def test_a_flush_in_a_rebuild_begins_it_again(store: Server) -> None:
    """FLUSHALL half-way through a rebuild does not leave half of it."""
    known = {f"t:{n}": rate("0.5") for n in range(2_000)}
    with client(store) as reader:
        async with Owner(store, known=known, max_keys=2) as owner:
            await eventually(lambda: reader.hget(FENCE, "state") == "rebuilding")
            reader.flushall()
            await owner.written()
            assert len(reader.keys("t:*")) == 2_000 + 1


async def test_an_outage_is_two_lines_of_log(store: Server) -> None:
    """One line says what is away, where, why, and that counting goes on; one says that it is back."""
    with capture_logs() as lines:
        async with Owner(store) as owner:
            await owner.written()
            store.stop()
            for _ in range(3):
                tried = owner.writer._link.pause_s
                owner.commit({"t:a": rate("0.5")})
                await eventually(lambda tried=tried: owner.writer._link.pause_s > tried)  # type: ignore[misc] # bound now
            store.start()
            await owner.written()
    (away,) = [line for line in lines if "takes no values" in line["event"]]
    assert "counting goes on" in away["event"]
    assert away["where"] == f"{store.address}/0"
    assert away["reason"]
    assert away["next_try_s"] == 0.1
    (back,) = [line for line in lines if line["event"] == "Redis takes values again"]
    assert back["away_s"] > 0
    assert lines.index(back) > lines.index(away)


async def test_redis_need_not_be_there_at_the_start(store: Server) -> None:
    """A worker that starts before Redis writes everything when Redis has come."""
    store.stop()
    async with Owner(store) as owner:
        owner.commit({"t:a": rate("0.5")})
        await eventually(lambda: owner.writer.error)
        assert not owner.writer.connected
        store.start()
        await owner.written()
        with client(store) as reader:
            assert content(reader, "t:a") == {"ratio": "0.5"}


async def test_stopping_does_not_wait_for_redis(store: Server) -> None:
    """An orderly end while Redis is away is quick."""
    async with Owner(store) as owner:
        await owner.written()
        store.stop()
        owner.commit({"t:a": rate("0.5")})
        await eventually(lambda: not owner.writer.connected)
        began = time.monotonic()
        await owner.stop()
        assert time.monotonic() - began < 1


async def test_redis_that_refuses_writes_is_away(store: Server) -> None:
    """Out of memory, read-only, wrong password: the reason is told, and writing goes on when it is mended."""
    with client(store) as reader:
        async with Owner(store) as owner:
            await owner.written()
            reader.config_set("maxmemory", 1)
            owner.commit({"t:a": rate("0.5")})
            await eventually(lambda: "used memory" in owner.writer.error)
            assert not owner.writer.connected
            reader.config_set("maxmemory", 0)
            await owner.written()
            assert content(reader, "t:a") == {"ratio": "0.5"}
