"""Sliding windows: sums over the buckets of a span that ends now, kept up to date hit by hit."""

from stream.core.bucket import Buckets
from stream.core.cell import Row, add, new_row
from stream.core.tally import Tallies, add_tallies


class SlidingWindow:
    """The window of one size, for all segments.

    Attributes:
        size: Its length, ms.
        buckets: Those that it is made of, and slides by.
        end: Its end, ms, aligned to its buckets; ``None`` before time is known.
        rows: Cells by segment; a segment in which nothing happened has none.
        tallies: Tallies by segment; a segment in which no session has closed has none.
        changed: Segments whose cells or tallies changed since this was last cleared.
    """

    def __init__(self, size: int, buckets: Buckets, measures: int) -> None:
        self.size = size
        self.end: int | None = None
        self.rows: dict[str, Row] = {}
        self.tallies: dict[str, Tallies] = {}
        self.changed: set[str] = set()
        self.buckets = buckets
        self._measures = measures

    @property
    def start(self) -> int | None:
        """Where the window starts, ms; ``None`` before time is known."""
        return None if self.end is None else self.end - self.size

    def contains(self, start: int) -> bool:
        """Whether a bucket lies in the window as it is now."""
        return self.end is not None and self.end - self.size <= start < self.end

    def touch(self, segment: str) -> Row:
        """Return the cells of a segment to change them."""
        self.changed.add(segment)
        row = self.rows.get(segment)
        if row is None:
            row = self.rows[segment] = new_row(self._measures)
        return row

    def touch_tallies(self, segment: str) -> Tallies:
        """Return the tallies of a segment to change them."""
        self.changed.add(segment)
        tallies = self.tallies.get(segment)
        if tallies is None:
            tallies = self.tallies[segment] = {}
        return tallies

    def slide(self, now: int) -> bool:
        """Move on so that the window ends with the bucket that contains ``now``; return whether it moved."""
        end = self.buckets.start(now) + self.buckets.width
        if self.end is not None and end <= self.end:
            return False
        if self.end is None or end - self.end >= self.size:
            self._all_changed()
            self.rows = {}
            self.tallies = {}
            entering = self.buckets.starts_in(end - self.size, end)
        else:
            for start in self.buckets.starts_in(self.end - self.size, end - self.size):
                self._move(start, -1)
            entering = self.buckets.starts_in(self.end, end)
        self.end = end
        for start in entering:
            self._move(start, 1)
        self._all_changed()
        for segment in [s for s in self.changed if s in self.rows and not any(self.rows[s])]:
            del self.rows[segment]
        for segment in [s for s in self.changed if s in self.tallies and not self.tallies[s]]:
            del self.tallies[segment]
        return True

    def _all_changed(self) -> None:
        self.changed.update(self.rows)
        self.changed.update(self.tallies)

    def _move(self, start: int, times: int) -> None:
        for segment, slot in self.buckets.segments(start):
            add(self.touch(segment), slot.cells, times)
            if slot.tallies:
                add_tallies(self.touch_tallies(segment), slot.tallies, times)
