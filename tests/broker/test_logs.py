"""What both kinds of changelog promise, and what only transactions do."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from stream.embedded import EmbeddedBroker
from stream.engine.fatal import EngineError
from stream.engine.fetch import CHUNK_RECORDS
from stream.engine.log import CHANGELOG_BATCH_BYTES
from stream.engine.rows import Position
from tests.broker.logs import Changelogs, changelogs
from tests.chaos.engine.oracle import read_all
from tests.parts.kafka import KafkaBroker, read_topic

KINDS = ["transactional on Kafka", "plain on Kafka", "plain on the embedded broker"]


@pytest.fixture(params=KINDS)
async def logs(request: pytest.FixtureRequest) -> AsyncIterator[Changelogs]:
    """A changelog of each kind."""
    embedded = "embedded" in request.param
    broker: KafkaBroker | EmbeddedBroker = request.getfixturevalue("embedded_broker" if embedded else "kafka")
    async with changelogs(broker.bootstrap, "transactional" in request.param) as made:
        yield made


@pytest.fixture
async def transactional(kafka: KafkaBroker) -> AsyncIterator[Changelogs]:
    """A changelog with transactions."""
    async with changelogs(kafka.bootstrap, True) as made:
        yield made


async def test_an_empty_changelog_opens_empty(logs: Changelogs) -> None:
    """The first owner finds nothing, and can write at once."""
    log, found = await logs.open()

    assert (found.rows, found.position, found.outbox) == ([], None, None)
    await log.write(logs.flush(1, (b"row", b"1")))
    assert (await logs.open())[1].rows == [(b"row", b"1")]


async def test_a_successor_finds_every_flush_in_order(logs: Changelogs) -> None:
    """Rows, tombstones and the last position survive; so they do when the log has changed hands twice."""
    log, _ = await logs.open()
    await log.write(logs.flush(1, (b"row", b"1"), (b"gone", b"1")))
    await log.write(logs.flush(2, (b"row", b"2"), (b"gone", None)))
    log, _ = await logs.open()
    await log.write(logs.flush(3))

    _, found = await logs.open()

    assert found.rows == [(b"row", b"1"), (b"gone", b"1"), (b"row", b"2"), (b"gone", None)]
    assert found.position == Position(3, {"clicks": 3})


async def test_effects_are_published_with_their_flush(logs: Changelogs) -> None:
    """After ``write`` returns, readers see the effects, in order."""
    log, _ = await logs.open()

    await log.write(logs.flush(1, effects=(b"a", b"b")))
    await log.write(logs.flush(2, effects=(b"c",)))

    assert await logs.published() == [b"a", b"b", b"c"]


async def test_many_rows_are_recovered_quickly(logs: Changelogs) -> None:
    """50,000 rows of a flush come back, all of them, within seconds."""
    log, _ = await logs.open()
    rows = [(b"row %d" % n, b"x" * 100) for n in range(50_000)]
    await log.write(logs.flush(1, *rows))

    _, found = await asyncio.wait_for(logs.open(), 10)

    assert found.rows == rows


async def test_many_flushes_are_recovered_as_fast_as_they_are_received(logs: Changelogs) -> None:
    """Chunks that have been received are taken one after the other: none waits for more to come."""
    log, _ = await logs.open()
    for seq in range(1, 31):
        await log.write(logs.flush(seq, *[(b"row %d" % n, b"x") for n in range(CHUNK_RECORDS)]))

    _, found = await asyncio.wait_for(logs.open(), 10)

    assert len(found.rows) == 30 * CHUNK_RECORDS
    assert found.position == Position(30, {"clicks": 30})


async def test_the_predecessor_cannot_write_any_more(logs: Changelogs) -> None:
    """A worker that lost its partition unawares fails at its next flush: fenced, or told by offsets."""
    old, _ = await logs.open()
    new, _ = await logs.open()
    await new.write(logs.flush(1, (b"row", b"new")))

    with pytest.raises(EngineError, match=r"taken over by another worker|another worker wrote"):
        await old.write(logs.flush(1, (b"row", b"old"), effects=(b"ghost",)))


async def test_transactions_leave_nothing_of_a_fenced_flush(transactional: Changelogs) -> None:
    """Neither rows nor effects of a fenced worker are ever read, and the owner goes on."""
    old, _ = await transactional.open()
    new, _ = await transactional.open()
    with pytest.raises(EngineError, match=r"group-\d+-visits-0 was taken over"):
        await old.write(transactional.flush(1, (b"row", b"old"), effects=(b"ghost",)))

    await new.write(transactional.flush(1, (b"row", b"new"), effects=(b"real",)))

    assert (await transactional.open())[1].rows == [(b"row", b"new")]
    assert await transactional.published() == [b"real"]


async def test_a_hung_transaction_is_ended_by_the_successor(transactional: Changelogs) -> None:
    """What a worker wrote without a commit is gone when the next one opens the partition, at once."""
    old, _ = await transactional.open()
    producer = old._producer  # type: ignore[attr-defined]  # to die inside a transaction
    await producer.begin_transaction()
    await producer.send_and_wait(transactional.changelog.topic, b"half", key=b"row", partition=0)

    _, found = await asyncio.wait_for(transactional.open(), 5)

    assert found.rows == []
    raw = await read_topic(
        transactional.connection.brokers[0], transactional.changelog.topic, isolation="read_uncommitted"
    )
    assert [record.value for record in raw] == [b"half"], "it had been written"


async def test_a_flush_larger_than_a_batch_is_still_one_transaction(transactional: Changelogs) -> None:
    """Rows that fill several record batches are committed together and come back in order."""
    log, _ = await transactional.open()
    rows = [(b"row %d" % n, bytes(1_000_000)) for n in range(40)]
    assert sum(len(value) for _, value in rows) > 2 * CHANGELOG_BATCH_BYTES

    held = await log.write(transactional.flush(1, *rows))

    assert held is not None
    assert 0 < held < 30
    assert [key for key, _ in (await transactional.open())[1].rows] == [key for key, _ in rows]


async def test_without_transactions_a_flush_must_fit_one_batch(kafka: KafkaBroker) -> None:
    """Where a flush cannot be atomic it is refused before anything is written."""
    async with changelogs(kafka.bootstrap, False) as plain:
        log, _ = await plain.open()
        rows = [(b"row %d" % n, bytes(1_000_000)) for n in range(16)]

        with pytest.raises(EngineError, match="does not fit one record batch"):
            await log.write(plain.flush(1, *rows))
        assert (await plain.open())[1].rows == []


async def test_the_outbox_publishes_what_a_crash_left(embedded_broker: EmbeddedBroker) -> None:
    """Effects of a durable flush that were not published yet are published by the successor, first."""
    async with changelogs(embedded_broker.bootstrap, False) as plain:
        log, _ = await plain.open()
        await log.write(plain.flush(1, effects=(b"first",)))

        async def crash(_: object) -> None:
            raise ConnectionError

        log._publish = crash  # type: ignore[attr-defined]  # to die between the rows and their effects
        with pytest.raises(ConnectionError):
            await log.write(plain.flush(2, (b"row", b"2"), effects=(b"second",)))
        log, found = await plain.open()

        assert found.rows == [(b"row", b"2")]
        await log.write(plain.flush(3))
        _, later = await plain.open()
        assert later.outbox is None, "an outbox that is done is emptied"
        records = await read_everything(plain)
        assert records == [b"first", b"second"]


async def read_everything(plain: Changelogs) -> list[bytes | None]:
    """Return the effects; not up to ListOffsets' end, which is too low on the embedded broker."""
    found = await read_all(plain.connection.brokers[0], plain.effects, transactions=False)
    return [record.value for record in found]
