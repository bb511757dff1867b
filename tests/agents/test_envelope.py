import pytest

from stream.agents.envelope import (
    WHOLE_LIMIT,
    EnvelopeError,
    Forwarded,
    Mark,
    pack_mark,
    pack_record,
    unpack,
)
from stream.core.clock import NEVER


def test_records_and_marks_come_back_as_they_were() -> None:
    """Keys, values, none of either, times and places; records of one source between marks are together."""
    first = pack_record("küche".encode(), 7, 1 << 40, -1, None, None, b"")
    second = pack_record("küche".encode(), 7, (1 << 40) + 2, 5, 99, b"", None)
    other = pack_record(b"b", 7, 3, 6, 98, b"key", b"\x01\x02value")
    marks = [Mark("küche", 7, 100, 90, True), Mark("b", 7, None, None, False)]

    found = list(unpack([first, second, pack_mark(marks[0]), other, pack_mark(marks[1])]))

    assert [found[1], found[3]] == marks
    one, two = found[0], found[2]
    assert isinstance(one, Forwarded)
    assert isinstance(two, Forwarded)
    assert (one.topic, one.partition, one.offsets) == ("küche", 7, [1 << 40, (1 << 40) + 2])
    assert (one.keys, one.values, one.timestamps) == ([None, b""], [b"", None], [-1, 5])
    assert (one.newests, one.sizes) == ([NEVER, 99], [(-1, 0), (0, -1)])
    assert (two.keys, two.values, two.newests) == ([b"key"], [b"\x01\x02value"], [98])


@pytest.mark.parametrize("long", ["key", "value"])
def test_what_no_topic_takes_is_cut(long: str) -> None:
    """Of a key or value that is too long the beginning is kept, and how long it was."""
    much = b"x" * (WHOLE_LIMIT + 1)
    key, value = (much, b"short") if long == "key" else (b"short", much)

    (found,) = unpack([pack_record(b"t", 0, 0, 0, 0, key, value)])

    assert isinstance(found, Forwarded)
    assert found.sizes == [(len(key), len(value))]
    assert (found.keys, found.values) == ([key[:WHOLE_LIMIT]], [value[:WHOLE_LIMIT]])


@pytest.mark.parametrize("value", [None, b"", b'{"name": "view_item"}'])
def test_what_somebody_else_wrote_is_refused(value: bytes | None) -> None:
    """The internal topic is nobody else's: what is strange there is not skipped silently."""
    with pytest.raises(EnvelopeError, match="not written by this version"):
        list(unpack([value]))
