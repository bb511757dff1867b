"""Opening partitions on a real broker."""

from stream.engine.fetch import CHUNK_RECORDS
from stream.engine.log_transactional import TransactionalLog
from stream.engine.opening import open_partitions
from stream.engine.partition import Partition
from tests.broker.logs import changelogs
from tests.engine.fakes import NotingObserver, NotingState, topology
from tests.parts import create_topics
from tests.parts.kafka import KafkaBroker


async def test_how_far_a_changelog_is_read_is_told(kafka: KafkaBroker) -> None:
    """While rows are restored, a partition says up to which offset of how many it has come."""
    async with changelogs(kafka.bootstrap, True) as logs:
        log, _ = await logs.open()
        for seq in (1, 2, 3):
            await log.write(logs.flush(seq, *[(b"row %d" % n, b"x") for n in range(CHUNK_RECORDS)]))
        told: dict[str, None] = {}

        class Telling(NotingState):
            def restore(self, key: bytes, value: bytes | None) -> None:  # noqa: ARG002 - the interface
                told[opened.opening] = None

        successor = TransactionalLog(logs.connection, "visits", logs.changelog)
        visits = topology()
        await create_topics(kafka.bootstrap, visits.inputs, 1)
        opened = Partition(visits, 0, Telling(), successor, NotingObserver())
        assert opened.opening == "claiming its changelog"
        await open_partitions(logs.connection, visits, logs.changelog.topic, [opened])
        await successor.close()

    flush = CHUNK_RECORDS + 2  # the position row and the end of the transaction are offsets, too
    assert list(told) == [
        "reading its changelog",
        f"its changelog is read up to {flush - 1} of {3 * flush}",
        f"its changelog is read up to {2 * flush - 1} of {3 * flush}",
    ]
    assert opened.is_open
