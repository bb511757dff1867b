"""What reached the macro step of a funnel: how long that took, and what came before it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from stream.core.definition import MICRO, Definition, Funnel, Step
from tests.oracle.attempts import across, attempts_of, reached_across, session_of
from tests.oracle.judging import Judged
from tests.oracle.reaching import reached
from tests.oracle.record import Event
from tests.oracle.summary import exact_percentile
from tests.oracle.visits import Session, by_visitor, sessions_of


@dataclass(frozen=True, slots=True)
class Conversion:
    """A session, or an attempt across sessions, that reached the macro step of a funnel.

    Attributes:
        funnel: The funnel's name.
        time: When it reached that step, ms.
        segments: Where it counts.
        took: How long that took from the first micro-conversion, ms; none: there was none.
        micros: How many different micro-conversions there were.
        touchpoints: How many sessions of the visitor.
    """

    funnel: str
    time: int
    segments: frozenset[str]
    took: int | None
    micros: int
    touchpoints: int


def conversions(judged: Judged, definition: Definition) -> list[Conversion]:
    """Return all conversions in the events that count, as they are in the end."""
    return [
        found for events in by_visitor(judged.counted).values() for found in of_visitor(events, definition)
    ]


def of_visitor(events: Sequence[Event], definition: Definition) -> Iterator[Conversion]:
    """Yield the conversions in the counted events of one visitor."""
    sessions = sessions_of(events, definition)
    reached_by = [reached(session, definition) for session in sessions]
    for funnel in definition.funnels:
        macro = next((step for step in funnel.steps if step.macro), None)
        if macro is None:
            continue
        if across(funnel):
            for attempt in attempts_of(events, funnel):
                event = attempt.events.get(funnel.steps.index(macro))
                if event is not None:
                    converting = next(s for s in sessions if any(e is event for e in s.events))
                    times = _only(reached_across(attempt, funnel), _process(funnel))
                    labels = session_of(attempt, sessions).segments()
                    touchpoints = touchpoints_of(converting, sessions, definition.times.known_for)
                    yield _conversion(funnel, event.time, labels, times, touchpoints)
            continue
        for session, reached_at in zip(sessions, reached_by, strict=True):
            time = reached_at.get(_measure(funnel, macro))
            if time is not None:
                times = _only(reached_at, _in_a_session(definition))
                touchpoints = touchpoints_of(session, sessions, definition.times.known_for)
                yield _conversion(funnel, time, session.segments(), times, touchpoints)


def _conversion(
    funnel: Funnel, time: int, labels: Iterable[str], times: Iterable[int], touchpoints: int
) -> Conversion:
    before = [at for at in times if at <= time]
    took = time - min(before) if before else None
    return Conversion(funnel.name, time, frozenset(labels), took, len(before), touchpoints)


def touchpoints_of(converting: Session, sessions: Iterable[Session], known_for: int) -> int:
    """Return how many sessions there were: the one that converts, and, backwards, those that began earlier.

    No further than to one that began more than ``known_for`` before the next.
    """
    count, begun = 1, converting.start
    for start in sorted((s.start for s in sessions if s.start < converting.start), reverse=True):
        if begun - start > known_for:
            break
        count, begun = count + 1, start
    return count


def _in_a_session(definition: Definition) -> set[str]:
    """Return the micro-conversions that a session may reach."""
    found = {f"{MICRO}.{micro.name}" for micro in definition.micros}
    for funnel in definition.funnels:
        if not across(funnel):
            found |= _process(funnel)
    return found


def _process(funnel: Funnel) -> set[str]:
    """Return the steps of a funnel that are micro-conversions: after the first, but for the macro step."""
    return {_measure(funnel, step) for step in funnel.steps[1:] if not step.macro}


def _measure(funnel: Funnel, step: Step) -> str:
    return f"{funnel.name}.{step.name}"


def _only(times: Mapping[str, int], measures: set[str]) -> list[int]:
    return [time for measure, time in times.items() if measure in measures]


def timing(inside: Iterable[Conversion]) -> dict[str, float]:
    """Return what is known of some conversions of one funnel, by the names that Redis has.

    What there is nothing to tell of is left out.
    """
    every = list(inside)
    took = [conversion.took for conversion in every if conversion.took is not None]
    found: dict[str, float] = {"conversions": len(every), "count": len(took)}
    if took:
        found["mean"] = sum(took) / len(took)
        found["p50"], found["p90"] = (exact_percentile(took, percent) for percent in (50, 90))
    if every:
        found["touchpoints_mean"] = sum(c.touchpoints for c in every) / len(every)
        found["micro_conversions_mean"] = sum(c.micros for c in every) / len(every)
    return found
