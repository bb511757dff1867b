"""How long after its base each session or attempt reached a measure, and how long cohorts are waited for."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from stream.core.definition import SESSION, Definition
from tests.oracle.attempts import across, attempts_of, reached_across
from tests.oracle.judging import Judged
from tests.oracle.reaching import bases, reached
from tests.oracle.visits import by_visitor, sessions_of

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
LAST_BIN = 255

_EDGES = [0, *(2**power + part * 2**power // 4 for power in range(10, 75) for part in range(4))]
"""Where bins begin, ms: below 1,024 ms there is one, from there on each power of two has four equal parts."""


@dataclass(frozen=True, slots=True)
class Delay:
    """A conversion: the measure, the time (ms) of its base, and how long after that it came (ms)."""

    measure: str
    since: int
    took: int

    @property
    def bin(self) -> int:
        """The number of the bin that it is in."""
        return min(bisect_right(_EDGES, self.took) - 1, LAST_BIN)


def delays(judged: Judged, definition: Definition) -> Iterator[Delay]:
    """Yield the delays of all conversions in the events that count, once all has closed."""
    told, of = conversions(definition), bases(definition)
    for events in by_visitor(judged.counted).values():
        for session in sessions_of(events, definition):
            times = reached(session, definition) | {SESSION: session.start}
            for measure in told & times.keys():
                since = times[of[measure]]
                yield Delay(measure, since, times[measure] - since)
        for funnel in filter(across, definition.funnels):
            for attempt in attempts_of(events, funnel):
                times = reached_across(attempt, funnel)
                for measure in told & times.keys():
                    yield Delay(measure, attempt.first.time, times[measure] - attempt.first.time)


def conversions(definition: Definition) -> frozenset[str]:
    """Return the measures that have delays.

    They are the steps after the first of funnels, micro-conversions, and being engaged.
    """
    steps = {f"{funnel.name}.{step.name}" for funnel in definition.funnels for step in funnel.steps[1:]}
    return frozenset(steps | {f"micro.{micro.name}" for micro in definition.micros} | {"session.engaged"})


def settling(definition: Definition) -> dict[str, int]:
    """Return the settling span of each measure that has delays: whole minutes, in ms."""
    spans = dict.fromkeys(conversions(definition), settling_of_sessions(definition))
    for funnel in filter(across, definition.funnels):
        whole = _whole_minutes(funnel.within_ms + definition.times.allowed_lateness)
        spans |= {f"{funnel.name}.{step.name}": whole for step in funnel.steps[1:]}
    return spans


def settling_of_sessions(definition: Definition) -> int:
    """Return the settling span of what is reached in a session: whole minutes, in ms.

    The timeout, the longest ``within`` of any funnel of sessions and of its steps (but no more than a session
    may last), and how late events may be.
    """
    times = definition.times
    spans = [0]
    for funnel in definition.funnels:
        if funnel.scope == "session":
            spans += [funnel.within_ms, *(s.within_ms for s in funnel.steps if s.within_ms is not None)]
    return _whole_minutes(times.timeout + min(max(spans), times.max_length) + times.allowed_lateness)


def step_of(size: int, span: int, definition: Definition) -> int | None:
    """Return by what (ms) the mature window of a size slides that ends a settling span (ms) before.

    ``None``: there is no such window.
    """
    of_minutes = [known for known in definition.times.sizes if known <= 8 * DAY]
    needed = [known + settling_of_sessions(definition) + MINUTE for known in of_minutes]
    if size in of_minutes and size + span <= max(8 * DAY, *needed):
        return MINUTE
    return HOUR if size % HOUR == 0 else None


def _whole_minutes(span: int) -> int:
    return (span + MINUTE - 1) // MINUTE * MINUTE
