"""Closed windows: the minutes and hours that are over, published when they close and when they change."""

from bisect import bisect_left
from collections.abc import Iterable

import msgspec

from stream.core.bucket import Buckets, Slot
from stream.core.cell import FIELDS, Row
from stream.core.fields import Field
from stream.core.plans import Plans
from stream.core.rate import RATE_FIELDS, REVENUE, rate
from stream.core.revenue import by_currency, decimals
from stream.core.segment import Segments, encode
from stream.units import duration_text


class ClosedRow(msgspec.Struct, frozen=True):
    """One closed window of one measure and segment, as topic ``conversion-rates`` has it.

    Times are ms since the epoch, ratios null where there were no sessions; ``ROW_FIELDS`` has all meanings.
    """

    measure: str
    segment: str
    size: str
    window_start: int
    window_end: int
    sessions: int
    converted: int
    open: int
    actions: int
    ratio: float | None
    flow_ratio: float | None
    low: float | None
    high: float | None
    revenue: dict[str, str] | None
    mature: bool
    partial: bool

    def key(self) -> str:
        """Return the row's key in the topic."""
        return f"{self.measure}|{encode(self.segment)}|{self.size}|{self.window_start}"


WINDOW_START = Field("window_start", "where the window begins, inclusive", "ms since the epoch")
WINDOW_END = Field("window_end", "where it ends, exclusive", "ms since the epoch")
MATURE = Field("mature", "whether nobody in the window can still convert", "true or false")
PARTIAL = Field(
    "partial",
    "whether counts are lower bounds: the dimension has more values than are told apart",
    "true or false",
)
ROW_FIELDS: tuple[Field, ...] = (
    Field("measure", "`funnel.step`, `micro.name` or `session.fact`"),
    Field("segment", "`all` or `dimension=value`"),
    Field("size", "length of the window, such as `1m`"),
    WINDOW_START,
    WINDOW_END,
    *RATE_FIELDS,
    REVENUE,
    MATURE,
    PARTIAL,
)
"""What the fields of a row mean."""


class ClosedWindows:
    """Publishes the buckets of one width as windows.

    Attributes:
        closed_until: Windows that end by then have been published, ms.
        mature_until: Windows that end by then have been published as mature where they are, ms.
        pending: Buckets and segments that changed since they were published.
    """

    def __init__(self, buckets: Buckets, plans: Plans, segments: Segments, allowed_lateness: int) -> None:
        self.closed_until = 0
        self.mature_until = 0
        self.pending: set[tuple[int, str]] = set()
        self._buckets = buckets
        self._plans = plans
        self._segments = segments
        self._lateness = allowed_lateness
        self._size = duration_text(buckets.width)

    def changed(self, start: int, segment: str, slot: Slot, measures: int) -> None:
        """Take note that measures (bits) of a bucket changed; only closed windows have to say so."""
        if start + self._buckets.width <= self.closed_until:
            slot.pending |= measures
            self.pending.add((start, segment))

    def pass_time(self, watermark: int) -> bool:
        """Close the windows that the watermark has passed; return whether any has to be published."""
        closing = self._passed(self.closed_until, watermark)
        maturing = self._passed(self.mature_until, watermark - self._lateness)
        self.closed_until = max(self.closed_until, self._buckets.start(watermark))
        self.mature_until = max(self.mature_until, self._buckets.start(watermark - self._lateness))
        found = False
        for starts, wanted in ((closing, anything), (maturing, _nothing_open)):
            for start in starts:
                for segment, slot in list(self._buckets.segments(start)):
                    bits = wanted(slot.cells)
                    if bits:
                        self._buckets.touch(start, segment).pending |= bits
                        self.pending.add((start, segment))
                        found = True
        return found

    def publish(self) -> list[ClosedRow]:
        """Return the rows of all that is pending; nothing is, then."""
        rows: list[ClosedRow] = []
        for start, segment in sorted(self.pending):
            if not self._buckets.accepts(start):
                continue
            slot = self._buckets.touch(start, segment)
            rows += self._rows(start, segment, slot, slot.pending)
            slot.pending = 0
        self.pending = set()
        return rows

    def starts(self, begin: int, end: int | None) -> list[int]:
        """Return where the closed windows that are kept begin, in order.

        Args:
            begin: The first that may be among them, ms.
            end: The first that may no longer, ms; ``None``: up to the newest.
        """
        starts = self._buckets.starts()
        until = self.closed_until - self._buckets.width + 1  # what is closed ends by `closed_until`
        if end is not None:
            until = min(end, until)
        return starts[bisect_left(starts, begin) : bisect_left(starts, until)]

    def rows(self, starts: Iterable[int], segments: Iterable[str]) -> list[ClosedRow]:
        """Return the rows of windows, by where they begin (ms), and of segments, as they are now."""
        rows: list[ClosedRow] = []
        for start in starts:
            for segment in segments:
                slot = self._buckets.look(start, segment)
                if slot is not None:
                    rows += self._rows(start, segment, slot, anything(slot.cells))
        return rows

    def whole(self, start: int) -> list[ClosedRow]:
        """Return the rows of one window as they are now, of every segment and measure that has any count."""
        rows: list[ClosedRow] = []
        for segment, slot in self._buckets.segments(start):
            rows += self._rows(start, segment, slot, anything(slot.cells))
        return rows

    def rows_of(self, start: int, segment: str, slot: Slot) -> list[ClosedRow]:
        """Return the rows of a window and segment that is not kept here."""
        return self._rows(start, segment, slot, anything(slot.cells))

    def _rows(self, start: int, segment: str, slot: Slot, measures: int) -> list[ClosedRow]:
        """Return the rows of one window and segment, of the measures whose bits are set."""
        rows: list[ClosedRow] = []
        brought: dict[int, dict[int, int]] | None = None
        for number, measure in enumerate(self._plans.measures):
            if not measures >> number & 1:
                continue
            revenue: dict[str, str] | None = None
            if number in self._plans.macros:
                if brought is None:
                    brought = by_currency(slot.tallies)
                revenue = decimals(brought.get(number, {}))
            rows.append(self._row(start, segment, slot.cells, number, measure, revenue))
        return rows

    def _passed(self, since: int, until: int) -> list[int]:
        """Return the starts of the buckets that end after ``since`` and by ``until``, and hold anything."""
        return self._buckets.starts_in(since, self._buckets.start(until))

    def _row(
        self,
        start: int,
        segment: str,
        cells: Row,
        number: int,
        measure: str,
        revenue: dict[str, str] | None,
    ) -> ClosedRow:
        found = rate(cells, number)
        end = start + self._buckets.width
        return ClosedRow(
            measure,
            segment,
            self._size,
            start,
            end,
            found.sessions,
            found.converted,
            found.open,
            found.actions,
            found.ratio,
            found.flow_ratio,
            found.low,
            found.high,
            revenue,
            found.open == 0 and end <= self.mature_until,
            self._segments.is_partial(segment),
        )


def anything(cells: Row) -> int:
    """Return the measures (bits) that have any count."""
    return sum(
        1 << place // FIELDS
        for place in range(0, len(cells), FIELDS)
        if cells[place] or cells[place + 1] or cells[place + 2] or cells[place + 3]
    )


def _nothing_open(cells: Row) -> int:
    """Return the measures (bits) that have counts, but nobody who may still convert."""
    return sum(
        1 << place // FIELDS
        for place in range(0, len(cells), FIELDS)
        if not cells[place + 2] and (cells[place] or cells[place + 1] or cells[place + 3])
    )
