"""Records to events: the stream's parser against the oracle's, and the sentences that people read."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.core.event import REASONS, Event, Rejected
from stream.formats.canonical import SIZE_LIMIT, parse
from tests.oracle.record import Event as WantedEvent
from tests.oracle.record import Read, RejectedError, event_of

ARRIVAL = 1_767_603_600_000
FUTURE = 300_000
NOT_A_TIME = [
    "",
    "soon",
    "2026-01-05",
    "2026-13-05T10:00",
    "2026-01-05T10:00+99:00",
    True,
    1.5,
    -1,
    10**17,
    [],
    {},
]
TIMES = [
    ARRIVAL,
    ARRIVAL - 5_000,
    ARRIVAL + FUTURE,
    ARRIVAL + FUTURE + 1,
    0,
    "2026-01-05T09:00:00Z",
    "2026-01-05t08:59:59.1239z",
    "2026-01-05T10:00:00.5+01:00",
    "2026-01-05 09:00",
    "0001-01-01T00:00:00+14:00",
    None,
    *NOT_A_TIME,
]
TEXTS = ["", "a", "ä\u2028\U0001f600", "x" * 1_200, None, 5, True, ["a"], {"a": 1}, "\x00"]


def field(name: str, values: list[object]) -> st.SearchStrategy[tuple[str, object]]:
    """Return a strategy for a field that is sometimes absent."""
    return st.sampled_from(values).map(lambda value: (name, value))


RECORDS = st.builds(
    lambda fields: dict(fields),
    st.lists(
        st.one_of(
            field("name", ["view", "share", "x" * 150, "", None, 5]),
            field("time", TIMES),
            field("sent_at", TIMES),
            field("received_at", TIMES),
            field("visitor_id", TEXTS),
            field("user_id", TEXTS),
            field("session_id", TEXTS),
            field("event_id", TEXTS),
            field("page", TEXTS),
            field("user_type", TEXTS),
            field("value", [1, 1.5, -2, "1", True, None, 10**30]),
            field("items", [[], [{"item_id": "a"}], {}, "a", None]),
            field("consent", [{}, {"ad_personalization": False}, {"ad_user_data": 1}, True, None]),
            field("props", [{}, {"plan": "pro"}, {"n": 5, "b": True, "none": None}, {"deep": {}}, [], None]),
            field("unknown", [1, {"a": [[]]}, None]),
        ),
        max_size=9,
    ),
)


def good(fields: dict[str, object]) -> dict[str, object]:
    """Return the fields over those of a valid event."""
    return {"name": "view", "time": ARRIVAL, "visitor_id": "v", **fields}


def judged(value: bytes) -> WantedEvent | str:
    """Return the oracle's event, or its reason for none."""
    try:
        return event_of(Read("t", 0, 0, ARRIVAL, value), FUTURE)
    except RejectedError as error:
        return error.reason


@given(RECORDS.map(good) | RECORDS)
def test_both_parsers_agree(record: dict[str, object]) -> None:
    """The stream and the batch take the same records for events, with the same fields, or the same reason."""
    value = json.dumps(record).encode()
    found = parse(value, ARRIVAL, FUTURE)
    wanted = judged(value)
    if isinstance(found, Rejected) or isinstance(wanted, str):
        assert isinstance(found, Rejected), f"wanted: {wanted}"
        assert found.reason == wanted, found.detail
        return
    assert (found.name, found.time) == (wanted.name, wanted.time)
    assert (found.visitor_id, found.session_id or "") == (wanted.visitor, wanted.session_id)
    assert found.event_id == wanted.event_id


@given(st.binary(max_size=80) | st.text(max_size=80).map(str.encode))
def test_any_bytes_have_a_reason_or_are_an_event(value: bytes) -> None:
    """Whatever bytes come, the answer is an event or a reason from the closed list; nothing is raised."""
    found = parse(value, ARRIVAL, FUTURE)
    assert isinstance(found, Event) or found.reason in REASONS


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "not_json"),
        (b"", "not_json"),
        (b"{", "not_json"),
        (b'{"name": NaN}', "not_json"),
        (b'{"name": "\\ud800"}', "not_json"),
        (b"[1]", "not_an_object"),
        (b'"text"', "not_an_object"),
        (b"[" * 100_000, "too_large"),
        (b"[" * 100, "not_json"),
        (b"[" * 100 + b"]" * 100, "too_deep"),
        (b'{"x":' * 33 + b"1" + b"}" * 33, "too_deep"),
        (
            b'{"name":"a","visitor_id":"v","time":1,"consent":{"x":' + b"[" * 31 + b"]" * 31 + b"}}",
            "too_deep",
        ),
        (b'{"name":"a","visitor_id":"v","time":1,"items":' + b"[" * 32 + b"]" * 32 + b"}", "too_deep"),
        (b'{"name":"a","visitor_id":"v","time":1,"x":' + b"[" * 32 + b"]" * 32 + b"}", "too_deep"),
        (b'{"name":"a","visitor_id":"v","time":1,"x":"' + b"y" * SIZE_LIMIT + b'"}', "too_large"),
    ],
)
def test_reasons(value: bytes | None, reason: str) -> None:
    """Each way of being no event has its reason, and a detail for people."""
    found = parse(value, ARRIVAL, FUTURE)
    assert isinstance(found, Rejected)
    assert (found.reason, bool(found.detail)) == (reason, True)


def test_deep_but_not_too_deep_counts() -> None:
    """Thirty-two levels are allowed, the event itself being the first."""
    value = b'{"name":"a","visitor_id":"v","time":1,"x":' + b"[" * 31 + b"]" * 31 + b"}"
    assert isinstance(parse(value, ARRIVAL, FUTURE), Event)
