"""A delta: what one flush of a sessions partition tells the owner of the rates."""

from collections.abc import Iterable

import msgspec

from stream.core.hits import Code

Hit = tuple[int, int, int, int]
"""Start of the pane (ms), number of the labels, number of the code, and how often (negative: withdrawn)."""


Sighting = tuple[int, int, int, int]
"""Number of the labels, number of the code, how often, and the labels under which it was seen before."""

NOBODY = -1
"""Instead of labels: counters have not seen it."""


class Delta(msgspec.Struct, array_like=True, gc=False):
    """The changes since the partition's flush before, and its state of time.

    Attributes:
        fingerprint: Of the definition by which it was counted.
        worker: Who counted it, to tell how many share the work.
        partition: Which partition it is of.
        partitions: How many there are: the global watermark waits for all.
        seq: Number of the flush; each is folded in once.
        watermark: The partition's watermark, ms; ``None`` while it never had an event.
        oldest: Arrival of the oldest record of this flush, ms; ``None``: it had none.
        outcomes: Records by outcome since ever, in the order of ``OUTCOMES``.
        labels: Combinations of labels that hits refer to.
        codes: Codes that hits refer to.
        hits: Contributions of events in order: they move counters too.
        corrections: Contributions withdrawn and made anew: they move cells only.
        sightings: First sightings among the corrections: they move counters only.
    """

    fingerprint: str
    worker: str
    partition: int
    partitions: int
    seq: int
    watermark: int | None
    oldest: int | None
    outcomes: tuple[int, ...]
    labels: list[tuple[str, ...]]
    codes: list[Code]
    hits: list[Hit]
    corrections: list[Hit]
    sightings: list[Sighting]


class HitTable:
    """Sums hits between two flushes: one integer a hit, so that a dictionary is all it takes."""

    def __init__(self, pane: int) -> None:
        self._pane = pane
        self._sums: dict[int, int] = {}

    def add_all(self, hits: Iterable[tuple[int, int]], combination: int, times: int) -> None:
        """Add hits, given as (time in ms, code), of one combination so many ``times``."""
        sums, pane, labels = self._sums, self._pane, combination << 20
        for time, code in hits:
            key = time // pane << 40 | labels | code
            sums[key] = sums.get(key, 0) + times

    def take(self) -> list[Hit]:
        """Return the sums that are not 0, with the numbers of this process, and begin anew."""
        pane = self._pane
        sums = [
            ((key >> 40) * pane, key >> 20 & 0xFFFFF, key & 0xFFFFF, n) for key, n in self._sums.items() if n
        ]
        self._sums = {}
        return sums
