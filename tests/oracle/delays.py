"""How long after its base each session reached a measure, and for how long cohorts have to be waited for."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from stream.core.definition import SESSION, Definition
from tests.oracle.judging import Judged
from tests.oracle.reaching import bases, reached
from tests.oracle.record import Event
from tests.oracle.visits import sessions_of

MINUTE = 60_000
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
    """Yield the delays of all conversions in the events that count, as they are in the end."""
    by_visitor: dict[tuple[int, str], list[Event]] = defaultdict(list)
    for event in judged.counted:
        by_visitor[event.partition, event.visitor].append(event)
    told, of = conversions(definition), bases(definition)
    for events in by_visitor.values():
        for session in sessions_of(events, definition):
            times = reached(session, definition) | {SESSION: session.start}
            for measure in told & times.keys():
                since = times[of[measure]]
                yield Delay(measure, since, times[measure] - since)


def conversions(definition: Definition) -> frozenset[str]:
    """Return the measures that have delays.

    They are the steps after the first of funnels of sessions, micro-conversions, and being engaged.
    """
    steps = {
        f"{funnel.name}.{step.name}"
        for funnel in definition.funnels
        if funnel.scope == "session"
        for step in funnel.steps[1:]
    }
    return frozenset(steps | {f"micro.{micro.name}" for micro in definition.micros} | {"session.engaged"})


def settling(definition: Definition) -> int:
    """Return the settling span: whole minutes, in ms.

    The timeout, the longest ``within`` of any funnel of sessions and of its steps (but no more than a session
    may last), and how late events may be.
    """
    times = definition.times
    spans = [0]
    for funnel in definition.funnels:
        if funnel.scope == "session":
            spans += [funnel.within_ms, *(s.within_ms for s in funnel.steps if s.within_ms is not None)]
    whole = times.timeout + min(max(spans), times.max_length) + times.allowed_lateness
    return (whole + MINUTE - 1) // MINUTE * MINUTE
