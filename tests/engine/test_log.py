import msgspec
from aiokafka import TopicPartition
from aiokafka.producer.message_accumulator import BatchBuilder

from stream.engine.api import Record
from stream.engine.log import fill_batches
from stream.engine.rows import Position, pack_outbox, unpack_outbox


def new_batch(max_bytes: int) -> BatchBuilder:
    """Return an empty batch."""
    return BatchBuilder(max_bytes, 0, is_transactional=True)


def test_records_fill_as_few_batches_as_they_fit_in() -> None:
    """Batches are filled by topic partition, in order, and a full one is followed by another."""
    records = [Record("a", 0, b"k%d" % n, b"x" * 300) for n in range(5)] + [Record("b", 2, None, b"y")]

    filled = fill_batches(records, 700, new_batch)

    assert [(target, batch.record_count()) for target, batch in filled] == [
        (TopicPartition("a", 0), 2),
        (TopicPartition("a", 0), 2),
        (TopicPartition("a", 0), 1),
        (TopicPartition("b", 2), 1),
    ]


def test_a_record_larger_than_a_batch_travels_alone() -> None:
    """No record is dropped because of its size; its topic's limit decides."""
    filled = fill_batches([Record("a", 0, None, b"x" * 5000), Record("a", 0, None, b"y")], 700, new_batch)

    assert [batch.record_count() for _, batch in filled] == [1, 1]


def test_an_outbox_comes_back_as_it_was() -> None:
    """Keys, tombstones, headers and timestamps survive."""
    effects = [
        Record("a", 3, b"k", b"v", [("reason", b"x"), ("reason", b"y")], 1_700_000_000_000),
        Record("b", 0, None, None),
    ]

    seq, back = unpack_outbox(pack_outbox(12, effects))

    assert seq == 12
    assert [record._replace(headers=list(record.headers)) for record in effects] == back


def test_a_position_comes_back_as_it_was() -> None:
    """A position row is msgpack that other programs can read, too."""
    position = Position(9, {"clicks": 2**40})

    assert Position.unpack(position.pack()) == position
    assert msgspec.msgpack.decode(position.pack()) == {"seq": 9, "in": {"clicks": 2**40}}
