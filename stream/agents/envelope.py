"""What stands between the repartition agents and the sessions agent: records with their source, and marks.

A record is forwarded byte for byte behind a head of fixed length that says where it was read. The head is
part of the value, not Kafka headers: reading headers would cost every worker time, also those without.
"""

from collections.abc import Iterator
from struct import Struct
from typing import NamedTuple

from stream.core.clock import NEVER
from stream.engine.api import Chunk

WHOLE_LIMIT = 6 * 1024 * 1024
"""Longest key and value handed on whole, in bytes: with both, a record fits its topic's 16 MiB.

Only compressed batches bring longer ones. Their beginning is kept: no topic would take the whole."""

_RECORD, _MARK = 1, 2
"""First byte: what it is. Another meaning of what follows takes another number."""

_RECORD_HEAD = Struct(">BBiqqqii")
"""Kind, length of the topic's name, partition, offset, timestamp, newest event of the source before it
(`NEVER`: none), length of key and value as read (-1: none). Topic, key and value follow."""

_MARK_HEAD = Struct(">BBiqq?")
"""Kind, length of the topic's name, partition, newest event, watermark, whether the source was ever read to
its end. The topic follows."""


class EnvelopeError(Exception):
    """A value was not written by a repartition agent of this version."""


class Mark(NamedTuple):
    """How far a source is; what follows it is of another flush.

    Attributes:
        topic: The source's topic.
        partition: Its partition.
        newest: Greatest time of its events, ms.
        watermark: Its watermark, ms.
        caught_up: Whether it was ever read to its end.
    """

    topic: str
    partition: int
    newest: int | None
    watermark: int | None
    caught_up: bool


class Forwarded(Chunk):
    """Some records of one source as they were read there: those of one partition of visitors.

    Attributes:
        newests: The newest event of the source before each, ms; `NEVER`: there was none.
        sizes: Length of each key and value as read, bytes; -1: there was none.
    """

    __slots__ = ("newests", "sizes")

    def __init__(self, topic: str, partition: int) -> None:
        super().__init__(topic, partition, [], [], [], [], 0, 0)
        self.newests: list[int] = []
        self.sizes: list[tuple[int, int]] = []


def pack_record(
    topic: bytes,
    partition: int,
    offset: int,
    timestamp: int,
    newest: int | None,
    key: bytes | None,
    value: bytes | None,
) -> bytes:
    """Return a record with its source; of a key and a value beyond `WHOLE_LIMIT` the beginning."""
    key_size = -1 if key is None else len(key)
    value_size = -1 if value is None else len(value)
    if newest is None:
        newest = NEVER
    head = _RECORD_HEAD.pack(_RECORD, len(topic), partition, offset, timestamp, newest, key_size, value_size)
    if key_size > WHOLE_LIMIT or value_size > WHOLE_LIMIT:
        key, value = (key or b"")[:WHOLE_LIMIT], (value or b"")[:WHOLE_LIMIT]
    return b"".join((head, topic, key or b"", value or b""))


def pack_mark(mark: Mark) -> bytes:
    """Return a mark as bytes."""
    topic = mark.topic.encode()
    newest, watermark = (NEVER if time is None else time for time in (mark.newest, mark.watermark))
    return _MARK_HEAD.pack(_MARK, len(topic), mark.partition, newest, watermark, mark.caught_up) + topic


def unpack(values: list[bytes | None]) -> Iterator[Mark | Forwarded]:
    """Yield what some consecutive values hold, in order: the records of one source between marks together.

    Raises:
        EnvelopeError: Somebody else wrote to the topic.
    """
    together: Forwarded | None = None
    names: dict[bytes, str] = {}
    length = _RECORD_HEAD.size
    unpack_head = _RECORD_HEAD.unpack_from
    for value in values:
        kind = value[0] if value else None
        if kind == _MARK:
            if together is not None:
                yield together
                together = None
            yield _mark(value or b"")
            continue
        if value is None or kind != _RECORD:
            raise EnvelopeError(f"found {value[:20] if value else value!r}: not written by this version")
        _, name, partition, offset, timestamp, newest, key_size, value_size = unpack_head(value)
        key_at = length + name
        raw = value[length:key_at]
        topic = names.get(raw)
        if topic is None:
            topic = names[raw] = raw.decode()
        if together is None or together.partition != partition or together.topic != topic:
            if together is not None:
                yield together
            together = Forwarded(topic, partition)
        value_at = key_at + min(max(key_size, 0), WHOLE_LIMIT)
        together.keys.append(None if key_size < 0 else value[key_at:value_at])
        together.values.append(None if value_size < 0 else value[value_at:])
        together.offsets.append(offset)
        together.timestamps.append(timestamp)
        together.newests.append(newest)
        together.sizes.append((key_size, value_size))
    if together is not None:
        yield together


def _mark(value: bytes) -> Mark:
    _, _, partition, newest, watermark, caught_up = _MARK_HEAD.unpack_from(value)
    return Mark(
        value[_MARK_HEAD.size :].decode(),
        partition,
        None if newest == NEVER else newest,
        None if watermark == NEVER else watermark,
        caught_up,
    )
