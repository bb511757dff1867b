"""What Redis is told of pages: the mean time on them, where people leave and where they go on."""

import msgspec
import pytest

from stream.agents.rates import RatesState
from stream.core.definition import Definition, Funnel, Step
from stream.core.plans import Plans
from stream.core.rates import Rates
from stream.core.segment import ALL
from stream.sinks.live import LiveRates
from stream.sinks.redis_values import Hash, Ranked
from stream.sinks.volume import volume
from tests.laws.pipeline import Pipeline
from tests.oracle import Read
from tests.sinks.shop import BEGIN, SHOP, live

MINUTE = 60_000
LEAVE = "mc:leave:checkout."
WENT_ON = "mc:went_on:checkout."


def visited() -> Rates:
    """Return the rates when one visitor went from a product to the cart and left there; two at the product.

    Time has passed: their sessions have closed.
    """
    walks = {
        "a": [(0, "view_item", "/p/1"), (2, "add_to_cart", "/p/1"), (3, "page_view", "/cart")],
        "b": [(0, "view_item", "https://shop.example/p/2?ad=1"), (4, "page_view", "/p/2")],
        "c": [(1, "view_item", "/p/3")],
        "late": [(60, "page_view", "/")],
    }
    events = sorted((at, who, name, page) for who, walk in walks.items() for at, name, page in walk)
    reads = [
        Read("site-events", 0, offset, BEGIN + at * MINUTE, msgspec.json.encode(event))
        for offset, (at, event) in enumerate(
            (at, {"name": name, "time": BEGIN + at * MINUTE, "visitor_id": who, "page": page})
            for at, who, name, page in events
        )
    ]
    pipeline = Pipeline(SHOP.definition(), 1)
    pipeline.sessions[0].apply("site-events", 0, 0, reads)
    pipeline.flush(0)
    pipeline.flush_rates()
    state = pipeline.rates.state
    assert isinstance(state, RatesState)
    return state.core


@pytest.mark.says(
    "In Redis: the mean time of a stay, `time / stays`, in the sliding window of each size;",
    "A window shorter than the timeout has no session that has closed, and so no time.",
)
def test_time_on_pages() -> None:
    """Of the sessions that began in the window and have closed, by page: the mean time of a stay, ms."""
    values, _ = live().windows(visited())
    day = values["mc:page:24h"]
    assert isinstance(day, Hash)
    assert day.fields == {"product": str((3 + 4) * MINUTE / 2)}, "nobody was on the cart for any time"
    assert values["mc:page:1m"] == Hash({}, day.ttl_ms), "sessions of a minute ago have not closed"


@pytest.mark.says("where they left, and from where they went on, in the last 24 hours.")
def test_where_they_leave() -> None:
    """By step and page: those who got no further ended there, the others went on from there."""
    values, _ = live().windows(visited())

    def members(key: str) -> dict[str, int]:
        value = values[key]
        assert isinstance(value, Ranked)
        return dict(value.members)

    assert members(f"{LEAVE}product_view") == {"product": 2}
    assert members(f"{WENT_ON}product_view") == {"product": 1}
    assert members(f"{LEAVE}add_to_cart") == {"/cart": 1}
    assert members(f"{WENT_ON}add_to_cart") == {}
    assert f"{LEAVE}order" not in values, "nobody is left at the last step"


def test_all_of_it_is_written_again() -> None:
    """A Redis that has lost everything gets it again; nothing is told twice where nothing changed."""
    rates, told = visited(), live()
    values, _ = told.windows(rates)
    assert told.windows(rates) == ({}, [])
    again = {key: value for piece in told.everything(rates) for key, value in piece.items()}
    of_pages = {
        key: value for key, value in values.items() if key.split(":")[1] in ("page", "leave", "went_on")
    }
    assert len(of_pages) == 5 + 2 * (2 + 4)
    assert of_pages.items() <= again.items()


def test_every_step_but_a_last_one_can_be_left() -> None:
    """Inside a session or across sessions: keys are as many as `check` tells, none of them of a last step."""
    steps = (Step("view", "view"), Step("cart", "cart"), Step("order", "order"))
    definition = Definition((Funnel("visit", steps), Funnel("trial", steps, scope="visitor")))
    rates = Rates(definition)
    rates.day.slide(0)
    told = LiveRates("mc", 1_000_000, (ALL,), Plans(definition), 600_000)
    keys = {key for piece in told.everything(rates) for key in piece}
    can_be_left = ("visit.view", "visit.cart", "trial.view", "trial.cart")
    for kind in ("leave", "went_on"):
        assert {key for key in keys if f":{kind}:" in key} == {f"mc:{kind}:{step}" for step in can_be_left}
        assert volume(definition, (ALL,)).keys[f"{kind}:{{measure}}"] == len(can_be_left)
