"""The visitors: new ones, and those who rest between two visits and may come back."""

import random
from heapq import heappop, heappush

from stream.simulate.catalogue import COUNTRIES, DEVICES, VARIANTS
from stream.simulate.visit import MINUTE, Visitor

VISITS_PER_VISITOR = 2.4
"""Mean visits of a visitor."""

_REST_MS = 35 * MINUTE  # between two visits; longer than the gap that usually ends a session
_OVERLAP = 0.01  # share of visits begun while the visitor's last one may still go on: two tabs
_MOST_WAITING = 100_000  # visitors who may come back; bounds the memory of endless traffic
_ACCEPTED = {"ad_user_data": True, "ad_personalization": True}
_DECLINED = {"ad_user_data": False, "ad_personalization": False}


class Crowd:
    """Who comes next. At ``pace`` times the speed of real life they rest as much shorter."""

    def __init__(self, rng: random.Random, pace: float) -> None:
        self._rng = rng
        self._rest = int(_REST_MS / pace)
        self._visits = self._visitors = 0
        self._resting: list[tuple[int, int, Visitor]] = []  # a heap by the end of the rest
        self._waiting: list[Visitor] = []

    def next(self, now: int) -> Visitor:
        """Return who begins a visit."""
        rng, waiting, resting = self._rng, self._waiting, self._resting
        while resting and resting[0][0] <= now:
            self._waits(heappop(resting)[2])
        self._visits += 1
        if resting and rng.random() < _OVERLAP:  # in the crowd twice from now on, which no figure minds
            return resting[int(rng.random() * len(resting))][2]
        # At first nobody can come back; those who do make up for it, so that short spans have the mean too.
        behind = self._visits < VISITS_PER_VISITOR * self._visitors
        if waiting and rng.random() < (0.8 if behind else 1 - 1 / VISITS_PER_VISITOR):
            return self._take_one()
        self._visitors += 1
        return self._newcomer()

    def leaves(self, visitor: Visitor, at: int) -> None:
        """Note that a visit ends; its visitor may come back."""
        heappush(self._resting, (at + self._rest, self._visits, visitor))

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
        rng = self._rng
        device = DEVICES.draw(rng)
        chance = rng.random()
        return Visitor(
            id=f"{rng.getrandbits(128):032x}",
            user_id=f"u{rng.getrandbits(32)}" if rng.random() < 0.25 else "",
            device=device,
            user_agent=rng.choice(device.user_agents),
            country=COUNTRIES.draw(rng),
            variant=VARIANTS[rng.random() >= 0.5],
            consent=_ACCEPTED if chance < 0.6 else _DECLINED if chance < 0.8 else None,
        )
