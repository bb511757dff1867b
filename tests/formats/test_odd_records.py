"""Records of every wrong and doubtful kind, to the parser and to the batch."""

import pytest

from stream.core.event import Event, Rejected
from stream.formats.canonical import UNSEEN, parse
from tests.odd.records import BEGIN, odd_records
from tests.oracle.record import Read, RejectedError, event_of

FUTURE = 300_000


def found(value: bytes | None, arrival: int) -> tuple[object, ...]:
    """Return what the stream says: the reason, or who did what when."""
    event = parse(value, arrival, FUTURE)
    if isinstance(event, Rejected):
        return (event.reason,)
    return event.name, event.visitor_id, event.session_id or "", event.event_id, event.time


def wanted(value: bytes | None, timestamp: int) -> tuple[object, ...]:
    """Return what the batch says."""
    try:
        event = event_of(Read("t", 0, 0, timestamp, value), FUTURE)
    except RejectedError as error:
        return (error.reason,)
    return event.name, event.visitor, event.session_id, event.event_id, event.time


@pytest.mark.parametrize(("arrival", "timestamp"), [(BEGIN, BEGIN), (0, 0), (UNSEEN, -1)])
def test_stream_and_batch_agree_about_every_kind(arrival: int, timestamp: int) -> None:
    """Each is the same event, or is rejected for the same reason, whenever it arrived, if anybody knows."""
    records = list(odd_records())
    assert len(records) > 3_000
    different = [
        (record and record[:200], found(record, arrival), wanted(record, timestamp))
        for record in records
        if found(record, arrival) != wanted(record, timestamp)
    ]
    assert different == []


def test_some_are_events() -> None:
    """Not all that is odd is wrong: the rest of a record is not judged by one doubtful field."""
    events = [record for record in odd_records() if isinstance(parse(record, BEGIN, FUTURE), Event)]
    assert len(events) > 300
