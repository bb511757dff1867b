"""Delays: how long after its base a session, or an attempt, reached a measure, in coarse bins.

They tell how soon conversions come, and so what a young cohort will come to (:mod:`stream.core.maturity`):
that is told of cohorts that have had their time, so a session contributes them when it closes, and so does
an attempt across sessions. Each is counted at the time of the base, where the cohort is, and in the segment
``all`` alone. It follows from their state, like all that is contributed; nothing that comes in order changes
it.

Bounds of bins are whole milliseconds, made without floating point: a delay is in the same bin on every
machine. The first has what is shorter than 1,024 ms; from there on each power of two is cut into four equal
parts, so that a bin's end is 14 to 25 % above its beginning.
"""

from collections.abc import Callable
from typing import Final

from stream.core.delta import Code
from stream.core.hits import HitTable
from stream.core.labels import UNLABELLED
from stream.core.plan import NO_TIME
from stream.core.plans import Plans
from stream.core.session import Session

NO_DELAY: Final = -3
"""Instead of a base: no delays of the measure are counted."""

BINS: Final = 256

_SHORTEST: Final = 10
"""Delays of less than 2 to the power of this are in the first bin."""


def bin_of(delay: int) -> int:
    """Return the bin of a delay, ms."""
    power = delay.bit_length() - 1
    if power < _SHORTEST:
        return 0
    number = 1 + (power - _SHORTEST) * 4 + (delay >> power - 2 & 3)
    return number if number < BINS else BINS - 1


def bounds(number: int) -> tuple[int, int]:
    """Return where a bin begins, and where it ends (exclusive), ms; longer delays are in the last, too."""
    if number <= 0:
        return 0, 1 << _SHORTEST
    power, part = divmod(number - 1, 4)
    step = 1 << power + _SHORTEST - 2
    return (4 + part) * step, (5 + part) * step


def delay_bases(plans: Plans) -> list[int]:
    """Return for each measure the one from which its delays count (``NO_TIME``: the session's beginning).

    ``NO_DELAY``: none are counted. That is so of what is no conversion but a base, and of what is reached by
    closing.
    """
    bases = [NO_DELAY] * len(plans.measures)
    for group in plans.groups:
        for measure in group.members:
            bases[measure] = group.base
    for measure in (plans.bounced, plans.single_page):
        bases[measure] = NO_DELAY
    return bases


class Delays:
    """Makes the hits of delays."""

    def __init__(self, number: Callable[[Code], int], plans: Plans) -> None:
        """Begin.

        Args:
            number: Gives a code, which is new, its number.
            plans: What is measured.
        """
        self._number = number
        self._measures = plans.measures
        self._bases = delay_bases(plans)
        self._bits = sum(1 << measure for measure, base in enumerate(self._bases) if base != NO_DELAY)
        self._codes: list[dict[int, int]] = [{} for _ in plans.measures]

    def contribute(self, session: Session, mask: int, table: HitTable, times: int) -> None:
        """Contribute the delays of the measures that a session, or an attempt, has reached.

        Args:
            session: The session, or the state of the attempt; it has closed.
            mask: The bits of all measures that it has reached.
            table: Takes the hits.
            times: 1, or -1 to withdraw them.
        """
        if not mask & self._bits:
            return
        reached = session.reached
        for measure, time in reached.items():
            base = self._bases[measure]
            if base == NO_DELAY:
                continue
            since = session.first if base == NO_TIME else reached[base]
            number = bin_of(time - since)
            code = self._codes[measure].get(number, -1)
            if code < 0:
                code = self._codes[measure][number] = self._number(
                    Code("delay", self._measures[measure], (), number)
                )
            table.add_one(code, since, UNLABELLED, times)
