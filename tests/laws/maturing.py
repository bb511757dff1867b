"""What a pipeline knows of cohorts that have had their time, and of delays, held against the batch."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from itertools import product
from typing import NamedTuple

from stream.agents.rates import RatesState
from stream.core.cell import CONVERTED, FIELDS, SESSIONS
from stream.core.definition import Definition
from stream.core.rates import Rates
from stream.core.segment import ALL
from stream.core.tally import delays as delays_in
from stream.core.window import SlidingWindow
from tests.laws.pipeline import Pipeline
from tests.oracle import Judged, Rows
from tests.oracle.delays import delays, settling, step_of

BY_CLOSING = ("session.bounced", "session.single_page")
"""What the batch knows of all sessions, and a pipeline of those that have closed."""

Ratio = tuple[int, int, float | None]
"""Sessions, converted, and the ratio that is told."""


class Mature(NamedTuple):
    """A mature window as it was at a moment.

    Attributes:
        size: Its length, ms.
        span: The settling span of its measures, ms.
        live_end: Where the window of its size that ended then ends, ms.
        width: Of the buckets that it slides by, ms.
        start: Where it begins, ms.
        end: Where it ends, ms.
        known: What is known of each segment and measure; what is not there is nothing.
    """

    size: int
    span: int
    live_end: int
    width: int
    start: int
    end: int
    known: Mapping[tuple[str, str], Ratio]


def mature(pipeline: Pipeline) -> list[Mature]:
    """Return all mature windows as they are now."""
    core = _core(pipeline)
    found = []
    for (span, size), window in core.cohorts.mature.items():
        live = core.windows[size].end
        if live is not None and window.end is not None:
            known = {
                (segment, measure): _ratio(core, window, segment, number)
                for segment, row in window.rows.items()
                for number, measure in enumerate(core.measures)
                if row[FIELDS * number + SESSIONS] or row[FIELDS * number + CONVERTED]
            }
            step = window.buckets.width
            found.append(Mature(size, span, live, step, window.end - size, window.end, known))
    return found


def _ratio(core: Rates, window: SlidingWindow, segment: str, number: int) -> Ratio:
    row = window.rows[segment][FIELDS * number : FIELDS * (number + 1)]
    return row[SESSIONS], row[CONVERTED], core.cohorts.mature_ratio(window.size, segment, number)


def unlike_batch(windows: Sequence[Mature], batch: Rows, definition: Definition) -> list[str]:
    """Return where mature windows differ from the minutes that the batch makes of all records."""
    spans = settling(definition)
    minutes: dict[int, list[tuple[str, str, int, int]]] = defaultdict(list)
    for (measure, segment, _, start), row in batch.items():
        minutes[start].append((segment, measure, row["sessions"], row["converted"]))
    found = []
    for window in windows:
        where = f"the mature window of {window.span} ms from {window.start} to {window.end}"
        if window.width != step_of(window.size, window.span, definition):
            found.append(f"{where} should not slide by {window.width} ms")
        if window.end != (window.live_end - window.span) // window.width * window.width:
            found.append(f"{where} should not end then: the newest ends at {window.live_end}")
        sums: dict[tuple[str, str], tuple[int, int]] = defaultdict(lambda: (0, 0))
        for start in [start for start in minutes if window.start <= start < window.end]:
            for segment, measure, sessions, converted in minutes[start]:
                before = sums[segment, measure]
                sums[segment, measure] = before[0] + sessions, before[1] + converted
        for segment, measure in sums.keys() | window.known.keys():
            if batch.scope.segment(segment) and measure not in BY_CLOSING:
                sessions, converted = sums[segment, measure]
                *counts, told = window.known.get((segment, measure), (0, 0, None))
                if counts != [sessions, converted]:
                    found.append(f"{where}: {measure} {segment} is {counts}, wanted {sessions, converted}")
                ratio = converted / sessions if sessions and measure in spans else None
                if spans.get(measure, window.span) == window.span and told != ratio:
                    found.append(f"{where}: {measure} {segment} has ratio {told}, wanted {ratio}")
    return found + _missing(windows, definition)


def _missing(windows: Sequence[Mature], definition: Definition) -> list[str]:
    """Return which mature windows there should be beside those that there are, or are too many."""
    spans = set(settling(definition).values())
    wanted = {(s, n) for s in definition.times.sizes for n in spans if step_of(s, n, definition)}
    has = {(window.size, window.span) for window in windows}
    return [f"mature windows of {odd}" for odd in (wanted ^ has if windows else ())]


def unlike_delays(pipeline: Pipeline, judged: Judged, definition: Definition) -> list[str]:
    """Return where the delays of kept minutes and hours differ from those of the batch."""
    core = _core(pipeline)
    levels = core.levels[1:]
    wanted: Counter[tuple[int, int, str, str, int]] = Counter()
    for delay, level in product(delays(judged, definition), levels):
        start = delay.since // level.width * level.width
        wanted[level.width, start, ALL, delay.measure, delay.bin] += 1
    has: Counter[tuple[int, int, str, str, int]] = Counter()
    for level in levels:
        for start in level.starts():
            for segment, slot in level.segments(start):
                for measure, counts in delays_in(slot.tallies).items():
                    for number, count in counts.items():
                        has[level.width, start, segment, core.measures[measure], number] = count
    return [
        f"delays {place}: {has[place]}, wanted {wanted[place]}"
        for place in has.keys() | wanted.keys()
        if has[place] != wanted[place]
    ]


def _core(pipeline: Pipeline) -> Rates:
    state = pipeline.rates.state
    assert isinstance(state, RatesState)
    return state.core
