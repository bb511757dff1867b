"""Mature windows, and what windows that end now will come to."""

from dataclasses import replace
from math import exp, log
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.core.bucket import HOUR, MINUTE, MINUTES_FOR
from stream.core.cell import SESSIONS
from stream.core.definition import Definition, Micro, Times
from stream.core.delay import bin_of, bounds
from stream.core.delta import Code, Delta
from stream.core.maturity import Course
from stream.core.past import Past, take_past
from stream.core.rates import Rates
from stream.core.tally import delay_place
from tests.core.story import Story, at_ms
from tests.core.test_delay import core
from tests.core.test_rates import ACT, BEGIN, CONVERT, ENTER, delta

PANE = 10_000
DAY = 24 * HOUR
DEFINITION = Definition(
    micros=(Micro("share", "share"),), times=Times(sizes=(5 * MINUTE, 15 * MINUTE, HOUR, 3 * HOUR))
)
SETTLING = 40 * MINUTE
SHARE = 0
"""The number of the measure."""


def converting(took: int) -> Code:
    """Return the code of a conversion after so long."""
    return Code("delay", "micro.share", (), bin_of(took))


def when(now: int, seq: int = 1, *hits: tuple[int, Code, int]) -> Delta:
    """Return a delta that brings the newest event time to ``now``."""
    return delta(seq, now - DEFINITION.times.out_of_order, *hits)


def told(*deltas: Delta, definition: Definition = DEFINITION) -> Rates:
    """Return rates that have come so far."""
    rates = Rates(definition)
    for found in deltas:
        rates.fold(found)
        rates.pass_time()
    return rates


def settled(took: list[int], before: int = BEGIN - SETTLING - MINUTE) -> list[tuple[int, Code, int]]:
    """Return hits of sessions that had their time, and converted after so long."""
    codes = [ENTER, CONVERT, ACT]
    return [(before, code, len(took)) for code in codes] + [(before, converting(one), 1) for one in took]


@pytest.mark.says(
    "`mature_ratio`: `converted / sessions` of the mature window, the newest one of the same size whose"
    " sessions, or attempts, have had their time: it ends the measure's settling span before the window that"
    " ends now, and slides by minutes, or by hours where that does",
)
def test_the_mature_window_ends_a_settling_span_before() -> None:
    """At 14:02:30 the last five minutes that had 40 minutes' time ended at 13:22."""
    story = Story(DEFINITION)
    story.at("13:16:50", "share", visitor_id="too early")
    story.at("13:17", "share")
    story.at("13:18", "p", visitor_id="u")
    story.at("13:22", "share", visitor_id="too young")
    story.at("14:02:25", "p", visitor_id="w")
    window = core(story).cohorts.mature[SETTLING, 5 * MINUTE]
    assert (window.start, window.end) == (at_ms("13:17"), at_ms("13:22"))
    assert core(story).windows[5 * MINUTE].end == at_ms("14:02:30")
    assert core(story).cohorts.mature_ratio(5 * MINUTE, "all", SHARE) == 0.5
    story.at("14:03:35", "p", visitor_id="w")
    assert core(story).cohorts.mature_ratio(5 * MINUTE, "all", SHARE) == 0.5, "too young is old enough"
    assert window.start == at_ms("13:18")
    story.at("14:20", "p", visitor_id="w")
    assert core(story).cohorts.mature_ratio(5 * MINUTE, "all", SHARE) is None, "no sessions, no ratio"


def test_a_late_conversion_reaches_the_mature_window() -> None:
    """What is folded in for a minute that a mature window has changes that window."""
    story = Story(DEFINITION)
    story.at("13:18", "p")
    story.at("13:53:50", "p", visitor_id="w")
    story.at("13:57", "p", visitor_id="w")
    assert core(story).cohorts.mature_ratio(HOUR, "all", SHARE) is None
    story.at("13:59", "p", visitor_id="w")
    assert core(story).cohorts.mature_ratio(HOUR, "all", SHARE) == 0
    rates = core(story)
    rates.fold(delta(99, at_ms("13:58:50"), (at_ms("13:18"), CONVERT, 1)))
    rates.settle()
    assert rates.cohorts.mature_ratio(HOUR, "all", SHARE) == 1


def test_mature_windows_come_back_with_the_buckets() -> None:
    """Another owner has the same windows, and tells the same of what is ahead."""
    story = Story(DEFINITION)
    for n in range(30):
        story.at(f"12:{n:02}", "p", visitor_id=f"v{n}")
        story.at(f"12:{n:02}:40", "share", visitor_id=f"v{n}")
    for n in range(10):
        story.at(f"14:{n:02}:07", "p" if n % 3 else "share", visitor_id=f"w{n}")
    before = core(story)
    story.pipeline.rates.crash()
    after = core(story)
    assert after is not before
    for (span, size), window in before.cohorts.mature.items():
        same = after.cohorts.mature[span, size]
        assert (window.end, window.rows, window.tallies) == (same.end, same.rows, same.tallies)
        final = before.cohorts.final_ratio(size, "all", SHARE)
        assert final == after.cohorts.final_ratio(size, "all", SHARE)
        assert final is not None
        assert final >= (0.4 if size < 3 * HOUR else 0.8)


@pytest.mark.says("and by the settling span longer where a mature window needs it;")
def test_windows_of_hours_have_mature_ones_of_hours() -> None:
    """A window that slides by hours waits for a whole one; what it needs is kept for so long."""
    long = replace(DEFINITION, times=replace(DEFINITION.times, sizes=(8 * DAY, 9 * DAY)))
    rates = told(when(BEGIN + 30 * MINUTE, 1, (BEGIN, ENTER, 1)), definition=long)
    assert BEGIN % HOUR == 0
    assert rates.cohorts.mature[SETTLING, 8 * DAY].end == BEGIN - 9 * MINUTE
    assert rates.cohorts.mature[SETTLING, 9 * DAY].end == BEGIN
    assert MINUTES_FOR + SETTLING <= rates.levels[1].keep < MINUTES_FOR + HOUR
    for seq, age in enumerate(range(1, 11 * 24), start=2):
        rates.fold(when(BEGIN + age * HOUR, seq))
        rates.pass_time()
        rates.forget()
        for (_, size), mature in rates.cohorts.mature.items():
            inside = mature.end is not None and mature.end - size <= BEGIN < mature.end
            assert (mature.rows.get("all", [0])[SESSIONS] == 1) == inside, (age, size)


def test_windows_of_the_past_are_in_mature_windows() -> None:
    """What is loaded for minutes long before goes into the windows that slide by minutes, once."""
    rates = told(when(BEGIN + HOUR, 1, (BEGIN, ENTER, 1)))
    segments = [("all", [10, 5, 0, 5] + [0] * 16, {delay_place(SHARE, 7): 5})]
    assert rates.cohorts.mature_ratio(HOUR, "all", SHARE) == 0
    for _ in range(2):
        past = Past(DEFINITION.fingerprint(), MINUTE, BEGIN - 30 * MINUTE, segments)
        assert take_past(rates, past) == []
    assert rates.cohorts.mature_ratio(HOUR, "all", SHARE) == 5 / 11
    assert rates.cohorts.mature[SETTLING, HOUR].tallies["all"] == {delay_place(SHARE, 7): 5}


@pytest.mark.says(
    "`final_ratio`: what `ratio` of the window will come to, `converted / sum of F(age)` over its sessions,",
    "`F(a)` is the part of conversions with a delay of at most `a`, from the delays in the largest mature"
    " window of that settling span, linear inside a bin.",
    "Ages are told by the middle of the pane for the newest 15 minutes, of the minute for what is older,",
)
def test_young_sessions_are_weighed_by_how_soon_conversions_come() -> None:
    """Conversions take 60 to 80 s or 280 to 320 s: by hand, ages of 25 s, 75 s and ten minutes."""
    quick, slow = 72_000, 300_000
    assert [bounds(bin_of(one)) for one in (quick, slow)] == [(65_536, 81_920), (262_144, 327_680)]
    now = BEGIN + 9_999
    rates = told(
        when(
            now,
            1,
            *settled([quick] * 15 + [slow] * 5),
            (BEGIN - 20_000, ENTER, 8),  # the middle of the pane is 24.999 s ago: nobody has converted
            (BEGIN - 70_000, ENTER, 4),  # 74.999 s ago
            (BEGIN - 70_000, CONVERT, 1),
            (BEGIN - 10 * MINUTE, ENTER, 6),  # all have
            (BEGIN - 10 * MINUTE, CONVERT, 2),
        )
    )
    some = 0.75 * (74_999 - 65_536) / 16_384
    cohorts = rates.cohorts
    assert cohorts.final_ratio(5 * MINUTE, "all", SHARE) == pytest.approx(1 / (4 * some))
    assert cohorts.final_ratio(15 * MINUTE, "all", SHARE) == pytest.approx(3 / (4 * some + 6))
    assert cohorts.final_ratio(3 * HOUR, "all", SHARE) == pytest.approx(23 / (4 * some + 26))
    engaged = rates.measures.index("session.engaged")
    assert cohorts.final_ratio(5 * MINUTE, "all", engaged) is None, "no delays are known"


@pytest.mark.says("It is not told where there are fewer than 20 delays")
def test_with_few_delays_nothing_is_told() -> None:
    """Nineteen conversions tell nobody how soon they come."""
    for count, known in ((19, False), (20, True)):
        rates = told(when(BEGIN, 1, *settled([MINUTE] * count), (BEGIN - 10 * MINUTE, ENTER, 9)))
        assert (rates.cohorts.final_ratio(15 * MINUTE, "all", SHARE) is not None) == known
    assert Rates(DEFINITION).cohorts.final_ratio(HOUR, "all", SHARE) is None, "before time is known"


@pytest.mark.says("It is computed when it is shown, at most once for each pane of event time.")
def test_it_is_computed_once_a_pane() -> None:
    """Until the next pane begins it is that of the moment at which somebody asked first."""
    rates = told(when(BEGIN, 1, *settled([MINUTE] * 30), (BEGIN - 10 * MINUTE, ENTER, 4)))
    assert rates.cohorts.final_ratio(15 * MINUTE, "all", SHARE) == 0
    rates.fold(when(BEGIN + 5_000, 2, (BEGIN - 10 * MINUTE, CONVERT, 1)))
    rates.pass_time()
    assert rates.cohorts.final_ratio(15 * MINUTE, "all", SHARE) == 0
    rates.fold(when(BEGIN + PANE, 3))
    rates.pass_time()
    assert rates.cohorts.final_ratio(15 * MINUTE, "all", SHARE) == 0.25


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 4 * 360), st.booleans()), max_size=60),
    st.lists(st.integers(0, 35 * MINUTE), min_size=20, max_size=30),
    st.integers(0, 119),
)
def test_every_window_is_as_reckoned_session_by_session(
    sessions: list[tuple[int, bool]], took: list[int], late: int
) -> None:
    """Sessions of any age, at any place in the minute: each size weighs each of its own by its age."""
    now = BEGIN + late * 1_000
    newest = now - now % PANE
    hits = settled(took)
    for panes, converts in sessions:
        hits += [(newest - panes * PANE, code, 1) for code in ([ENTER, CONVERT] if converts else [ENTER])]
    rates = told(when(now, 1, *hits))
    counts: dict[int, int] = {}
    mature = rates.cohorts.mature[SETTLING, 3 * HOUR]
    for one in took:
        counts[bin_of(one)] = counts.get(bin_of(one), 0) + 1
    assert mature.end is not None
    assert mature.start is not None
    course = Course(counts, SETTLING)
    every = [(newest - panes * PANE, converts) for panes, converts in sessions]
    every += [(BEGIN - SETTLING - MINUTE, True)] * len(took)
    for size, window in rates.windows.items():
        assert window.end is not None
        inside = [(t, converts) for t, converts in every if window.end - size <= t < window.end]
        ripe = sum(course.part(_age(t, now, window.end - size)) for t, _ in inside)
        wanted = min(1.0, sum(c for _, c in inside) / ripe) if ripe >= 1 else None
        assert rates.cohorts.final_ratio(size, "all", SHARE) == pytest.approx(wanted), size


def _age(time: int, now: int, start: int) -> float:
    """Return how old a session of a pane is taken to be."""
    minute = time - time % MINUTE
    if minute < start or minute + MINUTE > now - 15 * MINUTE:
        return now - (time + PANE / 2)
    return now - (minute + MINUTE / 2)


def _exponential(random: Random) -> float:
    return -240_000 * log(1 - random.random() * (1 - exp(-8)))


def _bell(random: Random) -> float:
    return min(30 * MINUTE, random.lognormvariate(log(300_000), 0.8))


def _even(random: Random) -> float:
    return random.uniform(0, 20 * MINUTE)


@pytest.mark.parametrize(
    ("draw", "ratio"), [(_exponential, 0.3), (_bell, 0.2), (_even, 0.5)], ids=["soon", "later", "evenly"]
)
def test_it_is_right_on_average_where_the_ratio_is_far_below(draw: object, ratio: float) -> None:
    """A stationary site: young windows tell a fraction of what they end at, and the estimate just that."""
    assert callable(draw)
    random = Random(f"{draw.__name__} {ratio}")
    panes: dict[int, dict[tuple[int, Code], int]] = {}
    for pane in range(8 * 360):
        for _ in range(10):
            base = BEGIN + pane * PANE + random.randrange(PANE)
            reached = [(base, base, ENTER)]
            if random.random() < ratio:
                time = base + int(draw(random))
                reached += [(time, base, CONVERT), (time, base, converting(time - base))]
            for time, counts_at, code in reached:
                sums = panes.setdefault((time - BEGIN) // PANE, {})
                place = counts_at - counts_at % PANE, code
                sums[place] = sums.get(place, 0) + 1
    rates, seen, expected = Rates(DEFINITION), [], []
    for pane in range(8 * 360):
        hits = [(time, code, n) for (time, code), n in panes.get(pane, {}).items()]
        rates.fold(when(BEGIN + (pane + 1) * PANE - 1, pane + 1, *hits))
        rates.pass_time()
        if pane >= 4 * 360 and pane % 30 == 29:
            row = rates.windows[5 * MINUTE].rows["all"]
            seen.append(row[1] / row[0])
            expected.append(rates.cohorts.final_ratio(5 * MINUTE, "all", SHARE) or 0.0)
    assert len(expected) == 48
    assert sum(seen) / len(seen) < 0.6 * ratio
    assert sum(expected) / len(expected) == pytest.approx(ratio, rel=0.08)
    mature = rates.cohorts.mature_ratio(3 * HOUR, "all", SHARE)
    assert mature == pytest.approx(ratio, rel=0.06)
