"""How long after its base a measure was reached: in which bin that is, where it counts, what moves it."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.agents.rates import RatesState
from stream.core.definition import Definition, Dimension, Funnel, Micro, Step, Times
from stream.core.delay import BINS, bin_of, bounds
from stream.core.rates import Rates
from stream.core.tally import delay_place, delays
from tests.core.story import Story, at_ms

MINUTE = 60_000
DEFINITION = Definition(
    funnels=(
        Funnel("f", (Step("a", "a"), Step("b", "b", optional=True), Step("c", "c", macro=True))),
        Funnel("trial", (Step("a", "a"), Step("c", "c")), 30 * MINUTE, scope="visitor"),
    ),
    micros=(Micro("share", "share"), Micro("after", "share", of="f.b")),
    dimensions=(Dimension("device", "device", ("mobile",)), Dimension("user_type", "user_type")),
    times=Times(allowed_lateness=60 * MINUTE),
)

ACROSS = Definition(
    funnels=(
        Funnel(
            "trial",
            (Step("a", "a"), Step("b", "b", optional=True), Step("c", "c", macro=True)),
            30 * MINUTE,
            scope="visitor",
        ),
    ),
    dimensions=DEFINITION.dimensions,
    times=replace(DEFINITION.times, engaged_after=24 * 60 * MINUTE),
)
"""Nobody is engaged, so that only attempts have delays."""


def core(story: Story) -> Rates:
    """Return the rates."""
    state = story.pipeline.rates.state
    assert isinstance(state, RatesState)
    return state.core


def known(story: Story, clock: str, segment: str = "all") -> dict[str, list[int]]:
    """Return the bins of the delays of a kept minute, by measure; a bin as often as there are."""
    slot = core(story).levels[1].look(at_ms(clock), segment)
    found = delays(slot.tallies) if slot is not None else {}
    return {
        core(story).measures[measure]: [number for number, n in sorted(bins.items()) for _ in range(n)]
        for measure, bins in found.items()
    }


def test_bins_begin_and_end_at_whole_milliseconds() -> None:
    """All that is shorter than 1,024 ms is one bin; from there on a power of two has four equal ones."""
    assert [bin_of(ms) for ms in (0, 1, 1_023, 1_024, 1_279, 1_280, 1_791, 1_792, 2_047)] == [
        *(0, 0, 0),
        *(1, 1, 2, 3, 4, 4),
    ]
    assert (bin_of(2_048), bounds(bin_of(2_048))) == (5, (2_048, 2_560))
    assert bin_of(30 * MINUTE) == bin_of(1_835_007) == 43, "seven eighths of 2^21 ms, nearly"
    assert [bounds(number)[1] for number in range(BINS - 1)] == [
        bounds(number)[0] for number in range(1, BINS)
    ]
    parts = [end / begin for begin, end in map(bounds, range(1, 100))]
    assert (min(parts), max(parts)) == (8 / 7, 5 / 4)


@given(st.integers(0, 1 << 80))
def test_every_delay_is_in_the_bin_around_it(ms: int) -> None:
    """Whatever is longer than anybody lives is in the last one."""
    begin, end = bounds(bin_of(ms))
    assert begin <= ms
    assert ms < end or bin_of(ms) == BINS - 1


def test_places_of_measures_do_not_meet() -> None:
    """Each measure has as many places as there are bins; what is no bin has none."""
    places = [delay_place(measure, number) for measure in range(3) for number in (0, BINS - 1)]
    assert all(one < other for one, other in pairwise(places))
    assert delay_place(0, BINS) == delay_place(0, -1) == -1
    assert delays({delay_place(2, 7): 3, 5: 1, places[0] - 1: 1, 1 << 26: 1}) == {2: {7: 3}}


@pytest.mark.says(
    "Delays, of each conversion of a session or attempt that has closed: from when it reached the base to"
    " when it reached the measure, in the window of the base's time; in `all` alone.",
    "None are counted of what is a base itself, and of what is reached by closing.",
)
def test_each_conversion_counts_where_its_base_is() -> None:
    """At the minute of the base, in no other segment; the base and an end have none."""
    story = Story(DEFINITION)
    story.at("13:00:30", "a", device="mobile")
    assert known(story, "13:00") == {}
    story.at("13:02:30", "b")
    story.at("13:02:31", "share")
    story.at("13:05:30", "c")
    complete = {"trial.c": [bin_of(5 * MINUTE)]}
    assert known(story, "13:00") == complete, "the attempt has closed, the session has not"
    story.quiet("3h")
    two_minutes, a_second = bin_of(2 * MINUTE), bin_of(1_000)
    assert known(story, "13:00") == {
        "f.b": [two_minutes],
        "f.c": [bin_of(5 * MINUTE)],
        "micro.share": [two_minutes],
        "session.engaged": [two_minutes],
        **complete,
    }
    assert known(story, "13:02") == {"micro.after": [a_second]}
    assert known(story, "13:00", "device=mobile") == {}
    assert known(story, "13:00", "user_type=new") == {}


def test_an_attempt_has_delays_when_it_is_over() -> None:
    """Not while its time lasts, nor when a late step 0 prolongs it; then where it began, and only once."""
    story = Story(ACROSS)
    story.at("13:00", "a")
    story.at("13:20", "b")
    story.at("13:29", "p", visitor_id="w")
    assert known(story, "13:00") == {}
    story.at("13:31", "p", visitor_id="w")
    twenty_minutes = {"trial.b": [bin_of(20 * MINUTE)]}
    assert known(story, "13:00") == twenty_minutes
    story.at("13:25", "a")
    assert known(story, "13:00") == {}, "it is open again"
    story.crash()
    story.at("13:53", "c")
    all_of_it = twenty_minutes | {"trial.c": [bin_of(53 * MINUTE)]}
    assert known(story, "13:00") == all_of_it
    story.quiet("3h")
    assert known(story, "13:00") == all_of_it
    assert known(story, "13:25") == {}
    assert known(story, "13:00", "device=mobile") == {}


def test_an_attempt_that_is_computed_again_takes_its_delays_along() -> None:
    """A late first step moves the base; one between two attempts makes them one."""
    story = Story(ACROSS)
    story.at("13:10", "a")
    story.at("13:14", "c")
    assert known(story, "13:10") == {"trial.c": [bin_of(4 * MINUTE)]}
    story.at("13:06", "a", device="mobile")
    assert known(story, "13:10") == {}
    assert known(story, "13:06") == {"trial.c": [bin_of(8 * MINUTE)]}
    story.at("14:00", "a")
    story.at("14:10", "b")
    story.at("14:40", "a")
    story.at("14:50", "c")
    assert known(story, "14:00") == {"trial.b": [bin_of(10 * MINUTE)]}
    assert known(story, "14:40") == {"trial.c": [bin_of(10 * MINUTE)]}
    story.at("14:20", "a")
    assert known(story, "14:40") == {}
    assert known(story, "14:00") == {"trial.b": [bin_of(10 * MINUTE)], "trial.c": [bin_of(50 * MINUTE)]}


def test_a_session_that_is_computed_again_takes_its_delays_along() -> None:
    """An event that arrives late moves the base; one that bridges two sessions leaves one of them."""
    story = Story(DEFINITION)
    story.at("13:10", "a")
    story.at("13:14", "c")
    story.at("13:50", "a")
    story.at("13:55", "c")
    story.quiet("3h")
    assert known(story, "13:10")["f.c"] == [bin_of(4 * MINUTE)]
    story.at("13:06", "a")
    assert known(story, "13:10") == {}
    assert known(story, "13:06")["f.c"] == [bin_of(8 * MINUTE)]
    assert known(story, "13:50")["f.c"] == [bin_of(5 * MINUTE)]
    story.crash()
    story.at("13:40", "page_view")
    assert set(known(story, "13:50")) == {"trial.c"}, "an attempt goes across sessions"
    story.at("13:02", "p", device="mobile")
    assert known(story, "13:06")["f.c"] == [bin_of(8 * MINUTE)], "labels do not matter"
    assert known(story, "13:02") == {"session.engaged": [bin_of(4 * MINUTE)]}
