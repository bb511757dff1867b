"""The ledger of attempts across sessions, whose state is like a session's, and so is what they contribute."""

from collections.abc import Sequence

from stream.core.delta import NOBODY
from stream.core.funnel import bits_of
from stream.core.hits import HitTable
from stream.core.labels import LabelReader
from stream.core.leaving import Leaving
from stream.core.session import Session
from stream.core.sightings import Handed, Sightings
from stream.core.takings import Takings
from stream.core.vocabulary import Vocabulary


class AttemptLedger:
    """Contributes attempts; what it sums up is handed out by the ledger of sessions."""

    def __init__(
        self,
        words: Vocabulary,
        labels: LabelReader,
        tables: tuple[HitTable, HitTable],
        sightings: Sightings,
        takings: Takings,
        *,
        tallies: bool,
    ) -> None:
        """Begin; the ``tables`` are those of hits and of corrections; ``tallies`` are only made if wanted."""
        self._words = words
        self._labels = labels
        self._hits, self._corrections = tables
        self._sightings = sightings
        self._takings = takings
        self._tallies = tallies

    def closed(self, state: Session) -> None:
        """Contribute that an attempt ended without its last step, and the delays of the others."""
        mask = bits_of(state.reached)
        self._hits.add(self._words.leave_of_attempt(mask), state, self._combination(state), 1)
        if self._tallies:
            self._words.delays.contribute(state, mask, self._hits, 1)

    def left(self, leaving: Leaving) -> None:
        """Contribute where an attempt got no further by the end of a session."""
        if self._tallies:
            self._words.leavings.leave(leaving, self._hits, 1)

    def withdraw(self, state: Session, closed: bool, left: Leaving | None) -> None:
        """Take back everything that an attempt has contributed."""
        self._contribute(state, closed, left, -1)

    def contribute(
        self, state: Session, closed: bool, left: Leaving | None, before: Sequence[Handed]
    ) -> None:
        """Contribute an attempt as it is now.

        Args:
            state: Its state.
            closed: Whether it is closed.
            left: Where it got no further, if it has.
            before: Those that it was until now, withdrawn, and what each handed on to it.
        """
        self._contribute(state, closed, left, 1)
        reached = state.counted = bits_of(state.reached)
        combination = self._combination(state)
        for handed in before:
            state.counted |= handed.bits
            self._sight(combination, handed.bits, self._combination(handed.old))
            reached &= ~handed.bits
        self._sight(combination, reached, NOBODY)
        self._takings.see(state, combination, before)

    def _contribute(self, state: Session, closed: bool, left: Leaving | None, times: int) -> None:
        mask, combination = bits_of(state.reached), self._combination(state)
        self._corrections.add(self._words.gain_of_attempt(mask), state, combination, times)
        self._corrections.add_timed(self._words.conversions.of(state, mask), combination, times)
        if state.revenue is not None:
            self._takings.contribute(state, state.revenue, combination, times)
        if closed:
            self._corrections.add(self._words.leave_of_attempt(mask), state, combination, times)
        if self._tallies:
            if closed:
                self._words.delays.contribute(state, mask, self._corrections, times)
            self._words.leavings.go_on(state, self._corrections, times)
            if left is not None:
                self._words.leavings.leave(left, self._corrections, times)

    def _sight(self, combination: int, measures: int, before: int) -> None:
        for measure, codes in enumerate(self._words.counted):
            if measures >> measure & 1:
                for code in codes:
                    self._sightings.add(combination, code, before)

    def _combination(self, state: Session) -> int:
        return self._labels.number(state.labels, state.returning)
