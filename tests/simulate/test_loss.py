"""What is not sent when conversions are dropped: just that, in the very sessions and time it is asked for."""

import json
from collections.abc import Iterator
from dataclasses import replace
from math import sqrt

import pytest

from stream.configuration import load
from stream.core.definition import Condition, Definition, Dimension, Funnel, Micro, Step
from stream.simulate.disorder import EVERYDAY, IN_ORDER, Arrival, Disorder, arrivals
from stream.simulate.drop import drop_of
from stream.simulate.loss import Losses
from stream.simulate.rhythm import steady
from stream.simulate.traffic import Traffic
from tests.oracle import Rows, rows
from tests.replay.running import in_order

START = 1_772_452_800_000  # 2026-03-02T12:00Z
HOUR = 3_600_000
SHOP = load(preset="ecommerce", environ={}).definition()
TAIL = tuple(f"checkout.{step}" for step in ("add_to_cart", "begin_checkout", "shipping", "order"))
NOBODY = {"actions": 0}
TRAFFIC = Traffic(start_ms=START, rate=3, sessions=6_000, seed=3, rhythm=steady)
TIDY = Disorder(without_dimensions=0.01, duplicates=0.01, iso_times=0.5)


def sent(
    *drops: str, definition: Definition = SHOP, traffic: Traffic = TRAFFIC, disorder: Disorder = TIDY
) -> tuple[list[Arrival], Losses]:
    """Return the records of some traffic with drops, and what was lost."""
    found = [drop_of(text, definition, traffic.start_ms) for text in drops]
    losses = Losses(found, definition, traffic.seed)
    return list(arrivals(traffic, disorder, losses)), losses


def counted(records: list[Arrival], definition: Definition = SHOP) -> Rows:
    """Return what the batch computation counts in hours and minutes."""
    return rows(in_order((record.value for record in records), definition), definition, unlisted=True)


def is_part_of(part: list[Arrival], whole: list[Arrival]) -> bool:
    """Whether one list is the other with some left out."""
    rest: Iterator[Arrival] = iter(whole)
    return all(record in rest for record in part)


@pytest.fixture(scope="module")
def calm() -> tuple[list[Arrival], Rows]:
    """The traffic with nothing dropped, and its counts."""
    records, _ = sent()
    return records, counted(records)


@pytest.mark.parametrize("share", [0.5, 1.0])
def test_a_rate_falls_by_the_share_there_and_nowhere_else(
    calm: tuple[list[Arrival], Rows], share: float
) -> None:
    """By the batch: in its window the segment's step falls by the share; all else stays."""
    whole, before = calm
    records, losses = sent(f"checkout.add_to_cart@device=mobile:{share}:1h:1h")
    after = counted(records)
    assert is_part_of(records, whole)

    usual = fell = 0
    for key, row in before.items():
        measure, segment, size, start = key
        now = after.get(key, NOBODY)
        if segment in ("device=desktop", "device=tablet") or measure.startswith(("micro", "browse")):
            assert now == row, key
        elif measure.startswith("session."):
            assert now["sessions"] == row["sessions"], key  # who leaves sooner may bounce
        elif measure not in TAIL:
            assert now == row, key
        elif measure == TAIL[0] and start in range(START + HOUR, START + 2 * HOUR):
            if (segment, size) == ("device=mobile", "1h"):
                usual += row["actions"]
                fell += row["actions"] - now["actions"]
        elif measure == TAIL[0] or start < START + HOUR:  # what came after the cart may fall later
            assert now["actions"] == row["actions"], key
    assert usual > 60
    assert fell == losses.rules[0].struck
    assert abs(fell - share * usual) <= 4 * sqrt(usual * share * (1 - share))


def test_only_records_of_struck_sessions_go(calm: tuple[list[Arrival], Rows]) -> None:
    """What is left is byte for byte what it was, in its place; struck sessions lose the way to an order."""
    whole, _ = calm
    records, losses = sent("checkout.add_to_cart@device=mobile:0.5:1h:1h")
    assert is_part_of(records, whole)
    left = set(records)
    gone = [json.loads(record.value) for record in whole if record not in left]
    assert {fields.get("device", "mobile") for fields in gone} == {"mobile"}
    assert {fields["session_id"] for fields in gone if fields["name"] == "add_to_cart"} == {
        fields["session_id"] for fields in gone
    }
    assert len({fields["session_id"] for fields in gone}) == losses.rules[0].struck
    assert {"add_to_cart", "begin_checkout", "purchase", "add_payment_info"} <= {f["name"] for f in gone}
    assert {fields["page"] for fields in gone if fields["name"] == "page_view"} <= {
        *("/cart", "/checkout", "/checkout/thanks")
    }
    # Nobody pays without a cart.
    by_session: dict[str, set[str]] = {}
    for record in records:
        fields = json.loads(record.value)
        by_session.setdefault(fields["session_id"], set()).add(fields["name"])
    assert all(
        "add_to_cart" in names for names in by_session.values() if names & {"purchase", "begin_checkout"}
    )


def test_more_is_the_same_and_more() -> None:
    """A larger share strikes those of a smaller one too; another seed strikes others; the same the same."""
    names = "checkout.add_to_cart", "0:9h"
    some, others = (set(sent(f"{names[0]}:{share}:{names[1]}")[0]) for share in (0.3, 0.6))
    assert others < some
    assert sent(f"{names[0]}:0.3:{names[1]}")[0] == sent(f"{names[0]}:30%:2026-03-02T12:00Z:9h")[0]


def test_everyday_disorder_stays_what_it_was() -> None:
    """Late, doubled, skewed and broken records beside the lost ones arrive as without."""
    whole, _ = sent(disorder=replace(EVERYDAY, late=0.1, invalid=0.02))
    records, losses = sent("checkout.order:1:0", disorder=replace(EVERYDAY, late=0.1, invalid=0.02))
    assert losses.rules[0].struck > 50
    assert is_part_of(records, whole)


def test_several_drops_strike_each_for_itself(calm: tuple[list[Arrival], Rows]) -> None:
    """Two drops together take what each takes alone."""
    one, two = "micro.search:0.5:1h", "checkout.order@country=DE:1:0:2h"
    whole = set(calm[0])
    definition = replace(SHOP, dimensions=(*SHOP.dimensions, Dimension("country", "country")))
    alone = [whole - set(sent(text, definition=definition)[0]) for text in (one, two)]
    both, losses = sent(one, two, definition=definition)
    assert all(alone)
    assert whole - set(both) == alone[0] | alone[1]
    assert all(rule.struck for rule in losses.rules)


OWN = Definition(
    funnels=(
        Funnel(
            "reading",
            (
                Step("article", "page_view", (Condition("page", ("/blog/*",)),)),
                Step("shop", "page_view", (Condition("page", ("/", "/c/*", "/p/*")),), optional=True),
                Step("product", "view_item"),
            ),
        ),
    ),
    micros=(Micro("wish", "add_to_wishlist", of="reading.product"),),
    dimensions=(
        Dimension("device", "device"),
        Dimension("source", "source"),
        Dimension("user_type", "user_type"),
        Dimension("brought", max_values=50, cross=("device", "source")),
        Dimension("channel", "channel"),
    ),
)


@pytest.fixture(scope="module")
def own_funnels() -> Rows:
    """What is counted of them with nothing dropped."""
    return counted(sent(definition=OWN, disorder=IN_ORDER)[0], OWN)


@pytest.mark.parametrize(
    ("measure", "segment"),
    [
        ("reading.product", "brought=mobile/google"),
        ("reading.product", "user_type=returning"),
        ("reading.product", "user_type=new"),
        ("reading.article", "source=google"),
        ("reading.article", "channel=Organic Search"),
        ("micro.wish", "all"),
    ],
)
def test_funnels_of_ones_own_fall(own_funnels: Rows, measure: str, segment: str) -> None:
    """Of any funnel, condition, cross and user type: gone wholly there, the same in every other segment."""
    before = own_funnels
    after = counted(sent(f"{measure}@{segment}:1:0", definition=OWN, disorder=IN_ORDER)[0], OWN)

    def actions(counts: Rows, of: str) -> int:
        return sum(
            r["actions"] for (m, s, size, _), r in counts.items() if (m, s, size) == (measure, of, "1h")
        )

    assert actions(before, segment) > 10
    assert actions(after, segment) == 0
    assert actions(after, "all") == actions(before, "all") - actions(before, segment)
    dimension = segment.partition("=")[0]
    for other in {s for _, s, _, _ in before if s.partition("=")[0] == dimension} - {segment}:
        assert actions(after, other) == actions(before, other)
