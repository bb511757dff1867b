"""The visitors: new ones, and those who rest between two visits and may come back."""

import math
import random
from heapq import heappop, heappush

from stream.simulate.site import Site
from stream.simulate.visit import Visitor

_OVERLAP = 0.01  # share of visits begun while the visitor's last one may still go on: two tabs
_MOST_WAITING = 100_000  # visitors who may come back; bounds the memory of endless traffic
_ACCEPTED = {"ad_user_data": True, "ad_personalization": True}
_DECLINED = {"ad_user_data": False, "ad_personalization": False}


class Crowd:
    """Who comes next to a site. At ``pace`` times the speed of real life they rest as much shorter."""

    def __init__(self, rng: random.Random, site: Site, pace: float) -> None:
        self._rng = rng
        self._site = site
        self._pace = pace
        self._rest = int(site.rest_ms / pace)
        self._visits = self._visitors = 0
        self._resting: list[tuple[int, int, Visitor]] = []  # a heap by the end of the rest
        self._away: list[tuple[int, int, Visitor]] = []  # the same of those who stay away for longer
        self._waiting: list[Visitor] = []

    def next(self, now: int) -> Visitor:
        """Return who begins a visit."""
        rng, waiting, resting = self._rng, self._waiting, self._resting
        while resting and resting[0][0] <= now:
            self._goes(*heappop(resting))
        while self._away and self._away[0][0] <= now:
            self._waits(heappop(self._away)[2])
        self._visits += 1
        if resting and rng.random() < _OVERLAP:  # in the crowd twice from now on, which no figure minds
            return resting[int(rng.random() * len(resting))][2]
        # At first nobody can come back; those who do make up for it, so that short spans have the mean too.
        mean = self._site.visits_per_visitor
        behind = self._visits < mean * self._visitors
        if waiting and rng.random() < (0.8 if behind else 1 - 1 / mean):
            return self._take_one()
        self._visitors += 1
        return self._newcomer()

    def leaves(self, visitor: Visitor, at: int) -> None:
        """Note that a visit ends; its visitor may come back."""
        heappush(self._resting, (at + self._rest, self._visits, visitor))

    def _goes(self, rested: int, number: int, visitor: Visitor) -> None:
        site = self._site
        if not site.rest_more_ms:
            self._waits(visitor)
            return
        more = self._rng.lognormvariate(math.log(site.rest_more_ms), site.rest_spread)
        heappush(self._away, (rested + int(more / self._pace), number, visitor))

    def _waits(self, visitor: Visitor) -> None:
        if len(self._waiting) >= _MOST_WAITING:
            self._take_one()
        self._waiting.append(visitor)

    def _take_one(self) -> Visitor:
        waiting = self._waiting
        i = int(self._rng.random() * len(waiting))
        waiting[i], waiting[-1] = waiting[-1], waiting[i]
        return waiting.pop()

    def _newcomer(self) -> Visitor:
        rng, site = self._rng, self._site
        device = site.devices.draw(rng)
        chance = rng.random()
        return Visitor(
            id=f"{rng.getrandbits(128):032x}",
            user_id=f"u{rng.getrandbits(32)}" if rng.random() < 0.25 else "",
            device=device,
            user_agent=rng.choice(device.user_agents),
            country=site.countries.draw(rng),
            variant=site.variants[rng.random() >= 0.5],
            consent=_ACCEPTED if chance < 0.6 else _DECLINED if chance < 0.8 else None,
        )
