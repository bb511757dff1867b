"""A shop with some visitors, counted: what the tests of the sinks show."""

import msgspec

from stream.agents.rates import RatesState
from stream.configuration import load
from stream.core.plans import Plans
from stream.core.rates import Rates
from stream.sinks.live import LiveRates
from tests.laws.pipeline import Pipeline
from tests.oracle import Read

SHOP = load(preset="ecommerce", environ={})
BEGIN = 1_767_603_600_000
STEPS = ("view_item", "add_to_cart", "begin_checkout", "purchase")


def shopping(visitors: int) -> Rates:
    """Return the rates after some visitors: half of them put something into the cart, a quarter buy."""
    reads = []
    for n in range(visitors):
        for step in STEPS[: 1 + (n % 2 == 0) + 2 * (n % 4 == 0)]:
            event = {
                "name": step,
                "time": BEGIN + len(reads) * 10,
                "visitor_id": f"v{n}",
                "event_id": f"e{len(reads)}",
                "device": "mobile" if n % 2 else "tv set",
            }
            if step == "purchase":
                event |= {"value": 12.5, "currency": "EUR"}
            reads.append(
                Read("site-events", 0, len(reads), BEGIN + len(reads) * 10, msgspec.json.encode(event))
            )
    return _published(reads, at_end=True)


def live() -> LiveRates:
    """Return what makes the values of keys."""
    return LiveRates("mc", SHOP.redis.history, SHOP.watched_segments(), Plans(SHOP.definition()), 600_000)


def counted(events: list[tuple[int, str, str]], elsewhere: str = "") -> Rates:
    """Return the rates of the shop's events, in order of time, when all that they make was published.

    Args:
        events: Time (ms), visitor and name of each; all are on a tv set.
        elsewhere: A visitor who does not say so.
    """
    reads = []
    for time, visitor, name in sorted(events):
        event = {"name": name, "time": time, "visitor_id": visitor}
        if visitor != elsewhere:
            event["device"] = "tv set"
        reads.append(Read("site-events", 0, len(reads), time, msgspec.json.encode(event)))
    return _published(reads, at_end=False)


def _published(reads: list[Read], *, at_end: bool) -> Rates:
    pipeline = Pipeline(SHOP.definition(), 1)
    pipeline.sessions[0].apply("site-events", 0, 0, reads)
    pipeline.flush(0, at_end=at_end)
    pipeline.flush_rates()
    state = pipeline.rates.state
    assert isinstance(state, RatesState)
    return state.core
