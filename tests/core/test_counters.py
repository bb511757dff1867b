"""What counters see of sessions that late events change."""

import msgspec
import pytest

from stream.agents.rates import RatesState
from stream.core.definition import Definition, Dimension, Funnel, Micro, Step, Times
from tests.core.story import Story
from tests.laws.pipeline import Pipeline
from tests.oracle import Read

MINUTE = 60_000
BEGIN = 1_767_603_600_000
WORDS = Definition(
    funnels=(Funnel("f", (Step("a", "a"), Step("c", "c"))),),
    dimensions=(Dimension("device", "device", ("mobile", "desktop")),),
    times=Times(timeout=5 * MINUTE, max_length=8 * MINUTE, allowed_lateness=30 * MINUTE),
)
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
    shares, sessions = state.core.counters["all"][:2]
    return {"shares": shares, "sessions": sessions}


def test_a_session_that_is_split_is_counted_twice() -> None:
    """Late events that begin a session earlier can leave its end to a second one by max_length."""
    assert counted(13, 18) == {"shares": 1, "sessions": 1}
    assert counted(13, 18, 5, 10) == {"shares": 2, "sessions": 2}


@pytest.mark.says("Counters for Prometheus count first sightings", "and never fall.")
def test_sessions_that_are_joined_stay_counted() -> None:
    """A late event that bridges two sessions takes nothing back, and counts nothing again."""
    assert counted(0, 6, 3) == {"shares": 2, "sessions": 2}


@pytest.mark.says("Counters for Prometheus count first sightings")
def test_what_is_reached_again_in_another_segment_is_seen_there() -> None:
    """A late event cuts a session and takes its step away; a later one gives it back, under new labels."""
    story = Story(WORDS)
    story.at("13:05", "a", device="desktop")
    story.at("13:09", "c")
    assert seen(story) == {"device=desktop": [1, 1, 1], "all": [1, 1, 1]}
    story.at("13:00:30", "c", device="mobile")  # now max_length cuts 13:09 off
    story.at("13:00:20", "a")
    row = story.row("f.c", "13:00", segment="device=mobile")
    assert row is not None
    assert row["converted"] == 1
    assert seen(story)["device=mobile"] == [1, 1, 1]
    assert seen(story)["all"][:2] == [1, 1], "seen once by the counters of the whole"


@pytest.mark.says("Counters for Prometheus count first sightings")
def test_each_part_of_a_session_has_been_seen_as_what_it_was() -> None:
    """An event that moves to the next session brings it a label: under this it is seen, too."""
    story = Story(WORDS)
    story.at("13:00", "a", device="desktop")
    story.at("13:04", "p")
    story.at("13:08", "a", device="desktop")  # exactly max_length: still of the first session
    story.at("13:10", "a")
    assert seen(story) == {"all": [2, 0, 2], "device=desktop": [1, 0, 1]}
    story.at("12:59:59", "p")
    rows = [story.row("f.a", clock, segment="device=desktop") or {} for clock in ("13:00", "13:08")]
    assert [row["sessions"] for row in rows] == [1, 1]
    assert seen(story) == {"all": [2, 0, 2], "device=desktop": [2, 0, 2]}


def seen(story: Story) -> dict[str, list[int]]:
    """Return the counters of a, c and sessions by segment."""
    state = story.pipeline.rates.state
    assert isinstance(state, RatesState)
    return {segment: counts[:3] for segment, counts in state.core.counters.items()}


ACROSS = Definition(
    funnels=(Funnel("f", (Step("a", "a"), Step("b", "b"), Step("c", "c")), 60 * MINUTE, scope="visitor"),),
    dimensions=(Dimension("device", "device", ("mobile", "desktop")),),
    times=Times(timeout=5 * MINUTE, allowed_lateness=180 * MINUTE),
)


def test_attempts_that_are_joined_are_seen_where_they_count() -> None:
    """What a joined attempt had reached is seen under the labels of the other, where it counts now."""
    story = Story(ACROSS)
    story.at("13:00", "a", device="mobile")
    story.at("14:30", "a", device="desktop")
    story.at("15:25", "b", device="desktop")
    assert seen(story)["device=desktop"][:3] == [1, 1, 0]
    story.at("13:50", "a", device="desktop")  # one attempt of three sessions, the first of them mobile
    assert seen(story)["device=mobile"][:3] == [1, 1, 0]
    story.at("15:20", "b")
    story.at("15:28", "c")
    assert seen(story)["device=mobile"][:3] == [1, 1, 1]
    assert seen(story)["all"][:3] == [2, 1, 1]


def test_an_attempt_that_is_split_is_counted_twice() -> None:
    """A late last step leaves what follows to a second attempt, which is seen for itself, too."""
    story = Story(ACROSS)
    story.at("13:00", "a", device="mobile")
    story.at("13:30", "a", device="desktop")
    story.at("13:31", "b")
    story.at("13:40", "c")
    assert seen(story)["all"][:3] == [1, 1, 1]
    story.at("13:10", "b")
    story.at("13:20", "c")
    assert seen(story)["all"][:3] == [2, 2, 2]
    assert seen(story)["device=desktop"][:3] == [1, 1, 1]
