"""What attempts across sessions that began lately will come to."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.core.bucket import HOUR, MINUTE
from stream.core.definition import Times
from stream.core.delay import bin_of, bounds
from stream.core.delta import Code
from stream.core.maturity import Course
from tests.core.test_cohorts import DAY, PANE, told, when
from tests.core.test_cohorts_across import DEMO, PRICE, SITE, SPAN, TRIAL
from tests.core.test_rates import BEGIN

LONG = replace(SITE, times=Times(sizes=(5 * MINUTE, HOUR, DAY, 8 * DAY, 9 * DAY)))
ENTER, CONVERT = Code("enter", "trial"), Code("convert", "trial.price")


def old(took: list[int], span: int = SPAN) -> list[tuple[int, Code, int]]:
    """Return hits of attempts that had their time: half of them got on, after so long."""
    before = BEGIN - span - 2 * HOUR
    hits = [(before, ENTER, 2 * len(took)), (before, CONVERT, len(took))]
    return hits + [(before, Code("delay", "trial.price", (), bin_of(one)), 1) for one in took]


@pytest.mark.says("and of the hour for what is older than 4 hours and the settling span of sessions.")
def test_attempts_of_days_are_weighed_by_the_hour() -> None:
    """Half of all take nearly two hours, half five and a half: by hand, attempts of three ages."""
    quick, slow = 100 * MINUTE, 330 * MINUTE
    rates = told(
        when(
            BEGIN + 9_999,
            1,
            *old([quick] * 10 + [slow] * 10),
            (BEGIN - 95 * MINUTE, ENTER, 5),  # the middle of the minute is 94 minutes and 39.999 s ago
            (BEGIN - 95 * MINUTE, CONVERT, 1),
            (BEGIN - 307 * MINUTE, ENTER, 8),  # the middle of the hour is five hours and a half ago
            (BEGIN - 307 * MINUTE, CONVERT, 1),
            (BEGIN - 8 * DAY - 7 * MINUTE, ENTER, 10),  # whose minutes are gone: all have converted
            (BEGIN - 8 * DAY - 7 * MINUTE, CONVERT, 6),
        ),
        definition=LONG,
    )
    rates.forget()
    some, more = 0.5 * passed(quick, 5_679_999), 0.5 + 0.5 * passed(slow, 330 * MINUTE + 9_999)
    cohorts = rates.cohorts
    assert cohorts.final_ratio(HOUR, "all", PRICE) is None, "nobody came in the last hour"
    assert cohorts.final_ratio(DAY, "all", PRICE) == pytest.approx(2 / (5 * some + 8 * more))
    assert cohorts.final_ratio(9 * DAY, "all", PRICE) == pytest.approx(8 / (5 * some + 8 * more + 10))
    assert cohorts.final_ratio(9 * DAY, "all", DEMO) is None, "no delays are known"


def passed(took: int, age: int) -> float:
    """Return which part of the bin of a delay has passed at an age in it, both ms."""
    begin, end = bounds(bin_of(took))
    assert begin < age < end
    return (age - begin) / (end - begin)


def test_each_funnel_is_told_by_its_own_windows() -> None:
    """That people took twenty minutes a month ago says nothing of sessions of today, who take seconds."""
    engage = Code("enter", "session"), Code("convert", "session.engaged")
    hits = []
    for ago, took in ((SPAN + 2 * HOUR, 20 * MINUTE), (2 * HOUR, 5_000)):
        delay = Code("delay", "session.engaged", (), bin_of(took))
        hits += [(BEGIN - ago, code, 30) for code in (*engage, delay)]
    hits += [(BEGIN - 2 * MINUTE, code, n) for code, n in zip(engage, (8, 2), strict=True)]
    rates = told(when(BEGIN, 1, *old([DAY] * 20), *hits), definition=LONG)
    engaged = rates.measures.index("session.engaged")
    assert rates.cohorts.final_ratio(5 * MINUTE, "all", engaged) == 0.25
    assert rates.cohorts.final_ratio(9 * DAY, "all", engaged) == 32 / 38


_EDGE = 8 * 8_640
"""Where a window of eight days begins, in panes ago."""


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from([30 * DAY, 8 * DAY + 3 * HOUR, 5 * HOUR]),
    st.lists(
        st.tuples(
            st.one_of(
                st.integers(0, 6 * 360), st.integers(0, 9 * 8_640), st.integers(_EDGE - 400, _EDGE + 1_600)
            ),
            st.booleans(),
        ),
        max_size=40,
    ),
    st.lists(st.floats(0, 1), min_size=20, max_size=30),
    st.integers(0, 359),
)
def test_every_window_is_as_reckoned_attempt_by_attempt(
    within: int, attempts: list[tuple[int, bool]], parts: list[float], late: int
) -> None:
    """Attempts of any age, at any place in the hour: each size weighs each of its own by its age."""
    now, span, took = BEGIN + late * PANE, within + 10 * MINUTE, [int(part * within) for part in parts]
    every = [(now - panes * PANE, converts) for panes, converts in attempts]
    hits = [(time, code, 1) for time, converts in every for code in [ENTER, CONVERT][: 1 + converts]]
    definition = replace(LONG, funnels=(replace(TRIAL, within_ms=within),))
    rates = told(when(now, 1, *old(took, span), *hits), definition=definition)
    rates.forget()
    every += [(BEGIN - span - 2 * HOUR, n % 2 == 0) for n in range(2 * len(took))]
    counts: dict[int, int] = {}
    for one in took:
        counts[bin_of(one)] = counts.get(bin_of(one), 0) + 1
    course = Course(counts, span)
    for size, window in rates.windows.items():
        assert window.end is not None
        inside = [(t, converts) for t, converts in every if window.end - size <= t < window.end]
        ripe = sum(course.part(_age(t, now, window.end - size)) for t, _ in inside)
        if abs(ripe - 1) < 1e-9:
            continue  # whether that is enough depends on the order in which it was added up
        wanted = min(1.0, sum(c for _, c in inside) / ripe) if ripe >= 1 else None
        assert rates.cohorts.final_ratio(size, "all", PRICE) == pytest.approx(wanted), size


def _age(time: int, now: int, start: int) -> float:
    """Return how old an attempt of a pane is taken to be."""
    for width, youngest in ((HOUR, 4 * HOUR), (MINUTE, 15 * MINUTE)):
        begin = time - time % width
        if begin >= start and begin + width <= now - youngest:
            return now - (begin + width / 2)
    return now - (time + PANE / 2)
