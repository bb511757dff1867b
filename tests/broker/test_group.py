"""What a worker needs of the group's coordinator beyond its partitions: nothing."""

import asyncio
from typing import Any

import pytest
from aiokafka.consumer.group_coordinator import GroupCoordinator

from tests.broker.test_engine import Names, calls, engine, names, running, until
from tests.parts.kafka import KafkaBroker, Record, create_topics, produce

__all__ = ["names"]


async def test_records_are_read_where_committed_offsets_are_never_told(
    kafka: KafkaBroker, names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Inputs are read from the states' positions, after every rebalance; nobody waits for the group's."""
    asked: list[Any] = []

    async def never(_: GroupCoordinator, partitions: Any) -> None:
        asked.append(partitions)
        await asyncio.get_running_loop().create_future()

    monkeypatch.setattr(GroupCoordinator, "_do_fetch_commit_offsets", never)
    await create_topics(kafka.bootstrap, [names.clicks, names.orders], partitions=2)

    async def click() -> None:
        await produce(kafka.bootstrap, names.clicks, [Record(b"c", partition=p) for p in (0, 1)])

    async with running(engine(kafka.bootstrap, names)) as first:
        await click()
        await until(lambda: len(calls(first, "apply")) == 2, "two partitions are read")
        async with running(engine(kafka.bootstrap, names)) as second:
            await until(lambda: len(first.states("visits")) == 1, "the first gave a partition away")
            await until(lambda: first.ready, "it is ready again")
            await click()
            await until(lambda: len(calls(first, "apply")) == 2, "the one that stayed is read on")
            await until(lambda: len(calls(second, "apply")) == 1, "the one that went is read on")
    assert asked == []


async def test_partitions_move_where_commits_are_never_answered(
    kafka: KafkaBroker, names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Committed offsets are for other tools: a rebalance goes on without them within seconds."""

    async def never(*_: Any) -> None:
        await asyncio.get_running_loop().create_future()

    monkeypatch.setattr(GroupCoordinator, "_do_commit_offsets", never)
    await create_topics(kafka.bootstrap, [names.clicks, names.orders], partitions=2)
    await produce(kafka.bootstrap, names.clicks, [Record(b"c", partition=p) for p in (0, 1)])

    async with running(engine(kafka.bootstrap, names)) as first:
        await until(lambda: len(calls(first, "apply")) == 2, "two partitions are read")
        async with running(engine(kafka.bootstrap, names)) as second:
            assert len(second.states("visits")) == 1
