"""Cohorts: the mature window of each size, and what those that end now will come to.

A *mature window* ends the settling span before the window of its size that ends now, and slides by minutes,
or by hours where that does: it is the newest one whose sessions have had their time. Of the sessions in a
window that ends now, those of age a have converted with a part F(a) of all that will
(:mod:`stream.core.maturity`). Their ages are told by panes for the newest quarter of an hour and by minutes
for what is older, up to the settling span. All of it follows from the buckets; nothing here is state.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from stream.core.bucket import MINUTE, MINUTES_FOR, Buckets, level_of
from stream.core.cell import CONVERTED, FIELDS, SESSIONS
from stream.core.delay import NO_DELAY, delay_bases
from stream.core.maturity import FEWEST, Course, final_ratio
from stream.core.plans import Plans
from stream.core.segment import ALL
from stream.core.tally import delays
from stream.core.window import SlidingWindow

FINE: Final = 15 * MINUTE
"""Sessions younger than this are told apart by panes."""

_Ratios = dict[str, dict[int, float]]
"""By segment and measure."""


def minutes_for(sizes: Iterable[int], settling: int) -> int:
    """Return how long minutes are kept, ms: as long as a mature window needs those that it slides by."""
    of_minutes = max((size for size in sizes if level_of(size) < 2), default=0)
    return max(MINUTES_FOR, of_minutes + settling + MINUTE)


class Cohorts:
    """What is known of windows whose sessions have had their time, and so of those that have not.

    Attributes:
        settling: The settling span, ms.
        mature: The mature windows, by size.
        told: The measures of which there is anything to tell.
    """

    def __init__(
        self, plans: Plans, settling: int, levels: tuple[Buckets, ...], windows: Mapping[int, SlidingWindow]
    ) -> None:
        """Begin.

        Args:
            plans: What is measured.
            settling: The settling span, ms.
            levels: Panes, minutes and hours.
            windows: The windows that end now, by size.
        """
        self.settling = settling
        self.told = frozenset(m for m, base in enumerate(delay_bases(plans)) if base != NO_DELAY)
        self.mature = {
            size: SlidingWindow(size, levels[max(1, level_of(size))], len(plans.measures)) for size in windows
        }
        self._windows = windows
        self._panes, self._minutes = levels[0], levels[1]
        self._now = 0
        self._final: dict[int, _Ratios] | None = None

    def slide(self, now: int) -> None:
        """Let mature windows follow those that end now, which have slid."""
        if self._panes.start(now) != self._panes.start(self._now):
            self._final = None
        self._now = now
        for size, window in self._windows.items():
            mature = self.mature[size]
            if window.end is not None:  # a window slides so that it ends behind what it slides to
                mature.slide(window.end - self.settling - mature.buckets.width)

    def mature_ratio(self, size: int, segment: str, measure: int) -> float | None:
        """Return converted / sessions of a mature window, 0..1; ``None``: not told, or it has no sessions."""
        row = self.mature[size].rows.get(segment)
        if row is None or measure not in self.told:
            return None
        sessions = row[FIELDS * measure + SESSIONS]
        return row[FIELDS * measure + CONVERTED] / sessions if sessions > 0 else None

    def final_ratio(self, size: int, segment: str, measure: int) -> float | None:
        """Return the ratio that the window that ends now will come to, 0..1; ``None``: it cannot be told.

        It is computed at most once for each pane of event time: it is of the window as it was when it was
        first asked for.
        """
        if self._final is None:
            self._final = self._look_ahead()
        return self._final.get(size, {}).get(segment, {}).get(measure)

    def _look_ahead(self) -> dict[int, _Ratios]:
        """Return what all windows will come to, by size.

        Of each, sessions too young to have converted are missed by as much as they are too young. From one
        size to the next only what the longer window has more is added.
        """
        largest = self.mature[max(self.mature)]
        every = delays(largest.tallies.get(ALL, {}))
        known = {measure: Course(counts, self.settling) for measure, counts in every.items()}
        courses = {measure: course for measure, course in known.items() if course.count >= FEWEST}
        found: dict[int, _Ratios] = {}
        if not courses:
            return found
        missing: _Ratios = {}
        begin, end = 0, -1
        for size in sorted(self._windows):
            window = self._windows[size]
            if window.end is None:
                continue
            since = max(window.end - size, self._minutes.start(self._now - self.settling))
            if end < begin or since > begin or window.end < end:  # the first, or not around the one before
                missing = {}
                begin = end = window.end
            self._miss(missing, since, begin, courses)
            self._miss(missing, end, window.end, courses)
            begin, end = since, window.end
            found[size] = _ratios(window, missing, courses)
        return found

    def _miss(self, missing: _Ratios, begin: int, end: int, courses: Mapping[int, Course]) -> None:
        """Add up ``1 - F(age)`` over the sessions of a span (ms)."""
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
        """Yield the buckets that make up a span: minutes, and panes where it is young or has part of one."""
        fine = min(self._now - FINE, end) - MINUTE
        time = begin
        while time < end:
            buckets = self._minutes if time % MINUTE == 0 and time <= fine else self._panes
            yield buckets, time
            time += buckets.width


def _ratios(window: SlidingWindow, missing: _Ratios, courses: Mapping[int, Course]) -> _Ratios:
    found: _Ratios = {}
    for segment, row in window.rows.items():
        of_segment = missing.get(segment, {})
        ratios: dict[int, float] = {}
        for measure in courses:
            converted, sessions = row[FIELDS * measure + CONVERTED], row[FIELDS * measure + SESSIONS]
            ratio = final_ratio(converted, sessions, of_segment.get(measure, 0.0))
            if ratio is not None:
                ratios[measure] = ratio
        found[segment] = ratios
    return found
