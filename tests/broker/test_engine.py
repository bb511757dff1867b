"""A whole engine in this process, on a real Kafka: what it reads, tells and commits."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from mode import Service

from stream.embedded import EmbeddedBroker
from stream.engine import Connection, Engine, TopicSpec
from stream.engine.api import InputStatus, Topology
from tests.chaos.engine.oracle import read_all
from tests.engine.fakes import NotingObserver, NotingState
from tests.parts.kafka import KafkaBroker, Record, create_topics, produce
from tests.waiting import until

_numbers = itertools.count()


class Names:
    """Topics and group of one test."""

    def __init__(self) -> None:
        number = next(_numbers)
        self.clicks, self.orders, self.group = f"clicks-{number}", f"orders-{number}", f"engine-{number}"
        self.changelog = f"{self.group}-visits-changelog"


@pytest.fixture
def names() -> Names:
    """Names of the test's own."""
    return Names()


def engine(bootstrap: str, names: Names, **options: Any) -> Engine:
    """Return an engine whose states take notes."""
    connection = Connection((bootstrap,), names.group, **options.pop("connection", {}))
    visits = Topology(
        "visits", (names.clicks, names.orders), lambda _: NotingState(), flush_ms=50, idle_flush_ms=100
    )
    return Engine(connection, [visits], NotingObserver(), **options)


@asynccontextmanager
async def running(made: Engine, ready: bool = True) -> AsyncIterator[Engine]:
    """Run an engine in this loop, and stop it cleanly."""
    await made.app.start()
    try:
        if ready:
            await until(lambda: made.ready, "ready")
        yield made
    finally:
        await made.app.stop()


def calls(made: Engine, kind: str) -> list[Any]:
    """Return the notes of one kind of all states."""
    states = made.states("visits").values()
    return [call for state in states for call in state.calls if call[0] == kind]  # type: ignore[attr-defined]  # a `NotingState`


async def test_several_inputs_with_transactions_reach_one_state(kafka: KafkaBroker, names: Names) -> None:
    """Committed records of all inputs come to their partition's state; aborted ones do not."""
    await create_topics(kafka.bootstrap, [names.clicks, names.orders], partitions=2)
    await produce(kafka.bootstrap, names.clicks, [Record(b"c", partition=p) for p in (0, 0, 1)])
    await produce(kafka.bootstrap, names.orders, [Record(b"o", partition=1)], transaction="commit")
    await produce(kafka.bootstrap, names.orders, [Record(b"ghost", partition=1)], transaction="abort")

    async with running(engine(kafka.bootstrap, names)) as made:
        await until(lambda: len(calls(made, "apply")) == 3, "three chunks")
        await until(lambda: all(status.lag == 0 for status in made.inputs()), "no lag")
        await until(lambda: all(all(call[1].values()) for call in calls(made, "tick")[-2:]), "at the end")

        assert sorted(calls(made, "apply")) == [
            ("apply", names.clicks, [0]),
            ("apply", names.clicks, [0, 1]),
            ("apply", names.orders, [0]),
        ]
        assert made.inputs() == [
            InputStatus(names.clicks, 0, 2, 0),
            InputStatus(names.clicks, 1, 1, 0),
            InputStatus(names.orders, 0, 0, 0),
            InputStatus(names.orders, 1, 4, 0),
        ]


async def test_the_end_is_not_known_before_the_brokers_told(kafka: KafkaBroker, names: Names) -> None:
    """A partition with a backlog is never ticked as if it were at its end before the backlog is applied."""
    await create_topics(kafka.bootstrap, [names.clicks, names.orders])
    await produce(kafka.bootstrap, names.clicks, [Record(b"x" * 500) for _ in range(30_000)])

    async with running(engine(kafka.bootstrap, names)) as made:
        await until(lambda: made.inputs()[0].lag == 0, "no lag")
        await until(
            lambda: calls(made, "tick")[-1][1] == {names.clicks: True, names.orders: True}, "at the end"
        )
        state: Any = made.states("visits")[0]

    read = 0
    for call in state.calls:
        read += len(call[2]) if call[0] == "apply" else 0
        if call[0] == "tick" and call[1][names.clicks]:
            assert read == 30_000


async def test_a_restart_goes_on_where_the_last_flush_was(kafka: KafkaBroker, names: Names) -> None:
    """Nothing is read twice, flush numbers go on, and the group's committed offsets are the position."""
    await create_topics(kafka.bootstrap, [names.clicks, names.orders])
    await produce(kafka.bootstrap, names.clicks, [Record(b"1"), Record(b"2")])
    async with running(engine(kafka.bootstrap, names)) as made:
        await until(lambda: calls(made, "committed"), "flushed")

    async with AIOKafkaConsumer(bootstrap_servers=kafka.bootstrap, group_id=names.group) as consumer:
        assert await consumer.committed(TopicPartition(names.clicks, 0)) == 2
    await produce(kafka.bootstrap, names.clicks, [Record(b"3")])
    async with running(engine(kafka.bootstrap, names)) as made:
        await until(lambda: calls(made, "committed"), "flushed")
        assert calls(made, "apply") == [("apply", names.clicks, [2])]
        assert calls(made, "committed")[0] == ("committed", 2)


async def test_an_empty_start_is_quick(kafka: KafkaBroker, names: Names) -> None:
    """Topics made, joined and recovered within 3 s."""
    began = time.monotonic()
    async with running(engine(kafka.bootstrap, names, default_partitions=4)):
        assert time.monotonic() - began < 3


async def test_empty_flushes_write_nothing(kafka: KafkaBroker, names: Names) -> None:
    """An idle partition goes on being ticked, and its changelog stays as it is."""
    await create_topics(kafka.bootstrap, [names.clicks, names.orders])

    async with running(engine(kafka.bootstrap, names)) as made:
        await until(lambda: len(calls(made, "tick")) > 5, "ticks")
        assert calls(made, "committed") == []
    assert await read_all(kafka.bootstrap, names.changelog, transactions=True) == []


@pytest.mark.parametrize("compression", ["gzip", "snappy", "lz4", "zstd"])
async def test_every_codec_is_read_from_a_broker(kafka: KafkaBroker, names: Names, compression: str) -> None:
    """What producers compress arrives; so do the times a broker stamps itself."""
    stamped = {"message.timestamp.type": "LogAppendTime"}
    await create_topics(kafka.bootstrap, [names.clicks, names.orders], config=stamped)
    before = int(time.time() * 1000)
    await produce(
        kafka.bootstrap, names.clicks, [Record(b"v" * 100, timestamp=5)] * 300, compression=compression
    )
    times: list[int] = []

    class Timing(NotingState):
        def apply(self, chunk: Any) -> None:
            times.extend(chunk.timestamps)

    connection = Connection((kafka.bootstrap,), names.group)
    visits = Topology("visits", (names.clicks, names.orders), lambda _: Timing())
    async with running(Engine(connection, [visits], NotingObserver())):
        await until(lambda: len(times) == 300, "all records")
    assert min(times) >= before - 1000


async def test_topics_are_made_with_their_settings(kafka: KafkaBroker, names: Names) -> None:
    """Missing inputs, changelogs and other topics are made, with the partitions they need."""
    specs = [TopicSpec("results", 2, {"retention.ms": "12345"})]
    async with running(engine(kafka.bootstrap, names, topics=specs, default_partitions=3)) as made:
        assert len(made.states("visits")) == 3
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    await admin.start()
    try:
        described = {topic["topic"]: len(topic["partitions"]) for topic in await admin.describe_topics()}
    finally:
        await admin.close()

    assert (described[names.clicks], described[names.changelog], described["results"]) == (3, 3, 2)


async def test_an_unlike_changelog_is_left_and_told(
    kafka: KafkaBroker, names: Names, caplog: pytest.LogCaptureFixture
) -> None:
    """A changelog that somebody configured otherwise is used as it is, and the difference is told."""
    await create_topics(
        kafka.bootstrap, [names.changelog], config={"segment.ms": "1000", "cleanup.policy": "compact"}
    )

    async with running(engine(kafka.bootstrap, names)):
        assert f"changelog {names.changelog} has segment.ms=1000 instead of 600000" in caplog.text


async def test_without_brokers_the_worker_says_so_and_waits(
    names: Names, caplog: pytest.LogCaptureFixture
) -> None:
    """Early services run while the brokers are away; the engine tries again, and stops when told to."""

    class Health(Service):  # type: ignore[misc]  # mode has no types under --strict
        """A page that must answer from the start."""

    health = Health()
    made = engine("127.0.0.1:1", names, early_services=[health])
    starting = asyncio.ensure_future(made.app.start())
    await until(lambda: "Kafka at 127.0.0.1:1 is not reachable" in caplog.text, "told")

    assert health.started
    assert not made.ready
    await made.app.stop()
    await asyncio.wait_for(starting, 5)


async def test_the_embedded_broker_serves_the_same(embedded_broker: EmbeddedBroker, names: Names) -> None:
    """Without transactions everything works alike, within 6 s of an empty start."""
    began = time.monotonic()
    options = {"transactions": False, "heartbeat_s": 1.0}
    async with running(engine(embedded_broker.bootstrap, names, connection=options)) as made:
        assert time.monotonic() - began < 6
        await produce(embedded_broker.bootstrap, names.clicks, [Record(b"1"), Record(b"2")])
        await until(lambda: calls(made, "committed"), "flushed")
        await until(
            lambda: calls(made, "tick")[-1][1] == {names.clicks: True, names.orders: True}, "at the end"
        )
        assert made.inputs()[0] == InputStatus(names.clicks, 0, 2, 0)
    async with running(engine(embedded_broker.bootstrap, names, connection=options)) as made:
        await produce(embedded_broker.bootstrap, names.clicks, [Record(b"3")])
        await until(lambda: calls(made, "apply"), "read")
        assert calls(made, "apply") == [("apply", names.clicks, [2])]
