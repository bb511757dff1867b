"""Who visits when: a clock of visits with a daily and weekly rhythm, and visitors of whom many come back."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from stream.simulate.crowd import Crowd
from stream.simulate.rhythm import Rhythm, drifting_from
from stream.simulate.site import Site
from stream.simulate.sites import SHOP
from stream.simulate.visit import LONGEST_MS, Visit
from stream.simulate.walk import steps

_MOST_WARM_UP = 50_000  # visits


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """How much traffic there is.

    Attributes:
        start_ms: When the first visit may begin, ms since the epoch.
        rate: Mean events per second of event time.
        sessions: How many visits there are; ``None``: without end.
        seed: Decides everything that is left to chance.
        site: Where.
        rhythm: How the rate changes with time; ``None``: as it does on that site.
        pace: How many times faster than in real life people act and the day passes.
        silent_until_ms: Events before it are not made: visits that began earlier are under way then.
    """

    start_ms: int
    rate: float
    sessions: int | None = None
    seed: int = 0
    site: Site = SHOP
    rhythm: Rhythm | None = None
    pace: float = 1.0
    silent_until_ms: int = 0

    def __post_init__(self) -> None:
        if self.rate <= 0 or self.pace <= 0:
            raise ValueError("rate and pace are more than 0")


def visits(traffic: Traffic) -> Iterator[Visit]:
    """Return visits in order of their start."""
    rng = random.Random(f"visits {traffic.seed}")
    site = traffic.site
    crowd = Crowd(rng, site, traffic.pace)
    rhythm = traffic.rhythm or site.rhythm
    per_ms = traffic.rate / site.events_per_visit / 1000
    at, begun = float(traffic.start_ms), 0
    while traffic.sessions is None or begun < traffic.sessions:
        lively = rhythm(traffic.start_ms + int((at - traffic.start_ms) * traffic.pace))
        at += rng.expovariate(per_ms * lively)
        begun += 1
        visitor = crowd.next(int(at))
        coming = site.coming(visitor.visits > 0)
        visit = Visit(
            visitor=visitor,
            session_id=f"{rng.getrandbits(64):016x}",
            start_ms=int(at),
            channel=coming.channels.draw(rng),
            returning=visitor.visits > 0,
            habit=coming.habit,
        )
        visitor.visits += 1
        visit.path = steps(rng, visit, site)
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
    site: Site = SHOP,
) -> Traffic:
    """Return traffic that is in full swing now, at that rate (events per second), and drifts with the day.

    Endless traffic begins before now, so that all kinds of steps come from the first second on; with
    ``history`` the events until now belong to it. Counted sessions begin now.
    """
    begin = now_ms
    if sessions is None:
        # At high rates less, so that it starts within seconds; the later steps then come by and by.
        begin -= int(min(LONGEST_MS / pace, _MOST_WARM_UP * site.events_per_visit / rate * 1000))
    return Traffic(
        start_ms=begin,
        silent_until_ms=0 if history else now_ms,
        rate=rate,
        sessions=sessions,
        seed=seed,
        site=site,
        rhythm=drifting_from(begin, site.rhythm),
        pace=pace,
    )
