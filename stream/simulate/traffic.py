"""Who visits when: a clock of visits with a daily and weekly rhythm, and visitors of whom many come back."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from stream.simulate.catalogue import CHANNELS
from stream.simulate.crowd import Crowd
from stream.simulate.visit import LONGEST_MS, MINUTE, Visit, steps

EVENTS_PER_VISIT = 4.7
"""Mean events of a visit: turns a rate of events into one of visits (a test holds it to the model)."""

_MOST_WARM_UP = 50_000  # visits
_HOUR, _DAY = 60 * MINUTE, 24 * 60 * MINUTE

Rhythm = Callable[[int], float]
"""How lively the shop is at a time (ms since the epoch); 1 is the mean."""

# Quiet at night, a hump at noon, most at 20 h (UTC).
_BY_HOUR = (
    *(0.42, 0.26, 0.18, 0.15, 0.17, 0.28, 0.52, 0.80, 1.00, 1.12, 1.20, 1.26),
    *(1.33, 1.30, 1.22, 1.20, 1.24, 1.33, 1.46, 1.62, 1.70, 1.56, 1.08, 0.60),
)
_BY_WEEKDAY = (1.04, 0.97, 0.95, 0.97, 0.92, 0.98, 1.17)
_MEAN = sum(_BY_HOUR) / 24 * sum(_BY_WEEKDAY) / 7


def daily(at_ms: int) -> float:
    """Return the rhythm of day and week."""
    hour, part = divmod(at_ms, _HOUR)
    now, then = _BY_HOUR[hour % 24], _BY_HOUR[(hour + 1) % 24]
    weekday = (at_ms // _DAY + 3) % 7  # the epoch was a Thursday
    return (now + (then - now) * part / _HOUR) * _BY_WEEKDAY[weekday] / _MEAN


def steady(at_ms: int) -> float:  # noqa: ARG001 - every rhythm is asked with a time
    """Return the rhythm of a shop that has none."""
    return 1.0


def drifting_from(start_ms: int) -> Rhythm:
    """Return the rhythm of day and week that is 1 at ``start_ms``: the rate asked for is seen first."""
    level = daily(start_ms)
    return lambda at_ms: daily(at_ms) / level


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """How much traffic there is.

    Attributes:
        start_ms: When the first visit may begin, ms since the epoch.
        rate: Mean events per second of event time.
        sessions: How many visits there are; ``None``: without end.
        seed: Decides everything that is left to chance.
        rhythm: How the rate changes with time.
        pace: How many times faster than in real life people act and the day passes.
        silent_until_ms: Events before it are not made: visits that began earlier are under way then.
    """

    start_ms: int
    rate: float
    sessions: int | None = None
    seed: int = 0
    rhythm: Rhythm = daily
    pace: float = 1.0
    silent_until_ms: int = 0

    def __post_init__(self) -> None:
        if self.rate <= 0 or self.pace <= 0:
            raise ValueError("rate and pace are more than 0")


def visits(traffic: Traffic) -> Iterator[Visit]:
    """Return visits in order of their start."""
    rng = random.Random(f"visits {traffic.seed}")
    crowd = Crowd(rng, traffic.pace)
    per_ms = traffic.rate / EVENTS_PER_VISIT / 1000
    at, begun = float(traffic.start_ms), 0
    while traffic.sessions is None or begun < traffic.sessions:
        lively = traffic.rhythm(traffic.start_ms + int((at - traffic.start_ms) * traffic.pace))
        at += rng.expovariate(per_ms * lively)
        begun += 1
        visitor = crowd.next(int(at))
        visit = Visit(
            visitor=visitor,
            session_id=f"{rng.getrandbits(64):016x}",
            start_ms=int(at),
            channel=CHANNELS.draw(rng),
            returning=visitor.visits > 0,
        )
        visitor.visits += 1
        visit.path = steps(rng, visit)
        crowd.leaves(visitor, visit.start_ms + int(visit.path[-1].after_ms / traffic.pace))
        yield visit


def live(
    rate: float,
    *,
    now_ms: int,
    seed: int,
    sessions: int | None = None,
    pace: float = 1.0,
    history: bool = False,
) -> Traffic:
    """Return traffic that is in full swing now, at that rate (events per second), and drifts with the day.

    Endless traffic begins before now, so that all kinds of steps come from the first second on; with
    ``history`` the events until now belong to it. Counted sessions begin now.
    """
    begin = now_ms
    if sessions is None:
        # At high rates less, so that it starts within seconds; the later steps then come by and by.
        begin -= int(min(LONGEST_MS / pace, _MOST_WARM_UP * EVENTS_PER_VISIT / rate * 1000))
    return Traffic(
        start_ms=begin,
        silent_until_ms=0 if history else now_ms,
        rate=rate,
        sessions=sessions,
        seed=seed,
        rhythm=drifting_from(begin),
        pace=pace,
    )
