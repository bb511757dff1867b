"""What is known of the sessions of a window while they go on, close, are opened again, and slide away."""

import pytest

from stream.agents.rates import RatesState
from stream.core.definition import Definition, Dimension, Micro, Times
from stream.core.delta import Code
from stream.core.facts import facts
from stream.core.rates import Rates
from stream.core.tally import FIRST_GOAL, total
from tests.core.story import Story
from tests.core.test_rates import BEGIN, ENTER, advance, delta
from tests.core.test_rates import DEFINITION as SHARES

HOUR = 3_600_000
DEFINITION = Definition(
    micros=(Micro("share", "share", weight=400_000),),
    dimensions=(Dimension("device", "device", ("mobile",)),),
    times=Times(allowed_lateness=HOUR, sizes=(HOUR, 3 * HOUR)),
)


def core(story: Story) -> Rates:
    """Return the rates."""
    state = story.pipeline.rates.state
    assert isinstance(state, RatesState)
    return state.core


def known(story: Story, segment: str = "all", size: int = HOUR) -> dict[str, float]:
    """Return what is known of the sessions of a sliding window; nothing where it has none."""
    window = core(story).windows[size]
    row, tallies = window.rows.get(segment), window.tallies.get(segment, {})
    assert row is not None or not tallies
    return {} if row is None else facts(row, tallies, core(story).plans).fields()


def of_closed(story: Story) -> list[int]:
    """Return the places of the tallies of closed sessions in the window of an hour."""
    return [
        place for found in core(story).windows[HOUR].tallies.values() for place in found if place < FIRST_GOAL
    ]


def test_an_open_session_says_nothing_of_its_end() -> None:
    """Until a session closes it is begun and perhaps engaged; then it has a duration and the rest."""
    story = Story(DEFINITION)
    story.at("13:00", "page_view")
    story.at("13:04", "page_view")
    assert known(story) == {
        "sessions": 1,
        "closed": 0,
        "engaged": 1,
        "bounced": 0,
        "single_page": 0,
        "engagement_ratio": 1.0,
        "bounce_ratio": 0.0,
    }
    story.quiet("30m")
    assert known(story)["closed"] == 0, "exactly the timeout has passed"
    story.quiet("20s")
    found = known(story)
    assert (found["closed"], found["duration_mean"], found["page_views_mean"]) == (1, 240_000, 2)
    assert (found["score_mean"], found["score_p90"]) == (0, 0), "it could have earned something"
    assert "high_intent_duration_mean" not in found
    assert "click_through" not in found


@pytest.mark.parametrize("crashes", [False, True])
def test_what_its_end_said_is_taken_back(crashes: bool) -> None:
    """A closed session that goes on is open again, and closes as another: of high intent, with a score."""
    story = Story(DEFINITION)
    story.at("13:00", "page_view")
    story.at("13:40", "p", visitor_id="w")
    assert known(story)["closed"] == 1
    if crashes:
        story.crash()
        story.pipeline.rates.crash()
    story.at("13:20", "share")
    assert known(story)["closed"] == 0
    assert of_closed(story) == []
    story.at("13:51", "p", visitor_id="w")
    found = known(story)
    assert (found["closed"], found["high_intent_duration_mean"]) == (1, 1_200_000)
    assert found["score_mean"] == 0.4


def test_a_closed_session_moves_to_its_segment() -> None:
    """A label that arrives late brings along what the session's end had said."""
    story = Story(DEFINITION)
    story.at("13:00", "page_view", device="")
    story.at("13:05", "page_view")
    story.at("13:40", "p", visitor_id="w")
    assert known(story, "device=mobile") == {}
    story.at("13:03", "p", device="mobile")
    assert known(story, "device=mobile")["duration_mean"] == 300_000
    story.at("13:02", "p", device="desktop")
    assert known(story, "device=mobile").get("closed", 0) == 0
    assert known(story, "device=desktop")["closed"] == 1
    assert known(story)["closed"] == 1


def test_a_window_slides_on_and_leaves_nothing() -> None:
    """What has left a window is no longer in it, down to the last bin; a longer one still has it."""
    story = Story(DEFINITION)
    story.at("13:00", "share")
    story.at("13:10", "page_view")
    story.at("13:59:40", "p", visitor_id="w")
    assert known(story)["closed"] == 1
    story.at("14:00:10", "p", visitor_id="w")
    assert known(story)["closed"] == 0
    assert of_closed(story) == []
    assert known(story, size=3 * HOUR)["high_intent_duration_mean"] == 600_000
    story.at("19:00", "p", visitor_id="w")
    assert all(window.tallies == {} for window in core(story).windows.values())


def test_tallies_alone_publish_no_closed_row() -> None:
    """What only tallies say is kept with its minute and publishes nothing; what nobody knows is left out."""
    rates = Rates(SHARES)
    advance(rates, delta(1, BEGIN + HOUR, (BEGIN, ENTER, 1)))
    advance(rates, delta(2, BEGIN + HOUR + 1, (BEGIN, Code("sum", "page_views"), 7)))
    unknown = Code("bin", "of another version", (), 3)
    assert advance(rates, delta(3, BEGIN + HOUR + 2, (BEGIN, unknown, 1))) == []
    assert rates.publish() == []
    (slot,) = [slot for _, slot in rates.levels[1].segments(BEGIN)]
    assert (total(slot.tallies, "page_views"), len(slot.tallies), slot.pending) == (7, 1, 0)
