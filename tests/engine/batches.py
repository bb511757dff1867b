"""Record batches as a broker would send them, without a broker."""

from collections.abc import Sequence
from typing import Any

from aiokafka import TopicPartition
from aiokafka.consumer.fetcher import READ_COMMITTED, READ_UNCOMMITTED, PartitionRecords
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.util import calc_crc32c

from stream.engine.foreign import KeptRecords

PARTITION = TopicPartition("events", 3)
CODECS = {"none": 0, "gzip": 1, "snappy": 2, "lz4": 3, "zstd": 4}

_CRC_FIELD = 17
_CONTROL_BIT = 0x20
_LOG_APPEND_BIT = 0x08


def batch(
    values: Sequence[bytes],
    base: int = 0,
    codec: str = "none",
    producer: int = -1,
    transactional: bool = False,
    control: bool = False,
    appended_at: int | None = None,
    header: bytes = b"",
) -> bytes:
    """Return the bytes of one record batch.

    Args:
        values: Of its records; keys are ``k0``, ``k1``, ..., timestamps 1000, 1001, ...
        base: Offset of the first.
        codec: A name of `CODECS`.
        producer: Producer id.
        transactional: Whether it belongs to a transaction.
        control: Whether it is a marker: its one record's key is then the value given.
        appended_at: Time at which a broker that stamps records itself appended it, ms.
        header: Name of a header that each record has, with the value ``v``, in any bytes; empty: none.
    """
    builder = DefaultRecordBatchBuilder(2, CODECS[codec], int(transactional), producer, 0, 0, 1 << 20)
    headers = [("~" * len(header), b"v")] if header else []
    for index, value in enumerate(values):
        key = value if control else b"k%d" % index
        assert builder.append(index, 1000 + index, key, None if control else value, headers) is not None
    data = bytearray(builder.build())
    if header:  # a builder takes text only; what is to be found in compressed bytes is not replaced
        assert codec == "none"
        data = data.replace(b"~" * len(header), header)
    data[0:8] = base.to_bytes(8, "big")
    if control:
        data[22] |= _CONTROL_BIT
    if appended_at is not None:
        data[22] |= _LOG_APPEND_BIT
        data[35:43] = appended_at.to_bytes(8, "big")  # max timestamp
    return bytes(sign(data))


def sign(data: bytearray) -> bytearray:
    """Give changed bytes the right checksum."""
    data[_CRC_FIELD : _CRC_FIELD + 4] = calc_crc32c(bytes(data[_CRC_FIELD + 4 :])).to_bytes(4, "big")
    return data


def marker(base: int, producer: int, commit: bool) -> bytes:
    """Return the bytes of a transaction marker."""
    key = (0).to_bytes(2, "big") + int(commit).to_bytes(2, "big")
    return batch([key], base, producer=producer, transactional=True, control=True)


def received(
    *batches: bytes, position: int = 0, aborted: Sequence[tuple[int, int]] = (), committed_only: bool = True
) -> Any:
    """Return what aiokafka's fetcher makes of a fetch answer.

    Args:
        batches: Of the partition.
        position: The fetch offset.
        aborted: Aborted transactions: (producer id, first offset).
        committed_only: Whether the reader is read_committed.
    """
    level = READ_COMMITTED if committed_only else READ_UNCOMMITTED
    records = KeptRecords(b"".join(batches))
    return PartitionRecords(PARTITION, records, list(aborted), position, None, None, True, level)
