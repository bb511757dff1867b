"""Record batches with headers whose names are no UTF-8: Kafka takes them of any client, aiokafka reads none.

aiokafka's C reader decodes the names of headers, which nothing here looks at, and fails on such a one; so one
record of somebody else's would stop a partition for ever. Its batch is then read by aiokafka's Python reader,
told to replace what it cannot decode. That needs the batch's bytes, which the C reader does not give back:
hence `KeptRecords`, which is put in its place where answers to fetches are unpacked.
"""

import struct
from collections.abc import Iterator
from typing import Any

from aiokafka.consumer import fetcher
from aiokafka.record.default_records import _DefaultRecordBatchPy
from aiokafka.record.memory_records import MemoryRecords

_OFFSET_AND_LENGTH = struct.Struct(">qi")


class KeptRecords(MemoryRecords):  # type: ignore[misc]  # aiokafka has no types under --strict
    """aiokafka's record batches of one fetch, with the bytes that they are read from.

    Attributes:
        data: The bytes; they are held by the C reader anyway.
    """

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.data = data


def keep_fetched_bytes() -> None:
    """Let every fetcher of this process unpack answers as `KeptRecords`."""
    fetcher.MemoryRecords = KeptRecords


def records_of(batches: Any, offset: int) -> list[Any]:
    """Return the records of one batch, with names of headers decoded as far as they can be.

    Args:
        batches: The `KeptRecords` that the batch is of.
        offset: Of its first record.
    """
    (data,) = [data for at, data in _batches(batches.data) if at == offset]
    batch = _DefaultRecordBatchPy(data)
    batch._maybe_uncompress()
    batch._buffer = _AnyText(batch._buffer)
    return list(batch)


class _AnyText(bytearray):
    """Bytes of which every part can be decoded."""

    def __getitem__(self, at: Any) -> Any:
        found = super().__getitem__(at)
        return _AnyText(found) if isinstance(found, bytearray) else found

    def decode(self, encoding: str = "utf-8", errors: str = "replace") -> str:
        return super().decode(encoding, errors)


def _batches(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield each batch's first offset, and its bytes; the last may be cut off."""
    at = 0
    while at + _OFFSET_AND_LENGTH.size <= len(data):
        offset, length = _OFFSET_AND_LENGTH.unpack_from(data, at)
        end = at + _OFFSET_AND_LENGTH.size + length
        yield offset, data[at:end]
        at = end
