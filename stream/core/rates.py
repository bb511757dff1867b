"""The owner of the rates: folds deltas of all partitions into buckets and windows, and says what is closed.

Everything is a sum of integers, so it does not matter in which order deltas come; each is folded in once, by
its sequence. The global watermark is the least of the partitions'; one that has not been heard from holds it
back.
"""

from stream.core.attempt import longest
from stream.core.bucket import HOUR, MINUTE, PANES_FOR, Buckets, level_of
from stream.core.cell import FIELDS, Effect, Effects
from stream.core.closed import ClosedRow, ClosedWindows
from stream.core.cohorts import Cohorts, hours_for, minutes_for
from stream.core.definition import Definition
from stream.core.delta import NOBODY, Code, Delta, Hit, Mark
from stream.core.event import OUTCOMES
from stream.core.maturity import settling_spans
from stream.core.page_book import DAY, PageBook
from stream.core.plans import Plans
from stream.core.revenue import Amounts, add_digit
from stream.core.segment import Segments
from stream.core.tally import Tallies, add_tallies, earning
from stream.core.window import SlidingWindow


class Rates:
    """All counts of all measures, segments and spans.

    Attributes:
        measures: Names of the measures, by number.
        marks: State of each partition heard from.
        partitions: How many partitions there are; 0 until the first is heard from.
        watermark: The global watermark, ms; ``None`` while a partition is missing or nothing was counted.
        segments: Which segments there are.
        levels: Panes, minutes and hours.
        windows: Sliding windows that end now, by size.
        day: The one of a day: among them, or only for where people leave.
        pages: Which pages there are.
        cohorts: The mature windows of each span and size, and what those that end now will come to.
        sliding: All sliding windows.
        closed: Closed minutes, closed hours.
        counters: For each segment, the sessions that reached each measure.
        revenue: For each segment, the revenue that counters have seen, by account.
        since: Start of the oldest pane of which anything was counted, ms; ``None``: nothing was.
        late_after: An event so much older than the newest of its partition is late, ms.
        skipped: Deltas that had been folded in before.
    """

    def __init__(self, definition: Definition) -> None:
        self._times = definition.times
        plans = Plans(definition)
        self.plans = plans
        self.measures = plans.measures
        count = len(plans.measures)
        self.pages = PageBook(definition.pages, plans.measures)
        self._effects = Effects(plans, self.pages)
        self.marks: dict[int, Mark] = {}
        self.partitions = 0
        self.watermark: int | None = None
        self.segments = Segments(definition.dimensions)
        sizes, spans = self._times.sizes, settling_spans(definition)
        self.levels = (
            Buckets(self._times.pane, PANES_FOR, count),
            Buckets(MINUTE, minutes_for(sizes, spans[plans.started]), count),
            Buckets(HOUR, hours_for(sizes, spans, longest(plans)), count),
        )
        self.windows = {size: SlidingWindow(size, self.levels[level_of(size)], count) for size in sizes}
        self.day = self.windows.get(DAY) or SlidingWindow(DAY, self.levels[level_of(DAY)], count)
        self.cohorts = Cohorts(plans, spans, self.levels, self.windows)
        self._ending_now = tuple({**self.windows, DAY: self.day}.values())
        self.sliding = (*self._ending_now, *self.cohorts.mature.values())
        self.closed = tuple(
            ClosedWindows(level, plans, self.segments, self._times.allowed_lateness)
            for level in self.levels[1:]
        )
        self.counters: dict[str, list[int]] = {}
        self.changed_counters: set[str] = set()
        self.revenue: dict[str, Amounts] = {}
        self.changed_revenue: set[str] = set()
        self.skipped = 0
        self.since: int | None = None
        self.late_after = self._times.late_after
        self._unsettled: dict[tuple[int, str], dict[int, int]] = {}
        """By pane and segment: how many hits of each code."""

    @property
    def outcomes(self) -> dict[str, int]:
        """Records by outcome, over all partitions."""
        return {
            outcome: sum(mark.outcomes[place] for mark in self.marks.values())
            for place, outcome in enumerate(OUTCOMES)
        }

    @property
    def workers(self) -> int:
        """How many workers have partitions."""
        return len({mark.worker for mark in self.marks.values()})

    def fold(self, delta: Delta) -> None:
        """Take one delta; one that was taken before is skipped."""
        mark = self.marks.get(delta.partition)
        if mark is not None and delta.seq <= mark.seq:
            self.skipped += 1
            return
        self.partitions = delta.partitions
        self.marks[delta.partition] = Mark(delta.seq, delta.watermark, delta.outcomes, delta.worker)
        segments = [self.segments.of(labels) for labels in delta.labels]
        self._fold_hits(delta.hits, segments, delta.codes)
        self._fold_hits(delta.corrections, segments, delta.codes)
        counters = [self._effects.counter(code) for code in delta.codes]
        for _, label, code, times in delta.hits:
            counter = counters[code]
            if counter is not None:
                self._count(segments[label], counter, times)
        for label, code, times, before in delta.sightings:
            seen = () if before == NOBODY else segments[before]
            fresh = tuple([s for s in segments[label] if s not in seen])
            counter = counters[code]
            if counter is not None:
                self._count(fresh, counter, times)
            place = self._effects.account(delta.codes[code])
            if place >= 0:
                for segment in fresh:
                    add_digit(self.revenue.setdefault(segment, {}), place, times)
                self.changed_revenue.update(fresh)

    def _fold_hits(self, hits: list[Hit], segments: list[tuple[str, ...]], codes: list[Code]) -> None:
        """Sum hits up by pane and segment."""
        numbers = [self._effects.number(code) for code in codes]
        unsettled = self._unsettled
        for pane, label, code, times in hits:
            number = numbers[code]
            for segment in segments[label]:
                key = pane, segment
                sums = unsettled.get(key)
                if sums is None:
                    unsettled[key] = {number: times}
                else:
                    sums[number] = sums.get(number, 0) + times

    def settle(self) -> None:
        """Bring what was folded in into buckets and windows: once for many deltas."""
        unsettled, self._unsettled = self._unsettled, {}
        if unsettled:
            oldest = min(time for time, _ in unsettled)
            self.since = oldest if self.since is None else min(oldest, self.since)
        on_cells, on_tallies = self._effects.on_cells, self._effects.on_tallies
        for (time, segment), sums in unsettled.items():
            cells: dict[int, int] = {}
            tallies: Tallies = {}
            for number, times in sums.items():
                if times:
                    tally = on_tallies[number]
                    if tally >= 0:
                        tallies[tally] = tallies.get(tally, 0) + times  # pages of the rest share one
                    for place, count in on_cells[number]:
                        cells[place] = cells.get(place, 0) + count * times
            changes = [(place, count) for place, count in cells.items() if count]
            if changes:
                self._add(time, segment, changes)
            if tallies:
                self._add_tallies(time, segment, tallies)

    def _add(self, time: int, segment: str, changes: list[Effect]) -> None:
        measures = 0
        for place, _ in changes:
            measures |= 1 << place // FIELDS
        for number, level in enumerate(self.levels):
            start = time - time % level.width
            if not level.accepts(start):
                continue
            slot = level.touch(start, segment)
            cells = slot.cells
            for place, count in changes:
                cells[place] += count
            if number:
                self.closed[number - 1].changed(start, segment, slot, measures)
        for window in self.sliding:
            if window.contains(time):
                cells = window.touch(segment)
                for place, count in changes:
                    cells[place] += count

    def _add_tallies(self, time: int, segment: str, changes: Tallies) -> None:
        measures = earning(changes) & ~(1 << self.plans.started)  # whose rows tell of it
        for number, level in enumerate(self.levels):
            start = time - time % level.width
            if level.accepts(start):
                slot = level.touch(start, segment)
                add_tallies(slot.tallies, changes)
                if number and measures:
                    self.closed[number - 1].changed(start, segment, slot, measures)
        for window in self.sliding:
            if window.contains(time):
                add_tallies(window.touch_tallies(segment), changes)

    def _count(self, segments: tuple[str, ...], counter: int, times: int) -> None:
        for segment in segments:
            counts = self.counters.get(segment)
            if counts is None:
                counts = self.counters[segment] = [0] * len(self.measures)
            counts[counter] += times
            self.changed_counters.add(segment)
        if counter == self.plans.started:
            self.segments.count_overflow(segments, times)

    def restored(self) -> None:
        """Build, after all rows are back, the windows and what is still to be published."""
        if self.since is None:  # the rows are of a version that did not note it
            self.since = min(self.levels[-1].starts(), default=None)
        for number, closed in enumerate(self.closed, start=1):
            closed.pending = set(self.levels[number].pending())
        if self.watermark is not None:
            self._slide(self.watermark + self._times.out_of_order)

    def pass_time(self) -> bool:
        """Settle, move the watermark on, slide and close windows.

        Returns:
            Whether any closed window has to be published.
        """
        self.settle()
        marks = [mark.watermark for mark in self.marks.values() if mark.watermark is not None]
        if not marks or len(self.marks) < self.partitions:
            return False
        least = min(marks)
        if self.watermark is not None and least <= self.watermark:
            return False
        self.watermark = least
        self._slide(least + self._times.out_of_order)
        return sum(closed.pass_time(least) for closed in self.closed) > 0

    def _slide(self, now: int) -> None:
        for window in self._ending_now:
            window.slide(now)
        self.cohorts.slide(now)

    def forget(self) -> list[tuple[int, list[tuple[int, str]]]]:
        """Drop what is too old; return, by number of the level, the keys of what was dropped."""
        if self.watermark is None:
            return []
        now = self.watermark + self._times.out_of_order
        return [(number, level.forget(now, now - PANES_FOR)) for number, level in enumerate(self.levels)]

    def publish(self) -> list[ClosedRow]:
        """Return the rows of closed windows that are new or changed."""
        return [row for closed in self.closed for row in closed.publish()]
