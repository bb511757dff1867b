"""Timers in event time, by visitor, in buckets of a second: setting one is an append; none is ever removed.

A timer that goes off too early (its visitor did something since) is the caller's to set again.
"""

from collections.abc import Iterator
from heapq import heappop, heappush
from typing import Final

BUCKET_MS: Final = 1_000


class Timers:
    """Visitors by the second in which something about them is due."""

    def __init__(self) -> None:
        self._buckets: dict[int, list[str]] = {}
        self._order: list[int] = []
        """The occupied buckets, as a heap."""

    def set(self, time: int, visitor: str) -> None:
        """Call the visitor when ``time`` (ms) has passed."""
        bucket = time // BUCKET_MS
        visitors = self._buckets.get(bucket)
        if visitors is None:
            self._buckets[bucket] = [visitor]
            heappush(self._order, bucket)
        else:
            visitors.append(visitor)

    def due(self, now: int) -> Iterator[tuple[int, list[str]]]:
        """Yield, in order, each bucket that has passed whole: its end (ms), and its visitors, each once.

        While it runs, new timers may be set; those that are due already come too.
        """
        while self._order and (self._order[0] + 1) * BUCKET_MS <= now:
            bucket = heappop(self._order)
            yield (bucket + 1) * BUCKET_MS, list(dict.fromkeys(self._buckets.pop(bucket)))
