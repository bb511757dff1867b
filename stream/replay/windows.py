"""The windows of a replay: deltas are folded in, and what nothing can change any more is handed out, once."""

from collections.abc import Callable

from stream.core.bucket import HOUR, MINUTE, Buckets, Slot
from stream.core.cell import add, new_row
from stream.core.clock import NEVER
from stream.core.closed import ClosedRow
from stream.core.definition import Definition
from stream.core.delta import Delta
from stream.core.rates import Rates
from stream.core.segment import ALL
from stream.core.tally import add_tallies

WIDTHS = frozenset((MINUTE, HOUR))
"""Lengths of closed windows, ms."""

EVER = 1 << 61
"""After every time there is."""


OnSlots = Callable[[int, int, list[tuple[str, Slot]]], None]
OnCounted = Callable[[Rates, Buckets, int], None]


class Windows:
    """All counts that can still change, and the sums of those that cannot.

    Attributes:
        rates: All counts that can still change.
        whole: The cells and tallies of all sessions whose hour has been handed out or dropped.
    """

    def __init__(
        self,
        definition: Definition,
        on_window: Callable[[list[ClosedRow]], None],
        widths: frozenset[int],
        on_slots: OnSlots | None = None,
        on_counted: OnCounted | None = None,
    ) -> None:
        """Begin.

        Args:
            definition: What is measured, by minutes.
            on_window: Takes the rows of each window, in order of end, then of length.
            widths: Lengths of the windows that are handed out, ms; the others are only dropped.
            on_slots: Takes, instead of rows, each window's width and start (ms), and its segments as counted.
            on_counted: Is shown each window, by its buckets and start (ms), in the same order.
        """
        self.rates = Rates(definition)
        self.whole = Slot(new_row(len(self.rates.measures)), {})
        self._on_window = on_window
        self._on_slots = on_slots
        self._on_counted = on_counted
        self._widths = widths

    def fold(self, deltas: list[Delta]) -> None:
        """Take the deltas of one step."""
        for delta in deltas:
            self.rates.fold(delta)
        self.rates.settle()

    def hand_out(self, until: int) -> None:
        """Hand out the windows that end by then, and drop them: they are as they will stay."""
        if until <= 0:
            return
        windows: list[tuple[int, int, int]] = []
        for number, closed in enumerate(self.rates.closed):
            width = self.rates.levels[number + 1].width
            if width not in self._widths:
                continue
            starts = self.rates.levels[number + 1].starts()
            windows += [(start + width, width, number) for start in starts if start + width <= until]
            closed.mature_until = until  # nobody in them can still convert
        for end, width, number in sorted(windows):
            level = self.rates.levels[number + 1]
            if self._on_slots is not None:
                self._on_slots(width, end - width, list(level.segments(end - width)))
                continue
            rows = self.rates.closed[number].whole(end - width)
            rows.sort(key=lambda row: (row.measure, row.segment))
            self._on_window(rows)
            if self._on_counted is not None:
                self._on_counted(self.rates, level, end - width)
        hours = self.rates.levels[-1]
        for start in hours.starts():
            if start + HOUR <= until:
                self._sum_up(hours, start)
        for level in self.rates.levels:
            level.forget(until + level.keep, NEVER)

    def _sum_up(self, hours: Buckets, start: int) -> None:
        for segment, slot in hours.segments(start):
            if segment == ALL:
                add(self.whole.cells, slot.cells)
                add_tallies(self.whole.tallies, slot.tallies)
