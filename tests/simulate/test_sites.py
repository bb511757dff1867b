"""What holds for every site that can be simulated, and what each is to show."""

import statistics
from collections import defaultdict
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from stream.configuration import PRESETS, load, preset_text
from stream.core.channel import channel_of
from stream.core.definition import Definition, Funnel, Micro, Step
from stream.simulate.disorder import EVERYDAY, IN_ORDER, Disorder, arrivals
from stream.simulate.event import SiteEvent, events
from stream.simulate.fit import site_of
from stream.simulate.sites import AGENCY, SHOP, SITES, VENDOR
from stream.simulate.traffic import Traffic, visits
from stream.simulate.visit import HOUR, LONGEST_MS, MINUTE, Visit
from tests.oracle import rows
from tests.replay.running import in_order

MONDAY_MS = 1_772_445_600_000  # 2026-03-02T10:00Z
DAY = 24 * HOUR
every_site = pytest.mark.parametrize("preset", PRESETS)


@pytest.fixture(scope="module")
def crowds() -> dict[str, list[Visit]]:
    """Some weeks of visits to each site."""
    return {
        preset: list(visits(Traffic(start_ms=MONDAY_MS, rate=0.03, sessions=12_000, seed=3, site=site)))
        for preset, site in SITES.items()
    }


def by_visitor(crowd: list[Visit]) -> dict[str, list[Visit]]:
    """Return the visits of each visitor."""
    found: dict[str, list[Visit]] = defaultdict(list)
    for visit in crowd:
        found[visit.visitor.id].append(visit)
    return found


def test_each_preset_has_its_site() -> None:
    """Whatever preset is named can be simulated."""
    assert tuple(SITES) == PRESETS


@every_site
def test_a_visit_is_a_path_in_time_without_long_silence(crowds: dict[str, list[Visit]], preset: str) -> None:
    """Steps come in order, end in time, and no pause is so long that a session without an id would be cut."""
    for visit in crowds[preset]:
        times = [step.after_ms for step in visit.path]
        assert times[0] == 0
        assert times == sorted(times)
        assert times[-1] < LONGEST_MS
        assert all(later - earlier < 28 * MINUTE for earlier, later in pairwise(times))


@every_site
def test_visits_have_as_many_events_as_the_rate_counts_on(
    crowds: dict[str, list[Visit]], preset: str
) -> None:
    """The mean of events a visit is the figure that turns a rate of events into one of visits."""
    mean = statistics.mean(len(visit.path) for visit in crowds[preset])
    assert mean == pytest.approx(SITES[preset].events_per_visit, rel=0.03)


@every_site
def test_people_come_back(crowds: dict[str, list[Visit]], preset: str) -> None:
    """A visitor has as many visits as the site says; but for a second tab, they do not overlap."""
    crowd, visitors = crowds[preset], by_visitor(crowds[preset])
    assert len(crowd) / len(visitors) == pytest.approx(SITES[preset].visits_per_visitor, rel=0.1)
    assert len({visit.session_id for visit in crowd}) == len(crowd)
    pairs = [(earlier, later) for several in visitors.values() for earlier, later in pairwise(several)]
    soon = sum(later.start_ms < earlier.start_ms + earlier.path[-1].after_ms for earlier, later in pairs)
    assert 0 < soon < 0.02 * len(crowd)
    assert all(visit.returning == (visit is not visitors[visit.visitor.id][0]) for visit in crowd)


def test_who_looks_for_software_comes_back_days_later(crowds: dict[str, list[Visit]]) -> None:
    """Half of those who come back to the vendor stay away for over a day, few come within two hours."""
    pairs = [pair for several in by_visitor(crowds["saas"]).values() for pair in pairwise(several)]
    away = [later.start_ms - earlier.start_ms for earlier, later in pairs]
    assert statistics.median(away) > DAY
    assert 0 < sum(span < 2 * HOUR for span in away) < 0.2 * len(away)
    attempts = [several for several in by_visitor(crowds["saas"]).values() if several[0].channel.landing]
    later = [any(step.name == "generate_lead" for visit in a[1:] for step in visit.path) for a in attempts]
    assert sum(later) > 50, "somebody who came by an ad asks for a demo in another session"


@every_site
def test_what_a_site_can_say_is_what_it_says(preset: str) -> None:
    """The names and values that a drop is checked against are those of the traffic, all of them."""
    site = SITES[preset]
    made = [event for _, event in events(Traffic(start_ms=MONDAY_MS, rate=0.1, sessions=6_000, site=site))]
    assert {event.name for event in made} == site.event_names
    for field, values in site.field_values.items():
        if field != "user_type":  # which the worker finds out
            assert {_said(event, field) for event in made} - {""} == set(values)


def _said(event: SiteEvent, field: str) -> str:
    if field == "channel":
        return channel_of(event.source, event.medium, event.campaign, event.referrer, event.page)
    said: str = getattr(event, field)
    return said


@every_site
def test_an_event_says_what_a_page_knows(preset: str) -> None:
    """Each has page, device, country and user agent; referrers are of this site, but for the first."""
    site = SITES[preset]

    def is_whole(event: SiteEvent) -> bool:
        return event.page.startswith("/") and all(
            (event.device, event.source, event.country, event.user_agent)
        )

    made = [event for _, event in events(Traffic(start_ms=MONDAY_MS, rate=0.1, sessions=1_000, site=site))]
    assert all(is_whole(event) for event in made)
    outside = {channel.referrer for channel in (*site.first.channels.rows, *site.again.channels.rows)}
    assert all(e.referrer in outside or e.referrer.startswith(f"{site.address}/") for e in made)
    assert any(e.referrer.startswith(site.address) for e in made)


@every_site
def test_the_same_arguments_give_the_same_bytes(preset: str) -> None:
    """Nothing but the arguments decides; another seed gives other traffic."""
    traffic = Traffic(start_ms=MONDAY_MS, rate=1, sessions=300, seed=5, site=SITES[preset])
    assert list(arrivals(traffic, EVERYDAY)) == list(arrivals(traffic, EVERYDAY))
    assert next(arrivals(replace(traffic, seed=6))).key != next(arrivals(traffic)).key


PLAUSIBLE = {
    "trial.pricing_view": (0.2, 0.5),
    "trial.download": (0.01, 0.1),
    "trial.demo_request": (0.0005, 0.02),
    "micro.video_start": (0.1, 0.3),
    "micro.video_complete": (0.03, 0.15),
    "micro.download": (0.005, 0.05),
    "micro.share": (0.01, 0.08),
    "lead.form_submit": (0.3, 0.6),
    "lead.schedule_call": (0.08, 0.3),
    "micro.pricing_guide": (0.02, 0.1),
    "browse.category": (0.3, 0.6),
    "browse.product_view": (0.2, 0.5),
    "checkout.add_to_cart": (0.1, 0.3),
    "checkout.begin_checkout": (0.05, 0.2),
    "checkout.shipping": (0.03, 0.15),
    "checkout.order": (0.03, 0.15),
    "micro.newsletter": (0.005, 0.05),
    "micro.search": (0.03, 0.15),
    "micro.wishlist": (0.02, 0.1),
}
"""Between which ratios each measure of a session is, the first steps of funnels apart."""


@pytest.mark.parametrize("disorder", [IN_ORDER, replace(EVERYDAY, skewed=0.0)], ids=["calm", "everyday"])
@every_site
def test_every_measure_is_reached_as_often_as_on_such_sites(preset: str, disorder: Disorder) -> None:
    """By the batch, of traffic in order or not: each measure of the preset has a believable rate."""
    definition = load(preset=preset, environ={}).definition()
    traffic = Traffic(start_ms=MONDAY_MS, rate=0.2, sessions=3_000, seed=2, site=SITES[preset])
    records = [record.value for record in arrivals(traffic, disorder)]
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for (measure, segment, _, _), row in rows(in_order(records, definition), definition, ("1h",)).items():
        if segment == "all":
            sums[measure][0] += row["sessions"]
            sums[measure][1] += row["converted"]
    firsts = {f"{funnel.name}.{funnel.steps[0].name}" for funnel in definition.funnels}
    assert set(sums) == set(definition.measures())
    assert all(sums[measure][0] > 250 for measure in firsts)
    for measure in definition.measures():
        sessions, converted = sums[measure]
        if not measure.startswith("session.") and measure not in firsts:
            low, high = PLAUSIBLE[measure]
            assert low < converted / sessions < high, measure


def test_what_somebody_measures_chooses_the_site(tmp_path: Path) -> None:
    """For a file the site is the one where most of it happens: that of its preset, the shop where none is."""
    for preset, site in SITES.items():
        file = tmp_path / f"{preset}.toml"
        file.write_text(preset_text(preset))
        assert site_of(load(str(file), environ={}).definition()) is site
    forms = Funnel("f", (Step("start", "form_start"), Step("booked", "schedule_call")))
    assert site_of(Definition(funnels=(forms,))) is AGENCY
    assert site_of(Definition(micros=(Micro("lead", "generate_lead"), Micro("own", "own")))) is VENDOR
    assert site_of(Definition(micros=(Micro("own", "own"),))) is SHOP


@pytest.mark.parametrize("preset", ["ecommerce", "saas", "leads"])
def test_the_macro_step_has_revenue(preset: str) -> None:
    """What a macro step is worth is told with it, in a currency; of an order, a demonstration, a call."""
    funnels = load(preset=preset, environ={}).definition().funnels
    (goal,) = {step.event for funnel in funnels for step in funnel.steps if step.macro}
    traffic = Traffic(start_ms=MONDAY_MS, rate=50, sessions=6_000, seed=3, site=SITES[preset])
    reached = [event for _, event in events(traffic) if event.name == goal]
    assert reached
    assert all((event.value or 0) > 10 and len(event.currency) == 3 for event in reached)
