"""Cohorts: the mature windows of each size, and what those that end now will come to.

A *mature window* ends a settling span before the window of its size that ends now: it is the newest one whose
sessions, or attempts across sessions, have had their time. What is reached in sessions has one settling span,
each funnel across sessions its own; for each span there is a mature window of each size. It slides by minutes
where these are kept for as long as it reaches back, else by hours.

Of the sessions in a window that ends now, those of age a have converted with a part F(a) of all that will
(:mod:`stream.core.maturity`). Their ages are told by panes for the newest quarter of an hour, by minutes for
what is older, and by hours where attempts across sessions are older than some hours; up to the settling span.
All of it follows from the buckets; nothing here is state.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from stream.core.bucket import HOUR, HOURS_FOR, MINUTE, MINUTES_FOR, Buckets, level_of
from stream.core.cell import CONVERTED, FIELDS, SESSIONS
from stream.core.delay import NO_DELAY, delay_bases
from stream.core.maturity import FEWEST, Course, final_ratio
from stream.core.plans import Plans
from stream.core.segment import ALL
from stream.core.tally import delays
from stream.core.window import SlidingWindow

FINE: Final = 15 * MINUTE
"""Sessions younger than this are told apart by panes."""

COARSE: Final = 4 * HOUR
"""Attempts older than this are told apart by hours: from here on bins of delays are about as wide, minutes of
many days take too long to look at, and in the end they are not kept."""

_Ratios = dict[str, dict[int, float]]
"""By segment and measure."""


def minutes_for(sizes: Iterable[int], settling: int) -> int:
    """Return how long minutes are kept, ms: as long as a mature window needs those that it slides by.

    That is so of sessions, whose settling span is ``settling``. For attempts across sessions, which may have
    one of weeks, minutes are not kept any longer.
    """
    of_minutes = max((size for size in sizes if level_of(size) < 2), default=0)
    return max(MINUTES_FOR, of_minutes + settling + MINUTE)


def hours_for(sizes: Iterable[int], spans: Iterable[int], within: int) -> int:
    """Return how long hours are kept, ms.

    Args:
        sizes: The sizes of windows, ms.
        spans: All settling spans, ms.
        within: The longest ``within`` of a funnel across sessions, ms; 0: there is none.
    """
    return max(HOURS_FOR, max(sizes) + max(spans) + 24 * HOUR, within + 48 * HOUR)


class Cohorts:
    """What is known of windows whose sessions have had their time, and so of those that have not.

    Attributes:
        mature: The mature windows, by settling span (ms) and size.
        told: The measures of which there is anything to tell.
    """

    def __init__(
        self,
        plans: Plans,
        spans: Sequence[int],
        levels: tuple[Buckets, ...],
        windows: Mapping[int, SlidingWindow],
    ) -> None:
        """Begin.

        Args:
            plans: What is measured.
            spans: The settling span of each measure, ms, by its number.
            levels: Panes, minutes and hours.
            windows: The windows that end now, by size.
        """
        self.told = frozenset(m for m, base in enumerate(delay_bases(plans)) if base != NO_DELAY)
        self.mature: dict[tuple[int, int], SlidingWindow] = {}
        self._spans = spans
        self._told_spans = sorted({spans[measure] for measure in self.told})
        self._windows = windows
        self._panes, self._minutes, self._hours = levels
        for span in self._told_spans:
            for size in windows:
                buckets = self._buckets_of(size, span)
                if size % buckets.width == 0:
                    self.mature[span, size] = SlidingWindow(size, buckets, len(plans.measures))
        # Of sessions nobody who may still convert is older, unless that takes as long as minutes are kept.
        self._coarse = min(max(COARSE, spans[plans.started]), self._minutes.keep - HOUR)
        self._now = 0
        self._final: dict[int, _Ratios] | None = None

    def _buckets_of(self, size: int, span: int) -> Buckets:
        """Return the buckets that a mature window slides by."""
        kept = size + span <= self._minutes.keep
        return self._minutes if level_of(size) < 2 and kept else self._hours

    def of_size(self, size: int) -> list[SlidingWindow]:
        """Return the mature windows of a size, which are of different settling spans."""
        return [window for (_, of), window in self.mature.items() if of == size]

    def slide(self, now: int) -> None:
        """Let mature windows follow those that end now, which have slid."""
        if self._panes.start(now) != self._panes.start(self._now):
            self._final = None
        self._now = now
        for (span, size), mature in self.mature.items():
            end = self._windows[size].end
            if end is not None:  # a window slides so that it ends behind what it slides to
                mature.slide(end - span - mature.buckets.width)

    def mature_ratio(self, size: int, segment: str, measure: int) -> float | None:
        """Return converted / sessions of a mature window, 0..1; ``None``: not told, or it has no sessions."""
        if measure not in self.told:
            return None
        mature = self.mature.get((self._spans[measure], size))
        row = None if mature is None else mature.rows.get(segment)
        if row is None:
            return None
        sessions = row[FIELDS * measure + SESSIONS]
        return row[FIELDS * measure + CONVERTED] / sessions if sessions > 0 else None

    def final_ratio(self, size: int, segment: str, measure: int) -> float | None:
        """Return the ratio that the window that ends now will come to, 0..1; ``None``: it cannot be told.

        It is computed at most once for each pane of event time: it is of the window as it was when it was
        first asked for.
        """
        if self._final is None:
            self._final = {}
            for span in self._told_spans:
                self._look_ahead(span, self._final)
        return self._final.get(size, {}).get(segment, {}).get(measure)

    def _courses(self, span: int) -> dict[int, Course]:
        """Return how the conversions of the measures of a settling span come, where there are enough."""
        sizes = [size for of, size in self.mature if of == span]
        if not sizes:
            return {}
        every = delays(self.mature[span, max(sizes)].tallies.get(ALL, {}))
        known = {m: Course(counts, span) for m, counts in every.items() if self._spans[m] == span}
        return {measure: course for measure, course in known.items() if course.count >= FEWEST}

    def _look_ahead(self, span: int, found: dict[int, _Ratios]) -> None:
        """Find what all windows will come to, by size, in the measures of a settling span.

        Of each, sessions too young to have converted are missed by as much as they are too young. From one
        size to the next only what the longer window has more is added. Where that would be hours it is added
        up anew: where the shorter one begins amid an hour, minutes may be gone.
        """
        courses = self._courses(span)
        if not courses:
            return
        missing: _Ratios = {}
        begin, end = 0, -1
        oldest = (self._minutes if span <= self._coarse else self._hours).start(self._now - span)
        for size in sorted(self._windows):
            window = self._windows[size]
            if window.end is None:
                continue
            since = max(window.end - size, oldest)
            by_hours = since + HOUR <= self._now - self._coarse
            if by_hours or end < begin or since > begin or window.end < end:
                missing = {}  # the first, of hours, or not around the one before
                begin = end = window.end
            self._miss(missing, since, begin, courses)
            self._miss(missing, end, window.end, courses)
            begin, end = since, window.end
            _add_ratios(found.setdefault(size, {}), window, missing, courses)

    def _miss(self, missing: _Ratios, begin: int, end: int, courses: Mapping[int, Course]) -> None:
        """Add up ``1 - F(age)`` over the sessions of a span of time (ms)."""
        for buckets, start in self._tiles(begin, end):
            age = self._now - (start + buckets.width / 2)
            young = [(measure, 1.0 - course.part(age)) for measure, course in courses.items()]
            for segment, slot in buckets.segments(start):
                sums = missing.setdefault(segment, {})
                for measure, part in young:
                    sessions = slot.cells[FIELDS * measure + SESSIONS]
                    if sessions:
                        sums[measure] = sums.get(measure, 0.0) + sessions * part

    def _tiles(self, begin: int, end: int) -> Iterator[tuple[Buckets, int]]:
        """Yield the buckets that make up a span of time (ms): the widest that lie in it and are old enough.

        Hours are looked at before minutes are forgotten, and minutes before panes are.
        """
        by_minutes = min(self._now - FINE, end) - MINUTE
        by_hours = min(self._now - self._coarse, end) - HOUR
        time = begin
        while time < end:
            if time <= by_hours and time % HOUR == 0:
                buckets = self._hours
            else:
                buckets = self._minutes if time <= by_minutes and time % MINUTE == 0 else self._panes
            yield buckets, time
            time += buckets.width


def _add_ratios(
    found: _Ratios, window: SlidingWindow, missing: _Ratios, courses: Mapping[int, Course]
) -> None:
    for segment, row in window.rows.items():
        of_segment = missing.get(segment, {})
        ratios = found.setdefault(segment, {})
        for measure in courses:
            converted, sessions = row[FIELDS * measure + CONVERTED], row[FIELDS * measure + SESSIONS]
            ratio = final_ratio(converted, sessions, of_segment.get(measure, 0.0))
            if ratio is not None:
                ratios[measure] = ratio
