"""A shop of ten minutes as the real classes count it and write it: in the last five fewer fill a cart."""

import msgspec

from stream.agents.rates import RatesState
from stream.configuration import load
from stream.core.plans import Plans
from stream.core.rates import Rates
from stream.sinks.live import LiveRates
from stream.sinks.redis_values import Names, Scored, Value, merge
from stream.top.subject import subject_of
from tests.laws.pipeline import Pipeline
from tests.oracle import Read

SHOP = load(preset="ecommerce", environ={})
SUBJECT = subject_of(SHOP)

BEGIN = 1_767_603_600_000
MINUTE = 60_000
VISITORS = 40
"""A minute."""


def carts(minute: int) -> int:
    """Return how many of a minute's visitors put something into the cart."""
    return 20 if minute < 5 else 4


def rates(minutes: int = 10) -> Rates:
    """Return what is counted; all visitors look at a product, every other one is mobile."""
    events: list[dict[str, object]] = []
    for minute in range(minutes):
        for visitor in range(VISITORS):
            for place, name in enumerate(["view_item", "add_to_cart"][: 1 + (visitor < carts(minute))]):
                events.append(
                    {
                        "name": name,
                        "time": BEGIN + minute * MINUTE + visitor * 1_000 + place * 200,
                        "visitor_id": f"v{minute}-{visitor}",
                        "event_id": f"e{len(events)}",
                        "device": "mobile" if visitor % 2 else "desktop",
                        "source": "google",
                    }
                )
    last = BEGIN + minutes * MINUTE - 100
    events.append({"name": "nothing", "time": last, "visitor_id": "clock", "event_id": "clock"})
    pipeline = Pipeline(SHOP.definition(), 1)
    reads = [Read("site-events", 0, n, last, msgspec.json.encode(event)) for n, event in enumerate(events)]
    reads.append(Read("site-events", 0, len(reads), last, b"no event"))
    pipeline.sessions[0].apply("site-events", 0, 0, reads)
    pipeline.flush(0, at_end=True)
    pipeline.flush_rates()
    state = pipeline.rates.state
    assert isinstance(state, RatesState)
    return state.core


def values(found: Rates, lag_ms: int = 400) -> dict[str, Value]:
    """Return all that a worker writes to Redis, so long after the newest event."""
    plans = Plans(SHOP.definition())
    live = LiveRates(SHOP.redis.prefix, SHOP.redis.history, SHOP.watched_segments(), plans, 0)
    ahead = SHOP.time.out_of_order
    told = dict(live.status(found, (found.watermark or 0) + ahead + lag_ms, ahead))
    for piece in live.everything(found):
        for key, value in piece.items():
            plain = _plain(value)
            told[key] = merge(told[key], plain) if key in told else plain
    return told


def _plain(value: Value) -> Value:
    """Return a value of a rebuild as one that is offered."""
    if isinstance(value, Scored):
        return Scored(value.members, value.keep_from, value.ttl_ms)
    return Names(value.members, value.ttl_ms) if isinstance(value, Names) else value
