"""Mature windows of attempts across sessions."""

from dataclasses import replace

import msgspec
import pytest

from stream.agents.rates import RatesState
from stream.core.bucket import HOUR, MINUTE, MINUTES_FOR
from stream.core.cell import SESSIONS
from stream.core.definition import Definition, Funnel, Step, Times
from stream.core.delay import bin_of
from stream.core.delta import Code
from stream.core.maturity import Course
from stream.core.rates import Rates
from stream.core.tally import delays
from tests.core.test_cohorts import DAY, told, when
from tests.core.test_rates import BEGIN
from tests.laws.pipeline import TOPICS, Pipeline
from tests.oracle import Read

TRIAL = Funnel(
    "trial", (Step("ad", "ad"), Step("price", "price"), Step("demo", "demo")), 30 * DAY, scope="visitor"
)
SITE = Definition((TRIAL,), times=Times(sizes=(MINUTE, 5 * MINUTE, HOUR, 90 * MINUTE, DAY)))
SPAN = 30 * DAY + 10 * MINUTE
PRICE, DEMO = 1, 2
"""The numbers of the measures."""

SHORT = replace(SITE, funnels=(replace(TRIAL, within_ms=3 * HOUR),))
SHORT_SPAN = 190 * MINUTE


class Site:
    """A site on which little happens in weeks; all is told to the owner of its rates at once."""

    def __init__(self, definition: Definition) -> None:
        self.pipeline = Pipeline(definition, 1)

    def at(self, time: int, name: str, *visitors: str) -> None:
        """Let the event of each visitor be read."""
        owned = self.pipeline.sessions[0]
        first = owned.position.get(TOPICS[0], 0)
        events = [{"name": name, "time": time, "visitor_id": visitor} for visitor in visitors]
        reads = [
            Read(TOPICS[0], 0, offset, time, msgspec.json.encode(event | {"event_id": f"e{offset}"}))
            for offset, event in enumerate(events, start=first)
        ]
        owned.apply(TOPICS[0], 0, first, reads)
        self.pipeline.flush(0)
        self.pipeline.flush_rates()

    def quiet(self, begin: int, end: int) -> None:
        """Let somebody else come once an hour, and at the end."""
        for time in (*range(begin, end, HOUR), end):
            self.at(time, "ping", "clock")

    @property
    def rates(self) -> Rates:
        """The rates."""
        state = self.pipeline.rates.state
        assert isinstance(state, RatesState)
        return state.core


def those(letter: str, count: int) -> list[str]:
    """Return the names of so many visitors."""
    return [f"{letter}{n}" for n in range(count)]


def after_a_month() -> Site:
    """Return a site 68 minutes after thirty days: of forty who came at first, ten asked for a demo."""
    site = Site(SITE)
    site.at(BEGIN + 59 * MINUTE, "ad", *those("v", 40))
    site.quiet(BEGIN + HOUR, BEGIN + 2 * DAY)
    site.at(BEGIN + 2 * DAY, "price", *those("v", 30))
    site.quiet(BEGIN + 2 * DAY, BEGIN + 12 * DAY)
    site.at(BEGIN + 12 * DAY, "demo", *those("v", 10))
    site.quiet(BEGIN + 12 * DAY, BEGIN + 30 * DAY + 68 * MINUTE)
    return site


@pytest.mark.says(
    "or where minutes are not kept for so long.",
    "A window of no whole hours has none where it would slide by hours.",
)
def test_a_trial_of_thirty_days() -> None:
    """Told by hours when all have had their thirty days, long after their minutes are gone."""
    site = after_a_month()
    cohorts = site.rates.cohorts
    assert {size for span, size in cohorts.mature if span == SPAN} == {HOUR, DAY}
    assert {size for span, size in cohorts.mature if span == 40 * MINUTE} == set(SITE.times.sizes)
    assert cohorts.mature[SPAN, DAY].end == BEGIN
    assert cohorts.mature_ratio(DAY, "all", DEMO) is None, "not all had their time, and ten minutes more"
    site.at(BEGIN + 30 * DAY + 69 * MINUTE, "ping", "clock")
    assert cohorts.mature[SPAN, DAY].end == BEGIN + HOUR
    assert cohorts.mature[SPAN, HOUR].end == BEGIN, "the hour that ends now ends earlier: it slides by panes"
    site.at(BEGIN + 30 * DAY + 70 * MINUTE, "ping", "clock")
    told = {
        size: [cohorts.mature_ratio(size, "all", measure) for measure in (0, PRICE, DEMO)]
        for size in SITE.times.sizes
    }
    none = [None, None, None]
    assert told == {MINUTE: none, 5 * MINUTE: none, 90 * MINUTE: none} | {
        HOUR: [None, 0.75, 0.25],
        DAY: [None, 0.75, 0.25],
    }
    assert site.rates.levels[1].keep == MINUTES_FOR
    assert site.rates.levels[1].starts()[0] > BEGIN + 22 * DAY
    site.at(BEGIN + 30 * DAY + 130 * MINUTE, "ping", "clock")
    assert cohorts.mature_ratio(HOUR, "all", DEMO) is None, "nobody came in the hour after it"
    assert cohorts.mature_ratio(DAY, "all", DEMO) == 0.25


def test_another_owner_tells_the_same() -> None:
    """Mature windows, of hours as of minutes, and what is ahead come back with the buckets."""
    site = after_a_month()
    now = BEGIN + 30 * DAY + 69 * MINUTE
    site.at(now, "ad", *those("w", 40))
    before = site.rates
    site.pipeline.rates.crash()
    after = site.rates
    assert after is not before
    assert before.cohorts.mature.keys() == after.cohorts.mature.keys()
    for key, window in before.cohorts.mature.items():
        same = after.cohorts.mature[key]
        assert (window.end, window.rows, window.tallies) == (same.end, same.rows, same.tallies)
    for size in SITE.times.sizes:
        for measure in range(len(before.measures)):
            for what in ("mature_ratio", "final_ratio"):
                told = [getattr(rates.cohorts, what)(size, "all", measure) for rates in (before, after)]
                assert told[0] == told[1]
    assert after.cohorts.mature_ratio(DAY, "all", PRICE) == 0.75


def test_a_funnel_of_hours_slides_by_minutes() -> None:
    """Three hours and ten minutes before the window that ends now, to the minute, while minutes are kept."""
    site = Site(SHORT)
    site.at(BEGIN, "ad", *those("v", 4))
    site.at(BEGIN + 150 * MINUTE, "price", *those("v", 3))
    cohorts = site.rates.cohorts
    assert {size for span, size in cohorts.mature if span == SHORT_SPAN} == set(SHORT.times.sizes)
    site.at(BEGIN + 190 * MINUTE, "ping", "clock")
    assert cohorts.mature_ratio(MINUTE, "all", PRICE) is None
    site.at(BEGIN + 191 * MINUTE, "ping", "clock")
    assert cohorts.mature[SHORT_SPAN, MINUTE].start == BEGIN
    assert cohorts.mature_ratio(MINUTE, "all", PRICE) == 0.75
    site.at(BEGIN + 192 * MINUTE, "ping", "clock")
    assert cohorts.mature_ratio(MINUTE, "all", PRICE) is None
    assert cohorts.mature_ratio(5 * MINUTE, "all", PRICE) == 0.75
    assert step(8 * DAY - SHORT_SPAN) == MINUTE, "as long as minutes are kept"
    assert step(8 * DAY - HOUR) == HOUR
    assert step(9 * DAY) == HOUR


def step(size: int) -> int:
    """Return by what the mature window of a funnel of hours slides where there are no other sizes, ms."""
    cohorts = Rates(replace(SHORT, times=Times(sizes=(size,)))).cohorts
    return cohorts.mature[SHORT_SPAN, size].buckets.width


def test_an_attempt_that_is_prolonged_is_not_waited_for() -> None:
    """Who begins again and again may convert after the span; till then that one is one who did not."""
    site = Site(SHORT)
    site.at(BEGIN, "ad", "v", "w")
    site.at(BEGIN + 150 * MINUTE, "ad", "v")
    site.at(BEGIN + 200 * MINUTE, "ping", "clock")
    cohorts = site.rates.cohorts
    assert cohorts.mature_ratio(HOUR, "all", PRICE) == 0
    assert "all" not in cohorts.mature[SHORT_SPAN, HOUR].tallies
    site.at(BEGIN + 5 * HOUR, "price", "v")
    site.at(BEGIN + 5 * HOUR, "demo", "v")
    assert cohorts.mature_ratio(DAY, "all", DEMO) == 0.5
    known = delays(cohorts.mature[SHORT_SPAN, DAY].tallies["all"])
    assert known[DEMO] == {bin_of(5 * HOUR): 1}
    assert Course(known[DEMO], SHORT_SPAN).part(SHORT_SPAN) == 1


@pytest.mark.parametrize("size", [DAY, 9 * DAY])
def test_hours_are_kept_for_as_long_as_mature_windows_need_them(size: int) -> None:
    """What came in an hour is in its window when that begins to have it, and until it has it no more."""
    definition = replace(SITE, times=Times(sizes=(size,)))
    rates = told(when(BEGIN + 30 * MINUTE, 1, (BEGIN, Code("enter", "trial"), 1)), definition=definition)
    mature, known = rates.cohorts.mature[SPAN, size], 0
    for seq, hours in enumerate(range(1, 42 * 24), start=2):
        rates.fold(when(BEGIN + hours * HOUR, seq))
        rates.pass_time()
        rates.forget()
        assert mature.end is not None
        inside = mature.end - size <= BEGIN < mature.end
        known += inside
        assert (mature.rows.get("all", [0])[SESSIONS] == 1) == inside, hours
    assert known == size // HOUR
