"""Leaving: what a session that closes contributes because of the pages that it was on.

For each funnel of a session, the furthest step that it reached was *left*, on the page that it said last,
unless it is the funnel's last step; from each step before it *went on*, from the page that it was on before
the event that reached the next one. That bears the time of its last event; stays that of its first. All of it
follows from the session's state alone, and none of it depends on labels.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Final

from stream.core.delta import Code
from stream.core.ending import KNOWN_LIMIT, Amounts
from stream.core.hits import HitTable
from stream.core.labels import UNLABELLED
from stream.core.plans import Plans
from stream.core.session import Session
from stream.core.stays import stays_of

STAY_TIME: Final = 0
STAY_COUNT: Final = 1
"""Numbers of the codes of stays."""

_NOWHERE: Final = -1


class Leavings:
    """Makes the hits of pages."""

    def __init__(self, number: Callable[[Code], int], plans: Plans, pages: Sequence[str]) -> None:
        """Begin.

        Args:
            number: Gives a code, which is new, its number.
            plans: What is measured.
            pages: Names of pages by number; they may become more.
        """
        self._number = number
        self._funnels = plans.in_session
        self._measures = plans.measures
        self._pages = pages
        self._passages: dict[int, tuple[tuple[int, int], ...]] = {}
        self._stays: dict[int, int] = {}
        self._passing: dict[tuple[int, int, bool], int] = {}

    def contribute(self, session: Session, mask: int, table: HitTable, times: int) -> None:
        """Contribute all of it, of a closed session that has reached the measures of ``mask``, to a table."""
        table.add_amounts(self.stays(session), session.first, UNLABELLED, times)
        table.add_amounts(self.passages(session, mask), session.last, UNLABELLED, times)

    def stays(self, session: Session) -> Amounts:
        """Return what the stays of a session contribute; nothing of it is 0."""
        amounts: Amounts = []
        for page, (time, count) in stays_of(session).items():
            amounts.append((self._stay(page, STAY_TIME), time))
            amounts.append((self._stay(page, STAY_COUNT), count))
        return amounts

    def passages(self, session: Session, mask: int) -> Amounts:
        """Return where a session went no further, and where it went on.

        Args:
            session: The session.
            mask: The bits of all measures that it has reached.
        """
        passages = self._passages.get(mask)
        if passages is None:
            if len(self._passages) >= KNOWN_LIMIT:
                self._passages.clear()
            passages = self._passages[mask] = tuple(self._of_mask(mask))
        amounts: Amounts = []
        origins = session.origins
        for step, following in passages:
            if following == _NOWHERE:
                page = session.page
            else:
                page = 0 if origins is None else origins.get(following, 0)
            if page:
                amounts.append((self._passage(step, page, following == _NOWHERE), 1))
        return amounts

    def _of_mask(self, mask: int) -> list[tuple[int, int]]:
        """Return steps that were reached, each with the next; the furthest, unless the last, with nowhere."""
        found: list[tuple[int, int]] = []
        for first, last in self._funnels:
            reached = [measure for measure in range(first, last + 1) if mask >> measure & 1]
            found += pairwise(reached)
            if reached and reached[-1] != last:
                found.append((reached[-1], _NOWHERE))
        return found

    def _stay(self, page: int, what: int) -> int:
        place = page << 1 | what
        code = self._stays.get(place)
        if code is None:
            code = self._stays[place] = self._number(Code("stay", self._pages[page], (), what))
        return code

    def _passage(self, step: int, page: int, left: bool) -> int:
        place = step, page, left
        code = self._passing.get(place)
        if code is None:
            said = Code("left" if left else "went_on", self._measures[step], (self._pages[page],))
            code = self._passing[place] = self._number(said)
        return code
