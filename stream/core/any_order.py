"""Unordered funnels: step k is reached when its event and those of the steps before it lie close together.

Each step needs an event of its own, and all must lie within the funnel's ``within`` of each other, in any
order. Of the events that match the same steps only the newest have to be kept, as many as there are such
steps: no more of them can be used at once, and whatever an older one could be used for, a newer can too.
"""

from collections.abc import Sequence

from stream.core.plan import AnyOrderPlan
from stream.core.session import Session


def take(session: Session, funnel: AnyOrderPlan, bits: int, time: int, now: list[int]) -> None:
    """Take an event at ``time``, no earlier than those before, that matches the steps whose bits are set.

    Args:
        session: Its session; what it reaches is noted there.
        funnel: The funnel.
        bits: Of its steps, the first has the lowest.
        time: When it was, ms.
        now: Gets the measures that it is the first to reach.
    """
    first, reached = funnel.first, session.reached
    trails = session.trails
    if trails is None:
        trails = session.trails = {}
    missing = [k for k in range(len(funnel.optional)) if first + k not in reached]
    if not missing:
        trails.pop(first, None)
        return
    kept = _kept(trails.get(first, ()), time - funnel.within, (time, bits))
    trails[first] = kept
    found = [matches for _, matches in kept]
    for k in missing:
        wanted = [step for step in range(k) if not funnel.optional[step]]
        if each_has_its_own([*wanted, k], found):
            reached[first + k] = time
            now.append(first + k)


def each_has_its_own(steps: Sequence[int], events: Sequence[int]) -> bool:
    """Whether each step can have an event of its own, of events given as the bits of steps they match.

    Kuhn's algorithm for bipartite matching; there are never many of either.
    """
    owner: dict[int, int] = {}

    def finds_one(step: int, tried: set[int]) -> bool:
        for event, matches in enumerate(events):
            if not matches >> step & 1 or event in tried:
                continue
            tried.add(event)
            if event not in owner or finds_one(owner[event], tried):
                owner[event] = step
                return True
        return False

    return all(finds_one(step, set()) for step in steps)


def _kept(before: Sequence[tuple[int, ...]], since: int, new: tuple[int, int]) -> list[tuple[int, ...]]:
    """Return the events to be kept, in order of time: those of ``since`` or later that can be of use."""
    kept: list[tuple[int, ...]] = []
    room: dict[int, int] = {}
    for event in (new, *reversed(before)):
        time, matches = event[0], event[1]
        left = room.get(matches, matches.bit_count())
        if time >= since and left:
            room[matches] = left - 1
            kept.append(event)
    kept.reverse()
    return kept
