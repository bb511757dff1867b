"""How fast records are read, from counts of them at different moments."""

from collections import deque

SPEED_OVER_S = 5.0
"""Events per second are measured over so many seconds."""


class Speed:
    """Remembers the counts of the last seconds."""

    def __init__(self) -> None:
        self._reads: deque[tuple[float, int]] = deque()

    def seen(self, records: int, at_s: float) -> None:
        """Note that so many records had been read at that moment, in seconds of any clock that only rises.

        Fewer than before are of a state that began anew: what was before no longer counts.
        """
        if self._reads and records < self._reads[-1][1]:
            self._reads.clear()
        self._reads.append((at_s, records))
        while len(self._reads) > 2 and self._reads[1][0] <= at_s - SPEED_OVER_S:
            self._reads.popleft()

    def per_s(self) -> float | None:
        """Return records per second lately; ``None`` while only one moment is known."""
        if not self._reads or self._reads[-1][0] <= self._reads[0][0]:
            return None
        (began, before), (ended, after) = self._reads[0], self._reads[-1]
        return (after - before) / (ended - began)
