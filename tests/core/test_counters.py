"""What counters see of sessions that late events change."""

import msgspec

from stream.agents.rates import RatesState
from stream.core.definition import Definition, Micro, Times
from tests.laws.pipeline import Pipeline
from tests.oracle import Read

MINUTE = 60_000
BEGIN = 1_767_603_600_000
DEFINITION = Definition(
    micros=(Micro("share", "share"),),
    times=Times(timeout=5 * MINUTE, max_length=12 * MINUTE, allowed_lateness=30 * MINUTE),
)


def counted(*minutes: float) -> dict[str, int]:
    """Return the counters after a visitor shared in these minutes, in order of arrival."""
    pipeline = Pipeline(DEFINITION, 1)
    for offset, minute in enumerate(minutes):
        time = BEGIN + int(minute * MINUTE)
        event = {"name": "share", "time": time, "visitor_id": "v", "event_id": str(offset)}
        read = Read("site-events", 0, offset, time, msgspec.json.encode(event))
        pipeline.sessions[0].apply("site-events", 0, offset, [read])
        pipeline.flush(0)
    pipeline.flush_rates()
    state = pipeline.rates.state
    assert isinstance(state, RatesState)
    shares, sessions = state.core.counters["all"]
    return {"shares": shares, "sessions": sessions}


def test_a_session_that_is_split_is_counted_twice() -> None:
    """Late events that begin a session earlier can leave its end to a second one by max_length."""
    assert counted(13, 18) == {"shares": 1, "sessions": 1}
    assert counted(13, 18, 5, 10) == {"shares": 2, "sessions": 2}


def test_sessions_that_are_joined_stay_counted() -> None:
    """A late event that bridges two sessions takes nothing back, and counts nothing again."""
    assert counted(0, 6, 3) == {"shares": 2, "sessions": 2}
