"""What visitors do across sessions is kept no longer than it can change anything."""

from dataclasses import replace

import msgspec
import pytest

from stream.agents.sessions import SessionsState
from stream.core.definition import Definition, Dimension, Exclusion, Funnel, Step, Times
from tests.core.weight import weight
from tests.laws.pipeline import TOPICS, Pipeline
from tests.oracle import Read

BEGIN = 1_767_603_600_000
MINUTE, HOUR = 60_000, 3_600_000
TRIAL = Funnel(
    "trial",
    (Step("ad", "ad"), Step("pricing", "pricing", optional=True), Step("demo", "demo")),
    within_ms=6 * HOUR,
    exclusions=(Exclusion("away", (), 0, 2),),
    scope="visitor",
)
SITE = Definition(
    (TRIAL,),
    dimensions=(Dimension("device", "device", ("mobile",)),),
    times=Times(timeout=10 * MINUTE, max_length=HOUR, allowed_lateness=5 * MINUTE),
)


class Site:
    """A pipeline to which events come in order of time, each flushed."""

    def __init__(self, definition: Definition = SITE) -> None:
        self.pipeline = Pipeline(definition, 1)
        self.owned = self.pipeline.sessions[0]

    def say(self, minute: float, *names: str, visitor: str = "v", **said: str) -> None:
        """Let events of one time be read, and flush."""
        time = BEGIN + round(minute * MINUTE)
        first = self.owned.position.get(TOPICS[0], 0)
        known = {"visitor_id": visitor, "time": time} | said
        values = [
            msgspec.json.encode(known | {"name": name, "event_id": f"{first}-{n}"})
            for n, name in enumerate(names)
        ]
        reads = [Read(TOPICS[0], 0, first + n, time, value) for n, value in enumerate(values)]
        self.owned.apply(TOPICS[0], 0, first, reads)
        self.pipeline.flush(0, at_end=True)

    @property
    def state(self) -> SessionsState:
        """The state of the sessions."""
        assert isinstance(self.owned.state, SessionsState)
        return self.owned.state

    def rows(self) -> set[bytes]:
        """Return the keys of the rows of visitors."""
        return {key for key in self.owned.log if key.startswith(b"v:")}


@pytest.mark.parametrize("crash", [False, True], ids=["alive", "restarted"])
@pytest.mark.parametrize(
    "story",
    [
        [(0, "ad")],
        [(0, "ad"), (5, "demo")],
        [(0, "ad"), (90, "pricing"), (200, "demo")],
        [(0, "ad"), (300, "ad"), (600, "ad")],
        [(0, "pricing"), (1, "demo"), (2, "away")],
        [(0, "away")],
        [(0, "ad"), (200, "away"), (300, "pricing")],
        [(0, "ad"), (5, "demo"), (6, "ad"), (6, "demo"), (6, "ad")],
    ],
    ids=lambda story: " ".join(name for _, name in story),
)
def test_nothing_is_left(story: list[tuple[int, str]], crash: bool) -> None:
    """Once attempts are over and all is out of reach, there is no row of the visitor, and no timer."""
    site = Site()
    for minute, name in story:
        site.say(minute, name, device="mobile")
        if crash:
            site.owned.crash()
    over = max(minute for minute, _ in story) + 6 * 60
    for minute in range(over - 6 * 60 + 10, over + 60, 10):
        site.say(minute, "ping", visitor="clock")
        if crash:
            site.owned.crash()
    assert site.rows() == {b"v:clock"}
    assert "v" not in waiting(site)


def waiting(site: Site) -> set[str]:
    """Return the visitors for whom a timer is set."""
    lifetimes = site.state.core.lifetimes
    both = (lifetimes._to_close, lifetimes._to_forget)
    return {name for timers in both for names in timers._buckets.values() for name in names}


def test_an_attempt_is_kept_until_it_is_over() -> None:
    """While it can go on its row is kept, without sessions; a minute after it cannot, it is gone."""
    site = Site()
    site.say(0, "ad")
    for minute in range(1, 360, 5):
        site.say(minute, "ping", visitor="clock")
    assert site.rows() == {b"v:v", b"v:clock"}
    visitor = site.state.core.visitors.look("v")
    assert visitor is not None
    assert visitor.groups == []
    for minute in (360, 365, 366):
        site.say(minute, "ping", visitor="clock")
    assert site.rows() == {b"v:clock"}


@pytest.mark.parametrize("apart", [1, 7, 200])
@pytest.mark.parametrize("last", ["demo", "ad"])
def test_attempts_for_ever(apart: int, last: str) -> None:
    """A visitor who repeats attempts, or prolongs one, for ever is kept as small as open sessions are."""
    site = Site(replace(SITE, times=replace(SITE.times, max_length=2 * HOUR)))
    weights, rows = [], []
    for n in range(1_200):
        site.say(n * apart, "ad", "pricing", last)
        if n % 100 == 99:
            weights.append(weight(site.state.core))
            rows.append(len(site.owned.log[b"v:v"]))
    assert max(rows[6:]) <= 1.2 * max(rows[3:6]) + 100, rows
    assert max(weights[6:]) <= 1.2 * max(weights[3:6]) + 5_000, weights
