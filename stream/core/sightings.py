"""Sightings: what counters see of sessions beside the hits of events in order, summed between two flushes."""

from typing import NamedTuple

from stream.core.delta import NOBODY, Sighting
from stream.core.revenue import Amounts
from stream.core.session import Session


class Handed(NamedTuple):
    """What counters saw of a session as it was, and what another that has its events now gets of that.

    Attributes:
        old: The session as it was.
        bits: The measures that they saw it reach.
        revenue: How much they saw it bring.
    """

    old: Session
    bits: int
    revenue: Amounts


class Sightings:
    """Sums of sightings: by the number of the labels, the code, and the labels under which it was seen."""

    def __init__(self) -> None:
        self._sums: dict[tuple[int, int, int], int] = {}

    def add(self, combination: int, code: int, before: int, times: int = 1) -> None:
        """Let counters of segments see what they have not seen under the combination ``before``."""
        if combination != before:
            key = combination, code, before
            self._sums[key] = self._sums.get(key, 0) + times

    def __len__(self) -> int:
        return len(self._sums)

    def labels(self) -> list[tuple[int, int]]:
        """Return the labels of each sum, and those before, in the order in which they were begun."""
        return [(combination, before) for combination, _, before in self._sums]

    def take(self, combinations: dict[int, int], codes: dict[int, int]) -> list[Sighting]:
        """Return the sums, and begin anew.

        Args:
            combinations: New numbers of labels, by those of this process; what is not in it is added.
            codes: Likewise of codes.
        """
        found: list[Sighting] = []
        for (combination, code, before), times in self._sums.items():
            number = combinations.setdefault(combination, len(combinations))
            seen = before if before == NOBODY else combinations.setdefault(before, len(combinations))
            found.append((number, codes.setdefault(code, len(codes)), times, seen))
        self._sums = {}
        return found
