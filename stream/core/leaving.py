"""Leaving: what a session that closes contributes because of the pages that it was on.

For each funnel of a session, the furthest step that it reached was *left*, on the page that it said last,
unless it is the funnel's last step; from each step before it *went on*, from the page that it was on before
the event that reached the next one. That bears the time of its last event; stays that of its first. All of it
follows from the session's state alone, and none of it depends on labels.

An attempt across sessions leaves when the session closes in which it got furthest, and may go on later: then
that is taken back. From where it went on it contributes at once.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from stream.core.delta import Code
from stream.core.ending import KNOWN_LIMIT, Amounts
from stream.core.hits import HitTable
from stream.core.labels import UNLABELLED
from stream.core.plans import Plans
from stream.core.session import Session
from stream.core.stays import ONE_STAY, TIME_BITS
from stream.core.tally import STAY_COUNT, STAY_TIME

_NOWHERE: Final = -1

_STEP_BITS: Final = 8
"""More than the numbers of measures have."""


class Leaving(NamedTuple):
    """Where an attempt across sessions got no further.

    Attributes:
        measure: The furthest step that it has reached.
        page: Number of the page on which the session ended in which it did; 0: it said none.
        last: When the last event of that session was, ms.
    """

    measure: int
    page: int
    last: int


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
        self._by_mask: dict[int, tuple[tuple[int, int], ...]] = {}
        self._staying: dict[int, tuple[int, int]] = {}
        self._passing: dict[int, int] = {}

    def contribute(self, session: Session, mask: int, table: HitTable, times: int) -> None:
        """Contribute all of it, of a closed session that said some page.

        Args:
            session: The session.
            mask: The bits of all measures that it has reached.
            table: Takes the hits.
            times: 1, or -1 to withdraw them.
        """
        amounts = self._stays(session)
        if amounts:
            table.add_amounts(amounts, session.first, UNLABELLED, times)
        passages = self._by_mask.get(mask)
        if passages is None:
            if len(self._by_mask) >= KNOWN_LIMIT:
                self._by_mask.clear()
            passages = self._by_mask[mask] = tuple(self._of_mask(mask))
        if passages:
            table.add_amounts(self._passages(session, passages), session.last, UNLABELLED, times)

    def leave(self, leaving: Leaving, table: HitTable, times: int) -> None:
        """Contribute where an attempt across sessions got no further (or withdraw it, -1 times)."""
        if leaving.page:
            code = self._code_of_passage(leaving.measure, leaving.page, left=True)
            table.add_one(code, leaving.last, UNLABELLED, times)

    def go_on(self, state: Session, table: HitTable, times: int) -> None:
        """Contribute from where an attempt across sessions went on (or withdraw it, -1 times)."""
        if state.origins is not None:
            for step, following in pairwise(sorted(state.reached)):
                page = state.origins.get(following, 0)
                if page:
                    code = self._code_of_passage(step, page, left=False)
                    table.add_one(code, state.reached[following], UNLABELLED, times)

    def _stays(self, session: Session) -> Amounts:
        """Return what stays contribute; of one page there may be two parts."""
        amounts: Amounts = []
        if session.stays is not None:
            for page, both in session.stays.items():
                time, count = self._codes_of_stays(page)
                amounts.append((time, both & TIME_BITS))
                amounts.append((count, both // ONE_STAY))
        took = session.last - session.since
        if took > 0:
            time, count = self._codes_of_stays(session.page)
            amounts.append((time, took))
            amounts.append((count, 1))
        return amounts

    def _passages(self, session: Session, passages: tuple[tuple[int, int], ...]) -> Amounts:
        """Return where a session went no further, and where it went on."""
        amounts: Amounts = []
        origins = session.origins
        for step, following in passages:
            if following == _NOWHERE:
                page = session.page
            else:
                page = 0 if origins is None else origins.get(following, 0)
            if page:
                amounts.append((self._code_of_passage(step, page, left=following == _NOWHERE), 1))
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

    def _codes_of_stays(self, page: int) -> tuple[int, int]:
        codes = self._staying.get(page)
        if codes is None:
            name = self._pages[page]
            codes = self._staying[page] = (
                self._number(Code("stay", name, (), STAY_TIME)),
                self._number(Code("stay", name, (), STAY_COUNT)),
            )
        return codes

    def _code_of_passage(self, step: int, page: int, *, left: bool) -> int:
        place = page << _STEP_BITS | step << 1 | left
        code = self._passing.get(place)
        if code is None:
            said = Code("left" if left else "went_on", self._measures[step], (self._pages[page],))
            code = self._passing[place] = self._number(said)
        return code
