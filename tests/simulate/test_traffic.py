from collections import Counter
from itertools import takewhile

import pytest

from stream.simulate.event import SiteEvent, events
from stream.simulate.rhythm import drifting_from, steady
from stream.simulate.sites import SHOP
from stream.simulate.traffic import Traffic, live, visits
from stream.simulate.visit import LONGEST_MS

HOUR, DAY = 3_600_000, 86_400_000
MONDAY_MS = 20_514 * DAY  # 2026-03-02T00:00Z
CHECKOUT = {"add_to_cart", "begin_checkout", "purchase"}


def between(traffic: Traffic, start_ms: int, end_ms: int) -> list[SiteEvent]:
    """Return the events of endless traffic in a span."""
    found = []
    for at, event in events(traffic):
        if at >= end_ms:
            break
        if at >= start_ms:
            found.append(event)
    return found


def test_events_come_in_order_of_time_with_ids_of_their_own() -> None:
    """Of all visits together the events are in order, and no two have the same id."""
    made = list(events(Traffic(start_ms=MONDAY_MS, rate=50, sessions=3_000, seed=1)))
    times = [at for at, _ in made]
    assert times == sorted(times)
    assert times == [event.time for _, event in made]
    assert len({event.event_id for _, event in made}) == len(made)
    assert len({event.session_id for _, event in made}) == 3_000


def test_an_event_says_what_a_page_knows() -> None:
    """Each event has page, device, country and user agent; an order has currency and the items' sum."""
    made = [event for _, event in events(Traffic(start_ms=MONDAY_MS, rate=50, sessions=3_000, seed=1))]
    assert all(e.page.startswith("/") and e.device and e.source and e.country and e.user_agent for e in made)
    orders = [event for event in made if event.name == "purchase"]
    assert orders
    for order in orders:
        assert order.items is not None
        assert order.value == pytest.approx(sum(item["price"] * item["quantity"] for item in order.items))
        assert order.currency in {"EUR", "GBP", "USD", "CHF"}
        assert order.props is not None
    assert {e.referrer for e in made if e.page == "/checkout"} <= {"https://shop.example/cart"}


def test_the_rate_is_kept() -> None:
    """Steady traffic has as many events a second as asked for, when visits of all ages are under way."""
    begin = MONDAY_MS + LONGEST_MS
    traffic = Traffic(start_ms=MONDAY_MS, rate=10, seed=2, rhythm=steady)
    assert len(between(traffic, begin, begin + HOUR)) == pytest.approx(10 * 3_600, rel=0.05)


def test_days_and_weeks_have_a_rhythm() -> None:
    """Evenings are livelier than nights and Sundays than Fridays; the mean of a week is 1."""
    week = [SHOP.rhythm(MONDAY_MS + minute * 60_000) for minute in range(7 * 24 * 60)]
    assert sum(week) / len(week) == pytest.approx(1, rel=0.001)
    assert SHOP.rhythm(MONDAY_MS + 20 * HOUR) > 5 * SHOP.rhythm(MONDAY_MS + 3 * HOUR)
    assert SHOP.rhythm(MONDAY_MS + 6 * DAY + 12 * HOUR) > SHOP.rhythm(MONDAY_MS + 4 * DAY + 12 * HOUR)
    starts = Counter(
        (visit.start_ms - MONDAY_MS) // HOUR
        for visit in takewhile(
            lambda visit: visit.start_ms < MONDAY_MS + DAY,
            visits(Traffic(start_ms=MONDAY_MS, rate=0.5, seed=1)),
        )
    )
    assert starts[20] > 5 * starts[3]


def test_a_drifting_rhythm_begins_at_the_rate_asked_for() -> None:
    """Whatever the hour, what is seen first is the rate that was asked for; later it follows the day."""
    night = MONDAY_MS + 3 * HOUR
    assert drifting_from(night, SHOP.rhythm)(night) == 1
    assert drifting_from(night, SHOP.rhythm)(night + 8 * HOUR) > 5


def test_live_traffic_is_in_full_swing_at_once() -> None:
    """Of the first minutes' events as many belong to checkouts as later on, and none is from before."""
    now = MONDAY_MS + 12 * HOUR
    traffic = live(30, now_ms=now, seed=1)
    first_ms, _ = next(events(traffic))
    assert now <= first_ms < now + 1_000

    def share(start: int) -> float:
        made = between(traffic, start, start + 300_000)
        assert len(made) == pytest.approx(9_000, rel=0.15)
        return sum(event.name in CHECKOUT for event in made) / len(made)

    assert share(now) == pytest.approx(share(now + LONGEST_MS), rel=0.35)
    assert {event.name for event in between(traffic, now, now + 60_000)} >= CHECKOUT


def test_live_traffic_can_bring_its_history() -> None:
    """With its history it is the same traffic, and begins one longest visit earlier."""
    now = MONDAY_MS + 12 * HOUR
    whole = between(live(20, now_ms=now, seed=1, history=True), 0, now + 60_000)
    assert isinstance(whole[0].time, int)
    assert whole[0].time < now - 0.99 * LONGEST_MS
    assert {e.session_id for e in between(live(20, now_ms=now, seed=1), 0, now + 60_000)} < {
        e.session_id for e in whole
    }


def test_a_quick_pace_shortens_visits() -> None:
    """At 60 times the speed of life orders come within 36 seconds, at the same rate of events."""
    made = between(
        Traffic(start_ms=MONDAY_MS, rate=100, seed=1, rhythm=steady, pace=60), 0, MONDAY_MS + 300_000
    )
    assert len(made) == pytest.approx(100 * 300, rel=0.15)
    began: dict[str, int] = {}
    delays = []
    for event in made:
        assert isinstance(event.time, int)
        began.setdefault(event.session_id, event.time)
        if event.name == "purchase":
            delays.append(event.time - began[event.session_id])
    assert len(delays) > 100
    assert 13_000 < min(delays) < max(delays) < 36_000


@pytest.mark.parametrize(("rate", "pace"), [(0.0, 1.0), (1.0, 0.0)])
def test_traffic_without_speed_is_refused(rate: float, pace: float) -> None:
    """Neither rate nor pace can be 0: nothing would ever happen."""
    with pytest.raises(ValueError, match="more than 0"):
        Traffic(start_ms=0, rate=rate, pace=pace)
