"""What visits to the shop do."""

import random
import statistics
from collections import defaultdict

import pytest

from stream.simulate.sites import SHOP
from stream.simulate.traffic import Traffic, visits
from stream.simulate.visit import MINUTE, Visit
from stream.simulate.walk import steps

MONDAY_MS = 1_772_445_600_000  # 2026-03-02T10:00Z


@pytest.fixture(scope="module")
def crowd() -> list[Visit]:
    """Some hours of visits, in their order."""
    return list(visits(Traffic(start_ms=MONDAY_MS, rate=6, sessions=12_000, seed=3)))


def first(visit: Visit, name: str) -> float | None:
    """Return when a visit first did something, ms after its start."""
    return next((step.after_ms for step in visit.path if step.name == name), None)


def share(crowd: list[Visit], name: str) -> float:
    """Return the share of visits that did something."""
    return sum(first(visit, name) is not None for visit in crowd) / len(crowd)


def test_a_checkout_goes_step_by_step(crowd: list[Visit]) -> None:
    """No cart without a product view before it, no order without cart and checkout before it."""
    for visit in crowd:
        way = [first(visit, name) for name in ("view_item", "add_to_cart", "begin_checkout", "purchase")]
        reached = [at for at in way if at is not None]
        assert way[: len(reached)] == reached == sorted(reached)


def test_carts_and_orders_come_when_they_do_in_shops(crowd: list[Visit]) -> None:
    """Carts: half within 2 minutes, 9 of 10 within 15. Orders: between 14 and 35 minutes after the start."""
    carts = [at for visit in crowd if (at := first(visit, "add_to_cart")) is not None]
    orders = [at for visit in crowd if (at := first(visit, "purchase")) is not None]
    deciles = statistics.quantiles(carts, n=10)
    assert deciles[4] == pytest.approx(2 * MINUTE, rel=0.15)
    assert deciles[8] == pytest.approx(15 * MINUTE, rel=0.15)
    assert min(orders) >= 14 * MINUTE
    assert max(orders) <= 35 * MINUTE + 1_000


def test_segments_differ_in_what_they_buy(crowd: list[Visit]) -> None:
    """Desktops order more often than phones, the newsletter's readers more often than those of Instagram."""
    by_device, by_source = defaultdict(list), defaultdict(list)
    for visit in crowd:
        by_device[visit.visitor.device.name].append(visit)
        by_source[visit.channel.source].append(visit)
    assert set(by_device) == {"mobile", "desktop", "tablet"}
    assert share(by_device["desktop"], "purchase") > 1.5 * share(by_device["mobile"], "purchase")
    assert share(by_source["newsletter"], "purchase") > 1.5 * share(by_source["instagram"], "purchase")


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("view_item_list", 0.2, 0.5),
        ("view_item", 0.4, 0.7),
        ("add_to_cart", 0.05, 0.2),
        ("purchase", 0.02, 0.07),
        ("search", 0.03, 0.15),
        ("add_to_wishlist", 0.02, 0.1),
        ("share", 0.005, 0.05),
        ("sign_up", 0.005, 0.05),
    ],
)
def test_every_step_and_micro_conversion_happens(
    crowd: list[Visit], name: str, low: float, high: float
) -> None:
    """What the shop's preset measures happens in a believable share of visits."""
    assert low < share(crowd, name) < high


def test_steps_follow_from_the_chance_alone(crowd: list[Visit]) -> None:
    """The same chance gives the same steps: `steps` keeps nothing to itself."""
    visit = crowd[0]
    assert [steps(random.Random(i), visit, SHOP) for i in range(50)] == [
        steps(random.Random(i), visit, SHOP) for i in range(50)
    ]
