"""What a worker holds does not grow with the time it runs, nor with what one visitor does."""

import random
from collections import Counter
from collections.abc import Iterator
from itertools import islice

import msgspec
import pytest

from stream.agents.rates import RatesState
from stream.agents.sessions import SessionsState
from stream.core.bucket import HOUR, MINUTE, MINUTES_FOR, PANES_FOR
from stream.core.definition import Definition, Dimension, Funnel, Micro, Step, Times
from tests.core.weight import weight
from tests.laws.pipeline import Pipeline
from tests.oracle import Read

BEGIN = 1_767_603_600_000
DAY = 24 * HOUR
DEFINITION = Definition(
    funnels=(Funnel("f", (Step("see", "see"), Step("cart", "cart"), Step("buy", "buy", macro=True))),),
    micros=(Micro("share", "share"),),
    dimensions=(
        Dimension("device", "device", ("mobile", "desktop")),
        Dimension("source", "source", (), 10),
        Dimension("user_type", "user_type", ("new", "returning")),
        Dimension("both", cross=("device", "source")),
    ),
    times=Times(known_for=2 * DAY),
)
A_DAY = 400
"""Sessions a day, a third of them of visitors who were there before; each of a source of its own."""


def shop(days: int) -> Iterator[tuple[int, bytes]]:
    """Yield events in order of time, some of them twice."""
    rng = random.Random(1)
    recent = [f"v{n}" for n in range(100)]
    for number in range(days * A_DAY):
        begin = BEGIN + number * (DAY // A_DAY)
        visitor = rng.choice(recent) if rng.random() < 0.33 else f"v{100 + number}"
        recent[rng.randrange(100)] = visitor
        source, device = f"source-{number}", rng.choice(("mobile", "desktop", ""))
        for step, name in enumerate(("see", "look", "share", "cart", "buy")[: rng.randint(1, 5)]):
            event = {"name": name, "time": begin + step * 9_000, "visitor_id": visitor, "source": source}
            event |= {"event_id": f"{number}-{step}", "device": device, "session_id": f"s{number}"}
            value = msgspec.json.encode(event)
            yield begin + step * 9_000, value
            if rng.random() < 0.02:
                yield begin + step * 9_000, value


def rows_of(pipeline: Pipeline) -> Counter[str]:
    """Return how many rows of each kind the two changelogs have when compacted."""
    kinds = Counter(f"sessions {key[:2]!r}" for key in pipeline.sessions[0].log)
    kinds.update(f"rates {key[:2]!r}" for key in pipeline.rates.log)
    return kinds


def test_thirty_days_hold_no_more_than_twelve(monkeypatch: pytest.MonkeyPatch) -> None:
    """With as many visitors a day, and new sources for ever, state and changelogs are flat once all is kept.

    Minutes are kept for eight days, hours for nine, visitors for two days: at day 12 all of it is there.
    """
    for room in ("labels", "segment"):  # combinations that are remembered to save work fill for weeks
        monkeypatch.setattr(f"stream.core.{room}.KNOWN_LIMIT", 500)
    pipeline = Pipeline(DEFINITION, 1)
    owned = pipeline.sessions[0]
    events = shop(30)
    held: dict[int, tuple[int, int, Counter[str]]] = {}
    offset, day = 0, 0
    while chunk := list(islice(events, 60)):
        reads = [Read("site-events", 0, offset + n, time, value) for n, (time, value) in enumerate(chunk)]
        owned.apply("site-events", 0, offset, reads)
        offset += len(chunk)
        pipeline.flush(0, at_end=True)
        pipeline.flush_rates()
        if (chunk[-1][0] - BEGIN) // DAY >= day + 1:
            day += 1
            if day not in (6, 12):
                continue
            held[day] = weight(owned.state), weight(pipeline.rates.state), rows_of(pipeline)
    held[30] = weight(owned.state), weight(pipeline.rates.state), rows_of(pipeline)

    for place in (0, 1):
        assert held[30][place] < 1.05 * held[12][place] + 100_000, {day: h[place] for day, h in held.items()}
    assert held[12][1] > held[6][1], "what is kept for days takes days to fill"
    for kind, count in held[30][2].items():
        assert count < 1.05 * held[12][2][kind] + 50, kind
    rates = pipeline.rates.state
    assert isinstance(rates, RatesState)
    panes, minutes, hours = (len(level.starts()) for level in rates.core.levels)
    assert panes <= PANES_FOR // 10_000 + 2
    assert minutes <= MINUTES_FOR // MINUTE + 2
    assert hours <= 9 * 24 + 2
    assert len(rates.core.segments.admitted["source"]) == 10
    assert rates.core.segments.overflow["source"] > 0.9 * 30 * A_DAY
    assert len(rates.core.counters) < 80


@pytest.mark.parametrize("name", ["look", "share"])
def test_a_million_events_of_one_visitor(name: str) -> None:
    """A view is in the log only until an older one would be late; of steps a session has 2,000."""
    pipeline = Pipeline(DEFINITION, 1)
    owned = pipeline.sessions[0]
    written = 0
    weights = []
    for first in range(0, 1_000_000, 2_000):
        reads = []
        for n in range(first, first + 2_000):
            value = b'{"name":"%s","time":%d,"visitor_id":"v","event_id":"%d"}' % (
                name.encode(),
                BEGIN + n * 250,
                n,
            )
            reads.append(Read("site-events", 0, n, BEGIN + n * 250, value))
        owned.apply("site-events", 0, first, reads)
        pipeline.flush(0, at_end=True)
        written += sum(map(len, owned.log.values()))
        if first % 100_000 == 0:
            weights.append(weight(owned.state))
    state = owned.state
    assert isinstance(state, SessionsState)
    assert max(weights[1:]) < 1.5 * weights[1] + 50_000
    assert max(map(len, owned.log.values())) < 200_000
    assert written < 1_000_000 * 200
    outcomes = pipeline.outcomes(0)
    if name == "look":
        assert outcomes == {"counted": 1_000_000}
    else:
        assert outcomes["counted"] + outcomes["bot"] == 1_000_000
        # 2,000 take 500 s; a bot's do not go on with the session, so the next begins half an hour later.
        assert outcomes["counted"] == 2_000 * (1_000_000 * 250 // 2_300_000 + 1)
