"""The engine's own rows in a changelog, beside those of the state: one-byte keys."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from stream.engine.api import Record, Row
from stream.engine.fatal import EngineError

POSITION_KEY = b"p"
"""How far the inputs were read, and the number of the flush that says so: the first row of every flush."""

OUTBOX_KEY = b"o"
"""Plain mode: the records that the flush publishes, to publish them again after a crash."""

MARKER_KEY = b"m"
"""Plain mode: written when a partition is opened; everything before it is what its state consists of."""


class Position(NamedTuple):
    """What is known of a partition's past: the last flush, and the next offset to read of each input."""

    seq: int
    inputs: dict[str, int]

    def pack(self) -> bytes:
        """Return the value of the position row."""
        return msgspec.msgpack.encode({"seq": self.seq, "in": self.inputs})

    @classmethod
    def unpack(cls, value: bytes) -> "Position":
        """Read the value of a position row."""
        content = msgspec.msgpack.decode(value)
        return cls(content["seq"], content["in"])


def pack_outbox(seq: int, effects: Sequence[Record]) -> bytes:
    """Return the value of the outbox row of flush ``seq``."""
    return msgspec.msgpack.encode([seq, effects])


def unpack_outbox(value: bytes) -> tuple[int, list[Record]]:
    """Read an outbox row: the flush it belongs to, and what that publishes."""
    content: tuple[int, list[Any]] = msgspec.msgpack.decode(value, type=tuple[int, list[Any]])
    seq, effects = content
    return seq, [
        Record(topic, partition, key, data, [(name, raw) for name, raw in headers], timestamp)
        for topic, partition, key, data, headers, timestamp in effects
    ]


def check_keys(rows: Sequence[Row]) -> None:
    """Refuse rows of a state that would be taken for the engine's.

    Raises:
        EngineError: A key is shorter than two bytes.
    """
    for key, _ in rows:
        if len(key) < 2:
            raise EngineError(f"a state wrote the row key {key!r}: keys of one byte are the engine's own")
