"""Every kind of good, bad and doubtful JSON, as a record and inside one."""

import pytest

from stream.core.event import Event, Rejected
from stream.formats.canonical import parse
from tests.formats.json_suite import cases
from tests.oracle.record import Read, RejectedError, event_of

ARRIVAL = 1_767_603_600_000
FUTURE = 300_000
CASES = cases()
HOSTS = {
    "alone": b"%s",
    "in an unknown field": b'{"name":"a","visitor_id":"v","time":1,"x":%s}',
    "as a property": b'{"name":"a","visitor_id":"v","time":1,"props":{"p":%s}}',
    "as an item": b'{"name":"a","visitor_id":"v","time":1,"items":[%s]}',
    "as the name": b'{"name":%s,"visitor_id":"v","time":1}',
    "as the time": b'{"name":"a","visitor_id":"v","time":%s}',
    "as the value": b'{"name":"a","visitor_id":"v","time":1,"value":%s}',
}


def found(value: bytes) -> str:
    """Return what the stream says: ``event`` or the reason."""
    event = parse(value, ARRIVAL, FUTURE)
    return event.reason if isinstance(event, Rejected) else "event"


def wanted(value: bytes) -> str:
    """Return what the batch says."""
    try:
        event_of(Read("t", 0, 0, ARRIVAL, value), FUTURE)
    except RejectedError as error:
        return error.reason
    return "event"


@pytest.mark.parametrize("host", HOSTS)
def test_stream_and_batch_agree(host: str) -> None:
    """Whatever text a record holds, wherever in it: the stream and the batch find the same in it."""
    records = {name: HOSTS[host] % text for name, text in CASES.items()}
    told = {name: (found(record), wanted(record)) for name, record in records.items()}
    assert {name: pair for name, pair in told.items() if pair[0] != pair[1]} == {}


def test_no_text_that_is_no_json_is_taken() -> None:
    """A text that is no JSON makes a record no event, and one that is JSON does not."""
    inside = HOSTS["in an unknown field"]
    said = {name: found(inside % text) for name, text in CASES.items()}
    assert {said[name] for name in CASES if name.startswith("y_")} == {"event"}
    refused = {"not_json", "too_deep", "too_large"}
    assert {name for name in CASES if name.startswith("n_") and said[name] not in refused} == set()


@pytest.mark.parametrize("name", [name for name in CASES if name.startswith("y_object")])
def test_objects_are_judged_by_what_they_lack(name: str) -> None:
    """JSON objects that are no events are told what they lack, not that they were no JSON."""
    assert not isinstance(parse(CASES[name], ARRIVAL, FUTURE), Event)
    assert found(CASES[name]) == "missing_name"
