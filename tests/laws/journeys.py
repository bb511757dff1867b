"""What becomes of attempts at funnels that run across a visitor's sessions, event by event."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from stream.core.definition import Definition, Funnel
from tests.oracle import Judged
from tests.oracle.attempts import Attempt, across, attempts_of, session_of
from tests.oracle.matching import matches, steps_of
from tests.oracle.record import Event
from tests.oracle.visits import sessions_of

JOURNEYS = (
    "an attempt across two sessions",
    "an attempt in two sessions at once",
    "an attempt that expires before another",
    "an attempt after one that was completed",
    "an attempt that a new step 0 prolongs",
    "an event of exactly the last moment of an attempt",
    "a late step 0 that joins two attempts",
    "a late step 0 that opens an attempt earlier",
    "a late event that splits an attempt",
    "a late exclusion that takes a step across sessions back",
    "an exclusion that is read before the steps that it ends",
    "labels of the first session after its attempt was completed",
    "a step long after the first session was forgotten",
)


def journeys(judged: Judged, definition: Definition) -> Iterator[str]:
    """Yield what events do to attempts, in the order they were counted, and what attempts there are then."""
    known: dict[tuple[int, str], list[Event]] = defaultdict(list)
    funnels = [funnel for funnel in definition.funnels if across(funnel)]
    for event in judged.counted:
        before = known[event.partition, event.visitor]
        if before:
            for funnel in funnels:
                yield from _arriving(event, before, funnel, definition)
        before.append(event)
    for events in known.values():
        for funnel in funnels:
            yield from _in_the_end(events, funnel, definition)


def _arriving(event: Event, before: list[Event], funnel: Funnel, definition: Definition) -> Iterator[str]:
    """What an event does to the attempts that there were."""
    was, now = attempts_of(before, funnel), attempts_of([*before, event], funnel)
    late = any(other.time > event.time for other in before)
    had, has = {a.first.time for a in was}, {a.first.time for a in now}
    if late and len(had - has) > len(has - had):
        yield "a late step 0 that joins two attempts"
    if late and event.time in has - had and had - has:
        yield "a late step 0 that opens an attempt earlier"
    if late and any(start != event.time for start in has - had):
        yield "a late event that splits an attempt"
    lost = [a for a in was for b in now if a.first is b.first and len(b.times) < len(a.times)]
    if event.name == "x" and lost:
        yield "a late exclusion that takes a step across sessions back"
    last = len(funnel.steps) - 1
    for attempt in was:
        if last in attempt.times and attempt.first in (a.first for a in now):
            old = session_of(attempt, sessions_of(before, definition))
            new = session_of(attempt, sessions_of([*before, event], definition))
            if old.values != new.values and new.events[-1] is event:
                yield "labels of the first session after its attempt was completed"


def _in_the_end(events: Sequence[Event], funnel: Funnel, definition: Definition) -> Iterator[str]:
    attempts, sessions = attempts_of(events, funnel), sessions_of(events, definition)
    last = len(funnel.steps) - 1
    if _decides_later(events, funnel):
        yield "an exclusion that is read before the steps that it ends"
    for number, attempt in enumerate(attempts):
        session = session_of(attempt, sessions)
        others = [s for s in sessions if s is not session and any(e in s.events for e in _steps(attempt))]
        if others:
            yield "an attempt across two sessions"
        if any(other.start <= session.events[-1].time for other in others):
            yield "an attempt in two sessions at once"
        if last in attempt.times:
            gap = max(attempt.times.values()) - session.events[-1].time
            if gap > definition.times.timeout + definition.times.late_after:
                yield "a step long after the first session was forgotten"
        if attempt is not attempts[-1]:
            if last in attempt.times:
                yield "an attempt after one that was completed"
            else:
                yield "an attempt that expires before another"
        entries = [turn.time for turn in attempt.turns if 0 in turn.steps]
        times = attempt.times.values()
        if max(times) > entries[0] + funnel.within_ms or (
            number + 1 < len(attempts) and entries[-1] > entries[0] and last not in attempt.times
        ):
            yield "an attempt that a new step 0 prolongs"
        if any(turn.time == max(entries) + funnel.within_ms for turn in attempt.turns):
            yield "an event of exactly the last moment of an attempt"


def _decides_later(events: Sequence[Event], funnel: Funnel) -> bool:
    """Say whether an exclusion changed nothing when it was read, but ends what was read after it."""

    def times(of: Sequence[Event]) -> list[dict[int, int]]:
        return [attempt.times for attempt in attempts_of(of, funnel)]

    return any(
        times(events[:place]) == times(events[: place + 1])
        and times(events) != times([*events[:place], *events[place + 1 :]])
        for place, event in enumerate(events)
        if not steps_of(event, funnel.steps) and any(matches(event, ends) for ends in funnel.exclusions)
    )


def _steps(attempt: Attempt) -> list[Event]:
    """Return events by which the attempt reached a step."""
    return [turn.event for turn in attempt.turns if turn.steps and turn.time in attempt.times.values()]
