"""What a pipeline knows of the sessions and the conversions of its windows, held against the batch."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from stream.agents.rates import RatesState
from stream.agents.sessions import SessionsState
from stream.core.cell import Row, new_row
from stream.core.definition import Definition
from stream.core.facts import facts
from stream.core.plans import Plans
from stream.core.rates import Rates
from stream.core.segment import ALL
from stream.core.tally import FIRST_DELAY
from stream.core.timing import timings
from tests.laws.pipeline import Pipeline
from tests.oracle import Judged
from tests.oracle.conversions import Conversion, conversions, timing
from tests.oracle.rates import scope_of
from tests.oracle.summary import Visit, summary, unlike, visits


class Shown(NamedTuple):
    """A window as it was at a moment.

    Attributes:
        start: Where it begins, ms.
        end: Where it ends, ms.
        segments: What is known of its sessions, by segment.
        times: What is known of its conversions, by segment and funnel.
        pages: By page, how long sessions stayed on it (ms) and how often.
        leaving: By measure and page, how many sessions or attempts left, and how many went on.
        closed_until: Of each partition: sessions whose last event + timeout is before this have closed, ms.
    """

    start: int
    end: int
    segments: Mapping[str, Mapping[str, Any]]
    times: Mapping[tuple[str, str], Mapping[str, float]]
    pages: Mapping[str, tuple[int, int]]
    leaving: Mapping[str, Mapping[str, tuple[int, int]]]
    closed_until: tuple[int, ...]


def sliding(pipeline: Pipeline) -> list[Shown]:
    """Return all sliding windows as they are now."""
    core, until = _core(pipeline), _closed_until(pipeline)
    nothing = new_row(len(core.measures))
    found = []
    for window in core.windows.values():
        if window.end is not None:
            known = {
                segment: (window.rows.get(segment, nothing), window.tallies.get(segment, {}))
                for segment in window.rows.keys() | window.tallies.keys()
            }
            found.append(_shown(core, window.end - window.size, window.end, known, until))
    return found


def kept(pipeline: Pipeline) -> Iterator[Shown]:
    """Yield all minutes and hours that are kept."""
    core, until = _core(pipeline), _closed_until(pipeline)
    for level in core.levels[1:]:
        for start in level.starts():
            known = {s: (slot.cells, slot.tallies) for s, slot in level.segments(start)}
            yield _shown(core, start, start + level.width, known, until)


def differences(windows: list[Shown], judged: Judged, definition: Definition) -> list[str]:
    """Return where windows differ from what the batch makes of the same records."""
    scope = scope_of(judged.counted, definition, unlisted=True)
    every, converted = visits(judged, definition), conversions(judged, definition)
    timeout = definition.times.timeout
    found = []
    for window in windows:

        def is_closed(visit: Visit, until: tuple[int, ...] = window.closed_until) -> bool:
            return visit.last + timeout < until[visit.partition]

        inside = [visit for visit in every if window.start <= visit.start < window.end]
        segments = {*window.segments, *(segment for visit in inside for segment in visit.segments)}
        for segment in filter(scope.segment, segments):
            wanted = summary((v for v in inside if segment in v.segments), definition, is_closed)
            wrong = unlike(window.segments.get(segment, {}), wanted)
            found += [f"{segment} {window.start} to {window.end}: {', '.join(wrong)}"] if wrong else []
        soon: dict[tuple[str, str], list[Conversion]] = defaultdict(list)
        for conversion in converted:
            if window.start <= conversion.time < window.end:
                for segment in conversion.segments:
                    soon[segment, conversion.funnel].append(conversion)
        for segment, goal in {*window.times, *soon}:
            if not scope.segment(segment):
                continue
            wrong = unlike(window.times.get((segment, goal), {}), timing(soon.get((segment, goal), ())))
            found += [f"{goal} {segment} {window.start} to {window.end}: {', '.join(wrong)}"] if wrong else []
    return found


def _shown(
    core: Rates,
    start: int,
    end: int,
    known: Mapping[str, tuple[Row, Mapping[int, int]]],
    until: tuple[int, ...],
) -> Shown:
    told = {
        segment: _told(tuple(row), _of_sessions(tallies), core.plans)
        for segment, (row, tallies) in known.items()
    }
    times = {(segment, funnel): found for segment, (_, of) in told.items() for funnel, found in of.items()}
    found = {segment: found for segment, (found, _) in told.items()}
    _, tallies = known.get(ALL, ((), {}))
    return Shown(start, end, found, times, core.pages.stays(tallies), core.pages.leaving(tallies), until)


def _of_sessions(tallies: Mapping[int, int]) -> tuple[tuple[int, int], ...]:
    """Return the tallies but for those of delays and pages, of which facts know nothing."""
    return tuple(item for item in tallies.items() if item[0] < FIRST_DELAY)


@lru_cache(1_000)
def _told(
    row: tuple[int, ...], tallies: tuple[tuple[int, int], ...], plans: Plans
) -> tuple[Mapping[str, Any], Mapping[str, Mapping[str, float]]]:
    """Return what counts tell of sessions and of conversions, by funnel: many windows hold the same."""
    every = dict(tallies)
    times = {funnel: timing.fields() for funnel, timing in timings(row, every, plans).items()}
    return facts(row, every, plans).fields(), times


def _closed_until(pipeline: Pipeline) -> tuple[int, ...]:
    states = [owned.state for owned in pipeline.sessions]
    assert all(isinstance(state, SessionsState) for state in states)
    return tuple(state.core.ledger.closed_until for state in states if isinstance(state, SessionsState))


def _core(pipeline: Pipeline) -> Rates:
    state = pipeline.rates.state
    assert isinstance(state, RatesState)
    return state.core
