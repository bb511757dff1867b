"""How soon conversions come, and what follows from that for those who are still young."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.configuration import load
from stream.core.definition import Definition, Funnel, Micro, Step, Times
from stream.core.delay import bin_of, bounds
from stream.core.maturity import Course, final_ratio, settling_span, settling_spans

MINUTE = 60_000
STEPS = (Step("a", "a"), Step("b", "b"))


def test_the_course_is_linear_inside_a_bin() -> None:
    """Of three delays below 1,024 ms and one in the bin up to 2,560 ms: nothing comes in between."""
    course = Course({0: 3, bin_of(2_048): 1}, MINUTE)
    assert course.count == 4
    parts = {0: 0, -5: 0, 256: 3 / 16, 1_024: 3 / 4, 1_500: 3 / 4, 2_048: 3 / 4, 2_304: 7 / 8, 2_560: 1}
    assert {age: course.part(age) for age in parts} == pytest.approx(parts)


@pytest.mark.says("`F(a)` is 1 from the settling span on")
def test_nothing_comes_after_the_settling_span() -> None:
    """Who converted later still is taken for one who does not wait for anybody."""
    course = Course({0: 1, bin_of(90 * MINUTE): 1}, 60 * MINUTE)
    assert [course.part(age) for age in (59 * MINUTE, 60 * MINUTE, 95 * MINUTE)] == [0.5, 1, 1]
    assert Course({}, MINUTE).part(5) == 0


@given(
    st.lists(st.integers(0, 40 * MINUTE), min_size=1, max_size=50),
    st.lists(st.floats(0, 50 * MINUTE), min_size=2, max_size=10),
)
def test_the_course_is_that_of_delays_spread_evenly_in_their_bins(took: list[int], ages: list[float]) -> None:
    """Each delay has come by the part of its bin that has passed: as a person would reckon."""
    counts: dict[int, int] = {}
    for one in took:
        counts[bin_of(one)] = counts.get(bin_of(one), 0) + 1
    course = Course(counts, 60 * MINUTE)
    known = [course.part(age) for age in sorted(ages)]
    assert known == sorted(known)
    for age, part in zip(sorted(ages), known, strict=True):
        spans = [bounds(bin_of(one)) for one in took]
        passed = [min(1.0, max(0.0, (age - begin) / (end - begin))) for begin, end in spans]
        assert part == pytest.approx(sum(passed) / len(took))


@pytest.mark.says("at most 1.", "or the sum is below 1.")
def test_what_a_cohort_will_come_to() -> None:
    """Ten sessions of which half had their time make five: three conversions are 60 %, not 30 %."""
    assert final_ratio(3, 10, 5.0) == pytest.approx(0.6)
    assert final_ratio(3, 10, 0.0) == 0.3
    assert final_ratio(3, 4, 2.5) == 1.0
    assert final_ratio(0, 5, 4.5) is None, "nobody has had a whole session's time"
    assert final_ratio(0, 0, 0.0) is None


@pytest.mark.says(
    "The settling span of what is reached in a session: `timeout`, the longest `within` of a funnel of"
    " sessions or of a step of one (no longer than `max_length`), and `allowed_lateness`, in whole minutes.",
)
def test_the_settling_span() -> None:
    """Journeys across sessions are not waited for, and no chain is longer than a session."""
    times = Times(
        timeout=30 * MINUTE, allowed_lateness=10 * MINUTE - 1, max_length=120 * MINUTE, sizes=(MINUTE,)
    )
    plain = Definition(times=times)
    assert settling_span(plain) == 40 * MINUTE
    funnel = Funnel("f", STEPS, 45 * MINUTE)
    journey = replace(funnel, name="j", within_ms=99 * 24 * 60 * MINUTE, scope="visitor")
    assert settling_span(replace(plain, funnels=(funnel, journey))) == 85 * MINUTE
    slow = replace(funnel, name="g", steps=(STEPS[0], replace(STEPS[1], within_ms=50 * MINUTE)))
    assert settling_span(replace(plain, funnels=(funnel, slow))) == 90 * MINUTE
    endless = replace(funnel, name="h", within_ms=9 * 24 * 60 * MINUTE)
    assert settling_span(replace(plain, funnels=(funnel, endless))) == 160 * MINUTE
    assert settling_span(load(preset="ecommerce", environ={}).definition()) == 70 * MINUTE


@pytest.mark.says("That of a funnel across sessions: its `within` and `allowed_lateness`, in whole minutes.")
def test_each_funnel_across_sessions_has_a_span_of_its_own() -> None:
    """Neither the timeout nor the `within` of another one matters to an attempt."""
    funnel = Funnel("f", STEPS, 45 * MINUTE)
    hours = replace(funnel, name="h", within_ms=180 * MINUTE + 1, scope="visitor")
    weeks = replace(funnel, name="w", within_ms=30 * 24 * 60 * MINUTE, scope="visitor")
    definition = Definition((hours, funnel, weeks), (Micro("m", "m"),), times=Times(timeout=20 * MINUTE))
    spans = dict(zip(definition.measures(), settling_spans(definition), strict=True))
    assert {spans[f"{name}.{step.name}"] for name in "h" for step in STEPS} == {191 * MINUTE}
    assert {spans["w.a"], spans["w.b"]} == {(30 * 24 * 60 + 10) * MINUTE}
    rest = {span for measure, span in spans.items() if measure[0] not in "hw"}
    assert rest == {settling_span(definition)} == {75 * MINUTE}
