"""Records that are set aside carry the headers that are told of."""

import msgspec

from stream.agents.aside import HEADERS, LATE_HEADERS
from stream.agents.sessions import SessionsState, SessionsTopics
from stream.configuration import load
from stream.engine.api import Chunk

BEGIN = 1_767_603_600_000
DAY = 86_400_000
TOPICS = SessionsTopics(("site-events",), "commands", "deltas", "rejected", "late")


def event(number: int, time: int) -> bytes:
    """Return a record."""
    return msgspec.json.encode({"name": "share", "time": time, "visitor_id": "v", "event_id": f"e{number}"})


def test_headers_are_those_that_are_told_of() -> None:
    """A rejected record has the headers of the table, a late one also that of late ones, in their order."""
    state = SessionsState(load(preset="ecommerce", environ={}).definition(), TOPICS, 0, 1)
    values = [event(0, BEGIN), b"no JSON", event(1, BEGIN - DAY)]
    state.apply(Chunk("site-events", 0, values, [b"v"] * 3, [BEGIN] * 3, [0, 1, 2], 0, 3))
    found = {record.topic: [name for name, _ in record.headers] for record in state.flush(1).effects}
    assert found["rejected"] == [field.name for field in HEADERS]
    assert found["late"] == [field.name for field in LATE_HEADERS]
