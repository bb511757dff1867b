"""Owners that die, freeze and come back."""

import os
import signal
import sys
from pathlib import Path

import pytest
from redis import Redis

from stream.embedded.process import ChildProcess
from stream.embedded.server import Server
from tests.sinks import frozen_owner
from tests.sinks.owner import FENCE, Owner, client, content, eventually, rate


def state(reader: Redis) -> object:
    """The state that the fence tells."""
    return reader.hget(FENCE, "state")


async def test_a_successor_writes_what_a_dead_owner_left_unwritten(store: Server) -> None:
    """The new owner recovers the same commit, and Redis gets what the old one never sent."""
    with client(store) as reader:
        async with Owner(store, interval_ms=60_000) as dead:
            await dead.written()
            dead.commit({"t:a": rate("0.5")})
            await dead.die()
            assert content(reader, "t:a") is None
        async with Owner(store, seq=dead.seq, known=dead.known) as successor:
            await successor.written()
            assert content(reader, "t:a") == {"ratio": "0.5"}


@pytest.mark.parametrize("commits", [0, 1])
async def test_an_owner_that_was_replaced_changes_nothing(store: Server, commits: int) -> None:
    """One that wakes up is refused, whether its successor has made a commit of its own yet or not."""
    with client(store) as reader:
        async with Owner(store) as old:
            old.commit({"t:a": rate("old")})
            await old.written()
            async with Owner(store, seq=old.seq, known=old.known) as new:
                for _ in range(commits):
                    new.commit({"t:a": rate("new")})
                await new.written()
                before = content(reader, "t:a")

                old.offer({"t:a": rate("of the past"), "t:b": rate("of the past")})
                await eventually(lambda: old.writer.refused)

                assert content(reader, "t:a") == before
                assert content(reader, "t:b") is None
                assert "held by another writer" in old.writer.error
                assert old.writer.lag_seconds > 0
                assert new.writer.refused == 0
                assert new.writer.rebuilds == 1


async def test_an_owner_of_an_older_state_is_refused(store: Server) -> None:
    """Born earlier means older, however many commits it has: as where two groups use one prefix."""
    with client(store) as reader:
        async with Owner(store, born_ms=2_000) as newer:
            newer.commit({"t:a": rate("newer")})
            await newer.written()
            async with Owner(store, born_ms=1_000, seq=999) as older:
                older.commit({"t:a": rate("older")})
                await eventually(lambda: older.writer.refused)
                assert content(reader, "t:a") == {"ratio": "newer"}
                assert "born at 2000" in older.writer.error


async def test_a_state_begun_anew_takes_over(store: Server) -> None:
    """Born later means newer, though its commits are counted from 1 again."""
    with client(store) as reader:
        async with Owner(store, born_ms=1_000, seq=999) as older:
            older.commit({"t:a": rate("older")})
            await older.written()
            async with Owner(store, born_ms=2_000) as newer:
                newer.commit({"t:a": rate("newer")})
                await newer.written()
                older.commit({"t:a": rate("older")})
                await eventually(lambda: older.writer.refused)
                assert content(reader, "t:a") == {"ratio": "newer"}


async def test_a_refused_owner_goes_on_when_its_turn_comes(store: Server) -> None:
    """Refusal is no end: once what held the fence is gone, everything is written."""
    with client(store) as reader:
        async with Owner(store, born_ms=2_000) as newer:
            await newer.written()
            async with Owner(store, born_ms=1_000) as older:
                await eventually(lambda: older.writer.refused)
                older.commit({"t:a": rate("older")})
                await newer.die()
                reader.delete(FENCE)
                await older.written()
                assert content(reader, "t:a") == {"ratio": "older"}
                assert older.writer.error == ""


async def test_an_old_owner_that_refills_an_empty_redis_is_overtaken(store: Server) -> None:
    """Redis lost everything and the replaced owner gets there first: the living one writes all again."""
    with client(store) as reader:
        async with Owner(store) as old:
            old.commit({"t:a": rate("old"), "t:b": rate("old")})
            await old.written()
            async with Owner(store, seq=old.seq, known=old.known) as new:
                new.commit({"t:a": rate("new"), "t:b": rate("new")})
                await new.written()
                reader.flushall()
                old.offer({"t:a": rate("old")})
                await eventually(lambda: old.writer.rebuilds == 2)
                new.commit({"t:c": rate("new")})
                await new.written()
                assert [content(reader, key) for key in ("t:a", "t:b", "t:c")] == [{"ratio": "new"}] * 3
                assert new.writer.rebuilds == 2
                old.offer({"t:a": rate("old")})
                await eventually(lambda: old.writer.refused)


async def test_a_crash_in_a_rebuild_is_made_good(store: Server) -> None:
    """Half a rebuild says so in the fence, and the next owner writes all of it."""
    known = {f"t:{n}": rate("0.5") for n in range(3_000)}
    with client(store) as reader:
        async with Owner(store, seq=3, known=known, max_keys=1) as crashing:
            await eventually(lambda: state(reader) == "rebuilding")
            await crashing.die()
        assert state(reader) == "rebuilding"
        assert len(reader.keys("t:*")) < 3_000
        async with Owner(store, seq=3, known=known) as successor:
            await successor.written()
            assert state(reader) == "complete"
            assert len(reader.keys("t:*")) == 3_000 + 1


async def test_commits_during_a_rebuild_are_not_lost(store: Server) -> None:
    """What is newer than the rebuild is in Redis after it."""
    known = {f"t:{n}": rate("0.5") for n in range(1_000)}
    with client(store) as reader:
        async with Owner(store, known=known, max_keys=5) as owner:
            await eventually(lambda: state(reader) == "rebuilding")
            owner.commit({"t:0": rate("newer"), "t:999": rate("newer"), "t:more": rate("newer")})
            assert state(reader) == "rebuilding"
            await owner.written()
            assert [content(reader, k) for k in ("t:0", "t:999", "t:more")] == [{"ratio": "newer"}] * 3
            assert content(reader, "t:500") == {"ratio": "0.5"}
            assert owner.writer.rebuilds == 1


async def test_a_frozen_process_changes_nothing_when_it_wakes(store: Server, tmp_path: Path) -> None:
    """A process stopped in full flight (SIGSTOP) and woken when it has been replaced is refused."""
    command = [sys.executable, "-m", frozen_owner.__name__, store.address, FENCE]
    root = Path(__file__).parents[2]
    log = tmp_path / "log"
    frozen = ChildProcess("owner", command, log=log, environment={**os.environ, "PYTHONPATH": str(root)})
    with client(store) as reader:
        frozen.start(lambda: reader.hget("t:count", "ratio") is not None, within=15)
        try:
            os.kill(frozen.pid, signal.SIGSTOP)
            later = 1_000_000  # commits than the frozen one can have made
            async with Owner(store, seq=later, known={"t:count": rate("new")}) as new:
                await new.written()
                os.kill(frozen.pid, signal.SIGCONT)
                await eventually(lambda: "refused" in log.read_text())
                assert content(reader, "t:count") == {"ratio": "new"}
        finally:
            frozen.kill()


async def test_a_refused_owner_does_not_trust_an_old_fence(store: Server) -> None:
    """Redis falls back to when the refused owner wrote last: what it held back since then is written, too."""
    with client(store) as reader:
        async with Owner(store) as old:
            old.commit({"t:a": rate("early")})
            await old.written()
            snapshot = reader.hgetall(FENCE)
            async with Owner(store, seq=old.seq + 1, known=old.known) as other:
                await other.written()
                old.commit({"t:a": rate("late")})
                await eventually(lambda: old.writer.refused)
            reader.hset(FENCE, mapping=snapshot)
            await old.written()
            assert content(reader, "t:a") == {"ratio": "late"}


async def test_a_released_writer_leaves_redis_alone(store: Server) -> None:
    """Without an owner nothing is sent, not even a look at the fence, until a new ownership begins."""
    with client(store) as reader:
        async with Owner(store) as owner:
            owner.commit({"t:a": rate("first")})
            await owner.written()
            owner.commit({"t:a": rate("unwritten")})
            owner.writer.release()
            assert owner.writer.lag_seconds == 0
            async with Owner(store, seq=owner.seq, known=owner.known) as other:
                other.commit({"t:a": rate("other")})
                await other.written()
                reader.flushall()
                await eventually(lambda: content(reader, "t:a") == {"ratio": "other"})
                assert (owner.writer.refused, owner.writer.error) == (0, "")

            owner.seq, owner.known = other.seq, other.known
            owner.commit({"t:b": rate("again")})
            await owner.written()
            assert content(reader, "t:a") == {"ratio": "other"}
            assert content(reader, "t:b") == {"ratio": "again"}
            assert owner.writer.rebuilds == 2


async def test_release_while_a_call_is_under_way(store: Server) -> None:
    """Whatever becomes of the call, the writer stays idle."""
    async with Owner(store) as owner:
        await owner.written()
        os.kill(store.process.pid, signal.SIGSTOP)
        try:
            owner.commit({"t:a": rate("0.5")})
            await eventually(lambda: owner.writer._pending.since is None)
            owner.writer.release()
            await eventually(lambda: not owner.writer.connected)
        finally:
            os.kill(store.process.pid, signal.SIGCONT)
        assert (owner.writer.lag_seconds, owner.writer.error) == (0, "")
