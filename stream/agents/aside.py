"""Records that are set aside, rejected or late: byte for byte, with why and where from in headers."""

from stream.agents.envelope import WHOLE_LIMIT
from stream.core.event import DETAIL_LIMIT, Outcome, Reason
from stream.core.fields import Field
from stream.engine.api import Chunk, Record

HEADERS: tuple[Field, ...] = (
    Field("reason", "why it was set aside: a reason of the list, or `late`"),
    Field("detail", f"what was found and what is wanted; at most {DETAIL_LIMIT} characters"),
    Field("topic", "where it was read"),
    Field("partition", "where it was read"),
    Field("offset", "where it was read"),
    Field("time", "the record's timestamp; -1: it has none", "ms since the epoch"),
)
"""Headers of a record that is set aside, as text."""

LATE_HEADERS: tuple[Field, ...] = (
    *HEADERS,
    Field("watermark", "the partition's watermark by then", "ms since the epoch"),
)
"""Headers of a late one."""


def aside(
    topic: str,
    partition: int,
    chunk: Chunk,
    i: int,
    sizes: tuple[int, int],
    reason: Reason | Outcome,
    detail: str,
    *more: tuple[str, bytes],
) -> Record:
    """Return what is published of a record that is set aside.

    Args:
        topic: Where to.
        partition: Where to.
        chunk: What it was read with; says where.
        i: Its place in there.
        sizes: Length of its key and its value as read, bytes.
        reason: Why.
        detail: What was found and what is wanted; may be cut.
        more: Further headers.
    """
    for size in sizes:
        if size > WHOLE_LIMIT:
            detail = f"the first {WHOLE_LIMIT} of {size} bytes are kept; {detail}"
    headers = (
        ("reason", reason.encode()),
        ("detail", detail[:DETAIL_LIMIT].encode(errors="replace")),
        ("topic", chunk.topic.encode()),
        ("partition", str(chunk.partition).encode()),
        ("offset", str(chunk.offsets[i]).encode()),
        ("time", str(chunk.timestamps[i]).encode()),
        *more,
    )
    return Record(topic, partition, _beginning(chunk.keys[i]), _beginning(chunk.values[i]), headers)


def _beginning(part: bytes | None) -> bytes | None:
    return part if part is None else part[:WHOLE_LIMIT]
