from itertools import pairwise, takewhile

import msgspec
import pytest

from stream.demo.visitors import traffic_of
from stream.simulate.disorder import arrivals
from stream.simulate.sites import SHOP, VENDOR
from stream.simulate.traffic import Traffic

NOON, NIGHT = 1_772_452_800_000, 1_772_496_000_000
MINUTE = 60_000


def names(traffic: Traffic, began_ms: int, until_ms: int) -> list[tuple[int, str]]:
    """Return time (ms after the opening) and name of the events that come by then."""
    records = takewhile(lambda record: record.at_ms < began_ms + until_ms, arrivals(traffic))
    return [(record.at_ms - began_ms, msgspec.json.decode(record.value)["name"]) for record in records]


@pytest.mark.parametrize("began_ms", [NOON, NIGHT])
def test_the_rate_asked_for_is_seen_first(began_ms: int) -> None:
    """Whatever the time of the machine, the shop opens at ten in the morning, with the rate asked for."""
    events = names(traffic_of(80, 1, began_ms), began_ms, 20_000)
    assert 20 * 80 * 0.8 < len(events) < 20 * 80 * 1.25
    assert min(at for at, _ in events) >= 0


def test_a_day_of_the_shop_is_as_many_minutes_as_it_has_hours() -> None:
    """Within 24 minutes the rate falls to a fraction, in the night, and is back in the morning."""
    events = names(traffic_of(20, 1, NOON), NOON, 24 * MINUTE)
    per_hour = [sum(hour * MINUTE <= at < (hour + 1) * MINUTE for at, _ in events) for hour in range(24)]
    assert SHOP.demo_pace == 60
    night = per_hour.index(min(per_hour))
    assert night in (16, 17, 18)  # two to four o'clock
    assert per_hour[night] * 4 < per_hour[0]
    assert per_hour[23] * 2 > per_hour[0]
    assert max(per_hour) < 2 * per_hour[0]


def test_somebody_converts_within_seconds() -> None:
    """Who came after the opening fills carts within ten seconds, and orders within half a minute."""
    records = takewhile(lambda record: record.at_ms < NOON + 30_000, arrivals(traffic_of(80, 1, NOON)))
    events = [(record.at_ms - NOON, msgspec.json.decode(record.value)) for record in records]
    came = {event["session_id"] for _, event in events if event["name"] == "view_item"}
    cart = [at for at, event in events if event["name"] == "add_to_cart" and event["session_id"] in came]
    order = [at for at, event in events if event["name"] == "purchase" and event["session_id"] in came]
    assert cart[0] < 10_000
    assert order[0] < 30_000


def test_the_seed_decides_everything() -> None:
    """The same seed makes the same events, another one others, each time in order of arrival."""
    one, same, other = (names(traffic_of(80, seed, NOON), NOON, 5_000) for seed in (1, 1, 2))
    assert one == same != other
    assert all(before <= after for (before, _), (after, _) in pairwise(one))


def test_software_is_bought_while_one_looks() -> None:
    """On the vendor's site, where people come back after days, somebody does within a minute of the demo."""
    until = NOON + MINUTE
    traffic = traffic_of(80, 1, NOON, VENDOR)
    records = takewhile(lambda record: record.at_ms < until, arrivals(traffic))
    events = [msgspec.json.decode(record.value) for record in records]
    before = {e["visitor_id"]: e["session_id"] for e in events if "/lp/" in e["page"]}
    asked = {(e["visitor_id"], e["session_id"]) for e in events if e["name"] == "generate_lead"}
    assert any(visitor in before and before[visitor] != session for visitor, session in asked)
