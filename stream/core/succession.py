"""Succession: when attempts have been computed again, which of them takes over from which.

Counters see each measure of an attempt once and never take anything back. So what they saw of an attempt as
it was is handed on, each thing to one attempt, together with the labels under which it was seen.
"""

from bisect import bisect_right
from collections.abc import Sequence

from stream.core.funnel import bits_of
from stream.core.revenue import Amounts
from stream.core.session import Session
from stream.core.sightings import Handed
from stream.core.takings import seen_of, take_over
from stream.core.visitor import Attempt


class Heir:
    """An attempt as it is now, and what it takes over.

    Attributes:
        attempt: The attempt.
        olds: The attempts as they were that are in it now: none, its own, or several that were joined.
        given: What counters saw, of each of those it takes over from.
        seen: All the bits of that.
    """

    __slots__ = ("attempt", "given", "olds", "seen")

    def __init__(self, attempt: Attempt) -> None:
        self.attempt = attempt
        self.olds: list[Attempt] = []
        self.given: list[Handed] = []
        self.seen = 0
        if attempt.state.revenue is not None:
            attempt.state.revenue.counted = {}

    def take(self, old: Session, bits: int) -> int:
        """Take over of these bits what it has not yet; return the others."""
        taken = bits & ~self.seen
        if taken:
            self.seen |= taken
            self.given.append(Handed(old, taken, {}))
        return bits & ~taken

    def take_revenue(self, old: Session, left: Amounts, *, rest: bool = False) -> None:
        """Take over of what is left as much as it brought, or all the rest."""
        taken = take_over(left, self.attempt.state, rest=rest)
        if taken:
            self.given.append(Handed(old, 0, taken))


def succession(before: Sequence[Attempt], after: Sequence[Attempt]) -> list[Heir]:
    """Return a visitor's attempts as they are now, each with what it takes over.

    Args:
        before: The attempts as they were, in order of time.
        after: As they are after more events: what began is now in an attempt that begins then or earlier.
    """
    heirs: list[Heir] = []
    for funnel in dict.fromkeys([attempt.funnel for attempt in after]):
        heirs += _of_funnel(
            [attempt for attempt in before if attempt.funnel == funnel],
            [Heir(attempt) for attempt in after if attempt.funnel == funnel],
        )
    return heirs


def _of_funnel(before: list[Attempt], heirs: list[Heir]) -> list[Heir]:
    begins = _beginnings([heir.attempt for heir in heirs])
    left: list[tuple[int, Session, int]] = []
    revenue_left: list[tuple[int, Session, Amounts]] = []
    for old, begin in zip(before, _beginnings(before), strict=True):
        number = bisect_right(begins, begin) - 1
        heir = heirs[number]
        heir.olds.append(old)
        wanted = bits_of(heir.attempt.state.reached)
        heir.take(old.state, old.state.counted & wanted)
        if rest := old.state.counted & ~wanted:
            left.append((number, old.state, rest))
        heir.take_revenue(old.state, amounts := seen_of(old.state))
        if amounts:
            revenue_left.append((number, old.state, amounts))
    # What is left goes to those that were split off; what nobody has reached stays with it.
    for number, old_state, rest in left:
        for heir in heirs[number + 1 :]:
            wanted = bits_of(heir.attempt.state.reached)
            rest &= ~wanted | heir.take(old_state, rest & wanted)
        heirs[number].take(old_state, rest)
    for number, old_state, amounts in revenue_left:
        for heir in heirs[number + 1 :]:
            heir.take_revenue(old_state, amounts)
        heirs[number].take_revenue(old_state, amounts, rest=True)
    return heirs


def _beginnings(attempts: list[Attempt]) -> list[tuple[int, int]]:
    """Return when each began, and how many before it began at that very time."""
    found: list[tuple[int, int]] = []
    for attempt in attempts:
        first = attempt.state.first
        same = found[-1][1] + 1 if found and found[-1][0] == first else 0
        found.append((first, same))
    return found
