"""What a pipeline knows of cohorts that have had their time, and of delays, held against the batch."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from itertools import product
from typing import NamedTuple

from stream.agents.rates import RatesState
from stream.core.cell import CONVERTED, FIELDS, SESSIONS
from stream.core.definition import Definition
from stream.core.rates import Rates
from stream.core.segment import ALL
from stream.core.tally import delays as delays_in
from tests.laws.pipeline import Pipeline
from tests.oracle import Judged, Rows
from tests.oracle.delays import conversions, delays, settling

BY_CLOSING = ("session.bounced", "session.single_page")
"""What the batch knows of all sessions, and a pipeline of those that have closed."""

Ratio = tuple[int, int, float | None]
"""Sessions, converted, and the ratio that is told."""


class Mature(NamedTuple):
    """A mature window as it was at a moment.

    Attributes:
        live_end: Where the window of its size that ended then ends, ms.
        width: Of the buckets that it slides by, ms.
        start: Where it begins, ms.
        end: Where it ends, ms.
        known: What is known of each segment and measure; what is not there is nothing.
    """

    live_end: int
    width: int
    start: int
    end: int
    known: Mapping[tuple[str, str], Ratio]


def mature(pipeline: Pipeline) -> list[Mature]:
    """Return all mature windows as they are now."""
    core = _core(pipeline)
    found = []
    for size, window in core.cohorts.mature.items():
        live = core.windows[size].end
        if live is not None and window.end is not None:
            known = {
                (segment, measure): _ratio(core, size, segment, number)
                for segment in window.rows
                for number, measure in enumerate(core.measures)
            }
            found.append(Mature(live, window.buckets.width, window.end - size, window.end, known))
    return found


def _ratio(core: Rates, size: int, segment: str, number: int) -> Ratio:
    row = core.cohorts.mature[size].rows[segment][FIELDS * number : FIELDS * (number + 1)]
    return row[SESSIONS], row[CONVERTED], core.cohorts.mature_ratio(size, segment, number)


def unlike_batch(windows: Iterable[Mature], batch: Rows, definition: Definition) -> list[str]:
    """Return where mature windows differ from the minutes that the batch makes of all records."""
    told = conversions(definition)
    found = []
    for window in windows:
        where = f"the mature window from {window.start} to {window.end}"
        if window.end != (window.live_end - settling(definition)) // window.width * window.width:
            found.append(f"{where} should not end then: the newest ends at {window.live_end}")
        sums: dict[tuple[str, str], tuple[int, int]] = defaultdict(lambda: (0, 0))
        for (measure, segment, _, start), row in batch.items():
            if window.start <= start < window.end:
                sessions, converted = sums[segment, measure]
                sums[segment, measure] = sessions + row["sessions"], converted + row["converted"]
        for segment, measure in sums.keys() | window.known.keys():
            if batch.scope.segment(segment) and measure not in BY_CLOSING:
                sessions, converted = sums[segment, measure]
                ratio = converted / sessions if sessions and measure in told else None
                has = window.known.get((segment, measure), (0, 0, None))
                if has != (sessions, converted, ratio):
                    wanted = (sessions, converted, ratio)
                    found.append(f"{where}: {measure} {segment} is {has}, wanted {wanted}")
    return found


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
