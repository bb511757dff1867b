"""Touchpoints where most sessions of a visitor are no longer kept."""

from collections import Counter
from random import Random

import msgspec

from stream.agents.sessions import SessionsState
from stream.core.definition import Definition, Funnel, Micro, Step, Times
from tests.laws.pipeline import TOPICS, Pipeline
from tests.laws.sessions import differences, kept
from tests.oracle import Read, judge
from tests.oracle.conversions import conversions

SECOND, MINUTE = 1_000, 60_000
BEGIN = 1_767_603_600_000
ORDER = Step("order", "order", macro=True)
TRIAL = (Step("view", "view"), Step("cart", "cart"))
DEFINITION = Definition(
    funnels=(
        Funnel("shop", (Step("view", "view"), ORDER)),
        Funnel("trial", (*TRIAL, ORDER, Step("thanks", "p")), 60 * MINUTE, scope="visitor"),
    ),
    micros=(Micro("news", "news"),),
    times=Times(
        timeout=2 * MINUTE,
        max_length=8 * MINUTE,
        out_of_order=10 * SECOND,
        allowed_lateness=MINUTE,
        known_for=15 * MINUTE,
    ),
)
"""There is no ``user_type``: visitors are remembered for the sake of touchpoints alone."""


def run(reads: list[Read]) -> tuple[Pipeline, int]:
    """Bring events one by one, and tell the most sessions that a visitor had of which none was kept."""
    pipeline = Pipeline(DEFINITION, 1)
    owned, most = pipeline.sessions[0], 0
    for read in reads:
        owned.apply(TOPICS[0], 0, read.offset, [read])
        pipeline.flush(0, at_end=True)
        state = owned.state
        assert isinstance(state, SessionsState)
        found = [state.core.visitors.look(name) for name in state.core.visitors.names()]
        most = max([most, *(visitor.gone for visitor in found if visitor is not None)])
    pipeline.let_time_pass(2 * 3_600_000)
    return pipeline, most


def visits(random: Random) -> list[Read]:
    """Return three hours of two visitors, who come back after a while, or too late to be known, or at once.

    Some events arrive late, and some begin sessions of one visitor at the same time.
    """
    events: list[tuple[int, int, dict[str, object]]] = []
    for visitor in ("v", "w"):
        time = 0
        while time < 180 * MINUTE:
            time += random.choice([0, SECOND, 30 * SECOND, MINUTE, 3 * MINUTE, 6 * MINUTE, 16 * MINUTE])
            event = {
                "name": random.choice(["view", "view", "cart", "news", "order", "p"]),
                "time": BEGIN + time,
                "visitor_id": visitor,
                "event_id": f"{visitor}{len(events)}",
                "session_id": random.choice(["", "", "s1", "s2"]),
            }
            events.append((time + random.choice([0, 0, 0, 20, 60]) * SECOND, len(events), event))
    return [
        Read(TOPICS[0], 0, offset, BEGIN + time, msgspec.json.encode(event))
        for offset, (time, _, event) in enumerate(sorted(events, key=lambda entry: entry[:2]))
    ]


def test_forgotten_sessions_are_touchpoints() -> None:
    """Whatever is forgotten, late, at once or too long ago: as many sessions as the batch finds."""
    met: Counter[int] = Counter()
    for seed in range(40):
        reads = visits(Random(seed))
        pipeline, most = run(reads)
        judged = judge(reads, DEFINITION)
        assert differences(list(kept(pipeline)), judged, DEFINITION) == [], seed
        met[most] += 1
        met.update(-c.touchpoints for c in conversions(judged, DEFINITION))
    assert max(met) > 10, "sessions that are no longer kept"
    assert all(met[-touchpoints] for touchpoints in (1, 2, 3, 4, 8)), met


def test_visitors_are_forgotten_at_last() -> None:
    """A visitor without sessions is kept as long as it would be known, and no longer."""
    pipeline = Pipeline(DEFINITION, 1)
    owned = pipeline.sessions[0]
    state = owned.state
    assert isinstance(state, SessionsState)
    for offset, (minute, kept_by_then) in enumerate(((0, {"v0"}), (10, {"v0", "v10"}), (60, {"v60"}))):
        time = BEGIN + minute * MINUTE
        event = {"name": "p", "time": time, "visitor_id": f"v{minute}"}
        owned.apply(TOPICS[0], 0, offset, [Read(TOPICS[0], 0, offset, time, msgspec.json.encode(event))])
        pipeline.flush(0, at_end=True)
        pipeline.flush(0, at_end=True)
        assert set(state.core.visitors.names()) == kept_by_then
        first = state.core.visitors.look("v0")
        assert (first is not None and first.gone) == (minute == 10), "of its session only that it was there"
