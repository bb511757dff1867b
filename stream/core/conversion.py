"""Conversions: what a session, or an attempt across sessions, contributes to tallies by its macro step.

How long it took from its first micro-conversion, how many different ones there were, and how many sessions of
the visitor. It follows from the state alone, like all that is contributed, and bears the time of the macro
step; what is reached later changes nothing of it.
"""

from collections.abc import Callable

from stream.core.delta import Code
from stream.core.ending import Amounts
from stream.core.histogram import bin_of
from stream.core.plans import Plans
from stream.core.session import Session
from stream.core.tally import FIRST_TIME_BIN, LEADING, TIME, TIMED, TOUCHPOINTS


class Conversions:
    """Makes the hits of macro steps."""

    def __init__(self, number: Callable[[Code], int], plans: Plans) -> None:
        """Begin.

        Args:
            number: Gives a code, which is new, its number.
            plans: What is measured.
        """
        self._number = number
        self._macros = plans.goal_bits
        self._leading = plans.leading
        self._funnels = {goal.measure: goal.funnel for goal in plans.goals}
        self._codes: dict[tuple[int, int], int] = {}

    def of(self, session: Session, mask: int) -> list[tuple[int, Amounts]]:
        """Return what a session contributes by macro steps that it has reached.

        Args:
            session: The session.
            mask: The bits of measures; those that are no macro step contribute nothing.

        Returns:
            For each its time (ms), and amounts, of which none is 0.
        """
        found: list[tuple[int, Amounts]] = []
        macros = mask & self._macros
        while macros:
            macro = macros.bit_length() - 1
            macros ^= 1 << macro
            found.append((session.reached[macro], self._of(session, macro)))
        return found

    def _of(self, session: Session, macro: int) -> Amounts:
        time = session.reached[macro]
        first, count = time, 0
        for measure, at in session.reached.items():
            if at <= time and self._leading >> measure & 1:
                count += 1
                first = min(first, at)
        amounts = [(self._code(macro, TOUCHPOINTS), session.earlier + 1)]
        if count:
            amounts += [(self._code(macro, LEADING), count), (self._code(macro, TIMED), 1)]
        if took := time - first:
            amounts.append((self._code(macro, TIME), took))
            amounts.append((self._code(macro, FIRST_TIME_BIN + bin_of(took)), 1))
        return amounts

    def _code(self, macro: int, tally: int) -> int:
        code = self._codes.get((macro, tally))
        if code is None:
            code = self._codes[macro, tally] = self._number(Code("goal", self._funnels[macro], (), tally))
        return code
