"""Hits: what sessions contribute to panes, as small numbers that are summed between two flushes."""

from stream.core.delta import Hit
from stream.core.plan import NO_TIME
from stream.core.session import Session


class HitTable:
    """Sums hits between two flushes: one integer a hit, so that a dictionary is all it takes."""

    def __init__(self, pane: int) -> None:
        self._pane = pane
        self._origin = 0
        """The pane that sums are counted from: it keeps their keys small."""
        self._sums: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._sums)

    def items(self) -> list[Hit]:
        """Return the sums in the order in which they were begun, also those that are 0, by own numbers."""
        pane, origin = self._pane, self._origin
        return [
            (((key >> 40) + origin) * pane, key >> 20 & 0xFFFFF, key & 0xFFFFF, times)
            for key, times in self._sums.items()
        ]

    def add(self, codes: tuple[tuple[int, int], ...], session: Session, combination: int, times: int) -> None:
        """Add hits of a session so many ``times``.

        Args:
            codes: The measure at whose time each is (or ``NO_TIME``, ``LAST_TIME``), and its code.
            session: The session; it has reached those measures.
            combination: Number of its labels.
            times: 1, or -1 to withdraw them.
        """
        sums, pane, origin, labels = self._sums, self._pane, self._origin, combination << 20
        first, last, reached = session.first, session.last, session.reached
        if not sums:
            origin = self._origin = first // pane
        before, place = first, first // pane - origin << 40 | labels
        for base, code in codes:
            time = reached[base] if base >= 0 else first if base == NO_TIME else last
            if time != before:  # most bear the time of the one before them
                before, place = time, time // pane - origin << 40 | labels
            key = place | code
            sums[key] = sums.get(key, 0) + times

    def add_amounts(self, amounts: list[tuple[int, int]], time: int, combination: int, times: int) -> None:
        """Add hits of a session that bear one time, each as often as its amount says.

        Args:
            amounts: Codes, and how much of each.
            time: The time, ms.
            combination: Number of the session's labels.
            times: 1, or -1 to withdraw them.
        """
        sums, pane = self._sums, time // self._pane
        if not sums:
            self._origin = pane
        place = pane - self._origin << 40 | combination << 20
        for code, amount in amounts:
            key = place | code
            sums[key] = sums.get(key, 0) + times * amount

    def add_one(self, code: int, time: int, combination: int, times: int) -> None:
        """Add a hit that bears a time (ms), once (or -1 times, to withdraw it)."""
        sums, pane = self._sums, time // self._pane
        if not sums:
            self._origin = pane
        key = pane - self._origin << 40 | combination << 20 | code
        sums[key] = sums.get(key, 0) + times

    def add_timed(
        self, amounts: list[tuple[int, list[tuple[int, int]]]], combination: int, times: int
    ) -> None:
        """Add hits likewise that bear times (ms) of their own."""
        for time, some in amounts:
            self.add_amounts(some, time, combination, times)

    def take(self, combinations: dict[int, int], codes: dict[int, int]) -> list[Hit]:
        """Return the sums that are not 0, and begin anew.

        Args:
            combinations: New numbers of labels, by those of this process; what is not in it is added.
            codes: Likewise of codes.
        """
        pane, origin = self._pane, self._origin
        hits: list[Hit] = []
        for key, times in self._sums.items():
            if times:
                labels, code = key >> 20 & 0xFFFFF, key & 0xFFFFF
                combination = combinations.setdefault(labels, len(combinations))
                hits.append(
                    (((key >> 40) + origin) * pane, combination, codes.setdefault(code, len(codes)), times)
                )
        self._sums = {}
        return hits
