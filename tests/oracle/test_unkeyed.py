import pytest

from stream.configuration import load
from tests.oracle import Read, judge_unkeyed

SHOP = load(preset="ecommerce", environ={}).definition()
BEGIN = 1_767_603_600_000
LATE = SHOP.times.late_after


def read(partition: int, offset: int, time: int, event_id: str = "", visitor: str = "v") -> Read:
    """Return a record of topic t."""
    value = f'{{"name":"share","visitor_id":"{visitor}","time":{time},"event_id":"{event_id or time}"}}'
    return Read("t", partition, offset, BEGIN + 86_400_000, value.encode())


def outcomes(*reads: Read) -> list[str]:
    """Return what becomes of them."""
    return [str(verdict) for verdict in judge_unkeyed(reads, SHOP).verdicts]


def test_late_by_offset_not_by_the_order_of_reading() -> None:
    """A record is late by what lies before it in its source, whenever the other visitor's event is taken."""
    new, old = read(0, 0, BEGIN + LATE + 1, visitor="a"), read(0, 1, BEGIN, visitor="b")

    assert outcomes(old, new) == ["late", "counted"]
    assert outcomes(new, read(1, 0, BEGIN, visitor="b")) == ["counted", "counted"]


def test_exactly_at_the_limit_is_in_time() -> None:
    """Lateness is strict."""
    assert outcomes(read(0, 0, BEGIN + LATE), read(0, 1, BEGIN)) == ["counted", "counted"]


def test_a_duplicate_moves_the_newest_of_its_source() -> None:
    """Whether an event is a duplicate is not known where its source is read."""
    first, again = read(0, 0, BEGIN + LATE + 1, "e"), read(1, 0, BEGIN + LATE + 1, "e")

    assert outcomes(first, again, read(1, 1, BEGIN)) == ["counted", "duplicate", "late"]


def test_an_id_is_known_until_an_equal_event_would_be_late_in_its_source() -> None:
    """Then the same id is another event; in a source that is not so far it is still the same one."""
    first = read(0, 0, BEGIN, "e")
    newer = read(0, 1, BEGIN + LATE + 1, "n")

    assert outcomes(first, newer, read(0, 2, BEGIN + LATE, "e"))[2] == "counted"
    assert outcomes(first, newer, read(1, 0, BEGIN + LATE, "e"))[2] == "duplicate"


def test_what_is_no_order_of_reading_is_refused() -> None:
    """A visitor's events of one source come in their order."""
    with pytest.raises(ValueError, match="offset 0 was read after 1"):
        judge_unkeyed([read(0, 1, BEGIN), read(0, 0, BEGIN + 1)], SHOP)
