"""Endings: what a session contributes to tallies when it closes, because of what it has been.

It follows from the session's state alone, like all that it contributes: so it can be taken back when the
session is opened again, is merged, or changes its labels. It bears the time of the session's first event.
"""

from collections.abc import Callable

from stream.core.delta import Code
from stream.core.histogram import bin_of
from stream.core.plans import Plans
from stream.core.session import Session
from stream.core.tally import CLICKED, DURATION, HIGH_INTENT, PAGE_VIEWS, SCORE, SEEN

KNOWN_LIMIT = 50_000
"""How many sets of reached measures are remembered before the memory is cleared: it only saves work."""

Amounts = list[tuple[int, int]]
"""Codes by their numbers, and how much of each."""


class Endings:
    """Makes the hits of sessions that close."""

    def __init__(self, number: Callable[[Code], int], plans: Plans) -> None:
        """Begin.

        Args:
            number: Gives a code, which is new, its number.
            plans: What is measured.
        """
        self._number = number
        self._milestones = plans.milestones
        self._weights = [(1 << measure, weight) for measure, weight in enumerate(plans.weights) if weight]
        self._high_intent = number(Code("sum", HIGH_INTENT))
        self._duration = [number(Code("sum", name)) for name in DURATION]
        self._pages, self._seen = number(Code("sum", PAGE_VIEWS)), number(Code("sum", SEEN))
        self._clicked, self._score = number(Code("sum", CLICKED)), number(Code("sum", SCORE))
        self._bins: dict[str, dict[int, int]] = {name: {} for name in (*DURATION, SCORE)}
        self._by_mask: dict[int, Amounts] = {}

    def of(self, session: Session, mask: int) -> Amounts:
        """Return what a closed session contributes; nothing of it is 0.

        Args:
            session: The session.
            mask: The bits of all measures that it has reached.
        """
        of_mask = self._by_mask.get(mask)
        if of_mask is None:
            if len(self._by_mask) >= KNOWN_LIMIT:
                self._by_mask.clear()
            of_mask = self._by_mask[mask] = self._of_mask(mask)
        amounts = of_mask.copy()
        duration = session.last - session.first
        if duration:
            intent = 1 if mask & self._milestones else 0
            amounts.append((self._duration[intent], duration))
            amounts.append((self._bin(DURATION[intent], bin_of(duration)), 1))
        if session.pages:
            amounts.append((self._pages, session.pages))
        if session.seen:
            amounts.append((self._seen, session.seen))
        if session.clicked:
            amounts.append((self._clicked, session.clicked))
        return amounts

    def _of_mask(self, mask: int) -> Amounts:
        amounts: Amounts = [(self._high_intent, 1)] if mask & self._milestones else []
        score = self.score(mask)
        if score:
            amounts += [(self._score, score), (self._bin(SCORE, bin_of(score)), 1)]
        return amounts

    def score(self, mask: int) -> int:
        """Return the intent score of who reached these measures: what they weigh, in millionths."""
        score = 0
        for bit, weight in self._weights:
            if mask & bit:
                score += weight
        return score

    def _bin(self, name: str, number: int) -> int:
        codes = self._bins[name]
        code = codes.get(number)
        if code is None:
            code = codes[number] = self._number(Code("bin", name, (), number))
        return code
