"""Events of a few visitors in no order at all, for topics in which any partition may have any visitor."""

from dataclasses import dataclass

import msgspec
from hypothesis import strategies as st

from tests.laws.drawing import BEGIN, MINUTE


@dataclass(frozen=True)
class Event:
    """An event as a client sends it; ``time`` in ms."""

    time: int
    value: bytes


@st.composite
def events(draw: st.DrawFn) -> list[Event]:
    """Draw events over some three quarters of an hour."""
    found: list[Event] = []
    for number in range(draw(st.integers(1, 25))):
        time = BEGIN + draw(
            st.one_of(
                st.integers(0, 45 * 60).map(lambda s: s * 1_000),
                st.integers(0, 9).map(lambda m: m * 5 * MINUTE),  # exactly at the limits
                st.integers(0, 45).map(lambda m: m * MINUTE + 1),
            )
        )
        visitor = f"v{draw(st.integers(0, 2))}"
        event = {"name": draw(st.sampled_from("aabbccdde")), "time": time, "visitor_id": visitor}
        event["event_id"] = f"e{draw(st.integers(0, 9))}{number}"
        if sid := draw(st.sampled_from(["", "", "s1", "s2"])):
            event["session_id"] = sid
        for field, values in (
            ("page", ["", "/x1", "/y"]),
            ("device", ["", "mobile", "desktop"]),
            ("user_type", ["", "", "", "new"]),
        ):
            if value := draw(st.sampled_from(values)):
                event[field] = value
        found.append(Event(time, msgspec.json.encode(event)))
    return found
