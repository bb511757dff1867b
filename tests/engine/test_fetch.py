import gc
import time
import weakref
from collections import OrderedDict
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.consumer import fetcher
from aiokafka.consumer.fetcher import FetchError, FetchResult
from aiokafka.consumer.subscription_state import Assignment
from aiokafka.errors import TopicAuthorizationFailedError

from stream.engine.fetch import (
    CHUNK_RECORDS,
    GRACE_S,
    ChunkFetcher,
    UnreadableRecordsError,
    read_records,
    unreadable,
)
from stream.engine.foreign import KeptRecords
from tests.engine.batches import CODECS, PARTITION, batch, marker, received, sign


@pytest.mark.parametrize("codec", CODECS)
def test_every_codec_is_read(codec: str) -> None:
    """A chunk holds each record's value, key, timestamp and offset, whatever compressed its batch."""
    values = [b"value %d" % n * 20 for n in range(50)]

    chunk = read_records(PARTITION, received(batch(values, base=7, codec=codec), position=7), 7)

    assert (chunk.topic, chunk.partition, chunk.start, chunk.end) == ("events", 3, 7, 57)
    assert chunk.values == values
    assert chunk.keys == [b"k%d" % n for n in range(50)]
    assert chunk.timestamps == [1000 + n for n in range(50)]
    assert chunk.offsets == list(range(7, 57))


def test_the_broker_s_own_timestamps_win_where_it_stamps() -> None:
    """With ``message.timestamp.type=LogAppendTime`` every record has the time of the append."""
    chunk = read_records(PARTITION, received(batch([b"a", b"b"], appended_at=123_456)), 0)

    assert chunk.timestamps == [123_456, 123_456]


def test_records_below_the_position_are_left_out() -> None:
    """A broker sends whole batches, also when the position is in the middle of one."""
    chunk = read_records(PARTITION, received(batch([b"a", b"b", b"c"], base=10), position=12), 12)

    assert (chunk.values, chunk.offsets, chunk.end) == ([b"c"], [12], 13)


def test_aborted_transactions_and_markers_leave_no_record_but_move_the_position() -> None:
    """Of two interleaved transactions the aborted one vanishes; the other is read; markers are passed."""
    data = (
        batch([b"ghost"], base=0, producer=8, transactional=True),
        batch([b"kept"], base=1, producer=9, transactional=True),
        marker(2, producer=8, commit=False),
        marker(3, producer=9, commit=True),
        batch([b"later"], base=4, producer=8, transactional=True),
        marker(5, producer=8, commit=True),
    )

    chunk = read_records(PARTITION, received(*data, aborted=[(8, 0)]), 0)
    everything = read_records(PARTITION, received(*data, aborted=[(8, 0)], committed_only=False), 0)

    assert (chunk.values, chunk.offsets, chunk.end) == ([b"kept", b"later"], [1, 4], 6)
    assert everything.values == [b"ghost", b"kept", b"later"]


def test_what_was_read_leaves_memory_at_once() -> None:
    """What was fetched is freed when it was read, without waiting for the garbage collector."""
    records = received(batch([b"value"]))
    gone = weakref.ref(records)
    gc.disable()
    try:
        read_records(PARTITION, records, 0)
        del records

        assert gone() is None
    finally:
        gc.enable()


def test_markers_alone_make_an_empty_chunk_with_a_new_end() -> None:
    """A partition whose last records are markers can be read to its end."""
    chunk = read_records(PARTITION, received(marker(4, producer=8, commit=True), position=4), 4)

    assert (len(chunk), chunk.start, chunk.end) == (0, 4, 5)


def test_a_chunk_ends_with_the_batch_that_fills_it() -> None:
    """A large fetch becomes several chunks, none of which splits a batch."""
    size = CHUNK_RECORDS // 2 + 1
    records = received(*(batch([b"v"] * size, base=n * size) for n in range(3)))

    first = read_records(PARTITION, records, 0)
    second = read_records(PARTITION, records, first.end)

    assert (len(first), first.end) == (2 * size, 2 * size)
    assert (len(second), second.start, second.end) == (size, 2 * size, 3 * size)


def test_a_wrong_checksum_is_told_with_its_place() -> None:
    """A damaged batch is an error that names topic, partition and offset, behind what is before it."""
    data = bytearray(batch([b"good"], base=5) + batch([b"bad"], base=6))
    data[-3] ^= 0xFF
    records = received(bytes(data), position=5)

    chunk = read_records(PARTITION, records, 5)

    assert (chunk.values, chunk.end) == ([b"good"], 6)
    said = str(unreadable(records))
    assert said.startswith("topic events, partition 3, at or after offset 6 cannot be read (its checksum")
    assert "delete" not in said, "what its header says is not to be trusted"


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
def test_what_cannot_be_decompressed_is_told_with_its_place(codec: str) -> None:
    """A batch whose checksum is right but whose compression is cut off is an error with its place."""
    data = bytearray(batch([b"value" * 50] * 50, base=9, codec=codec))
    cut = data[:-20]
    cut[8:12] = (len(cut) - 12).to_bytes(4, "big")
    records = received(bytes(sign(cut)), position=9)

    chunk = read_records(PARTITION, records, 9)

    assert (chunk.values, chunk.end) == ([], 9)
    said = str(unreadable(records))
    assert said.startswith("topic events, partition 3, at or after offset 9 cannot be read")
    assert "kafka-delete-records with offset 59 of topic events, partition 3" in said


@pytest.mark.parametrize("appended_at", [None, 123_456])
def test_headers_of_any_client_are_passed_over(appended_at: int | None) -> None:
    """A header whose name is no UTF-8, which Kafka takes, costs no record, its own or a neighbour's."""
    data = (
        batch([b"a", b"b", b""], base=5, header=b"\xff\xfe\x80", appended_at=appended_at),
        batch([b"behind"], base=8),
    )

    chunk = read_records(PARTITION, received(*data, position=6), 6)

    assert (chunk.values, chunk.keys, chunk.offsets) == (
        [b"b", b"", b"behind"],
        [b"k1", b"k2", b"k0"],
        [6, 7, 8],
    )
    assert chunk.timestamps == ([1001, 1002, 1000] if appended_at is None else [123_456, 123_456, 1000])
    assert chunk.end == 9


async def test_what_is_unpacked_by_the_consumer_keeps_its_bytes() -> None:
    """Aiokafka's fetcher, where it unpacks an answer, uses the records that keep their bytes."""
    ChunkFetcher(FakeFetcher(0))

    assert fetcher.MemoryRecords is KeptRecords


class FakeFetcher:
    """An aiokafka fetcher that has received something, for one assigned partition at a position."""

    def __init__(self, position: int) -> None:
        self._records: OrderedDict[Any, Any] = OrderedDict()
        self._wait_consume_future = None
        self._subscriptions = SimpleNamespace(is_assigned=lambda partition: partition == PARTITION)
        self.assignment = Assignment([PARTITION])
        self.state = self.assignment.state_value(PARTITION)
        self.state.seek(position)

    def _notify(self, future: Any) -> None:
        """Nobody waits."""

    def receive(self, *batches: bytes) -> None:
        """Take a fetch answer for the present position."""
        records = received(*batches, position=self.state.position)
        self._records[PARTITION] = FetchResult(
            PARTITION, assignment=self.assignment, partition_records=records, backoff=0
        )


async def test_chunks_form_a_chain_over_holes() -> None:
    """Each chunk starts where the one before ended, although the offsets of the records have holes."""
    fetcher = FakeFetcher(2)
    chunks = ChunkFetcher(fetcher)
    chunks.sought(PARTITION, 2)

    fetcher.receive(batch([b"a"], base=4))
    first = chunks.take({PARTITION})[PARTITION]
    fetcher.receive(batch([b"b"], base=9))
    second = chunks.take({PARTITION})[PARTITION]

    assert [(c.start, c.offsets, c.end) for c in (first, second)] == [(2, [4], 5), (5, [9], 10)]
    assert fetcher.state.position == 10
    assert not fetcher._records, "the next fetch may be sent"


async def test_nothing_is_taken_of_partitions_that_are_not_wanted() -> None:
    """An unwanted partition keeps what it received; a lost one drops it."""
    fetcher = FakeFetcher(0)
    chunks = ChunkFetcher(fetcher)
    fetcher.receive(batch([b"a"]))

    assert chunks.take(set()) == {}
    assert fetcher._records, "kept for later"
    fetcher._subscriptions.is_assigned = lambda _: False
    assert chunks.take(set()) == {}
    assert not fetcher._records


async def test_an_answer_to_an_older_position_is_dropped() -> None:
    """After a seek, what was fetched before does not come through."""
    fetcher = FakeFetcher(0)
    chunks = ChunkFetcher(fetcher)
    fetcher.receive(batch([b"old"]))
    fetcher.state.seek(40)
    chunks.sought(PARTITION, 40)

    assert chunks.take({PARTITION}) == {}
    assert not fetcher._records


async def test_a_topic_that_was_made_again_is_refused() -> None:
    """A position that the broker set back means another topic under the same name: that is told."""
    fetcher = FakeFetcher(0)
    chunks = ChunkFetcher(fetcher)
    chunks.sought(PARTITION, 100)
    fetcher.receive(batch([b"a"]))

    with pytest.raises(UnreadableRecordsError, match=r"partition 3 was read up to offset 100.*made again"):
        chunks.take({PARTITION})


async def test_records_lost_to_retention_are_told(caplog: pytest.LogCaptureFixture) -> None:
    """Where retention deleted records before they were read, reading goes on after saying which."""
    fetcher = FakeFetcher(70)
    chunks = ChunkFetcher(fetcher)
    chunks.sought(PARTITION, 50)
    fetcher.receive(batch([b"a"], base=70))

    chunk = chunks.take({PARTITION})[PARTITION]

    assert (chunk.start, chunk.end) == (50, 71)
    assert "events, partition 3: the records from offset 50 to 70 were deleted by retention" in caplog.text


async def test_what_is_before_a_damaged_batch_has_time_to_be_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The chunk before it is handed out, then nothing, and only after the grace it is an error."""
    data = bytearray(batch([b"good"]) + batch([b"bad"], base=1) + batch([b"next"], base=2))
    data[len(batch([b"good"])) + 65] ^= 0xFF
    fetcher = FakeFetcher(0)
    chunks = ChunkFetcher(fetcher)
    fetcher.receive(bytes(data))

    assert chunks.take({PARTITION})[PARTITION].values == [b"good"]
    assert [chunks.take({PARTITION}) for _ in range(3)] == [{}, {}, {}]
    later = time.monotonic() + GRACE_S
    monkeypatch.setattr("time.monotonic", lambda: later)
    with pytest.raises(UnreadableRecordsError, match="offset 1 cannot be read"):
        chunks.take({PARTITION})


async def test_an_error_of_the_broker_is_told_with_its_place() -> None:
    """What a fetch answer refuses names its topic and partition."""
    fetcher = FakeFetcher(0)
    chunks = ChunkFetcher(fetcher)
    fetcher._records[PARTITION] = FetchError(error=TopicAuthorizationFailedError("events"), backoff=0)

    with pytest.raises(UnreadableRecordsError, match=r"topic events, partition 3.*TopicAuthorization"):
        chunks.take({PARTITION})
