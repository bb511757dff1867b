"""What decides where attempts across sessions leave, and from where they go on."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from stream.core.definition import Definition
from tests.oracle import Judged
from tests.oracle.attempts import Attempt, across, attempts_of
from tests.oracle.naming import page_before, page_of, said_last
from tests.oracle.record import Event
from tests.oracle.visits import Session, by_visitor, sessions_of

LEAVING = (
    "an attempt that left on another page than its step's",
    "an attempt that left on no page",
    "an attempt that left in another session than it began in",
    "an attempt that left before its visitor came back",
    "an attempt that left in one of two sessions at once",
    "an attempt that left at a step reached before a lower one",
    "two attempts of a visitor that left",
    "an attempt that went on from no page",
    "an attempt that went on from a page of its step's time",
    "an attempt that went on in another session",
    "an attempt that went on in another session from what that had said",
    "an attempt that went on in one of two sessions at once",
)


def leaving(judged: Judged, definition: Definition) -> Iterator[str]:
    """Yield where attempts have left and gone on in the end, if that is anything special."""
    for events in by_visitor(judged.counted).values():
        sessions = sessions_of(events, definition)
        for funnel in filter(across, definition.funnels):
            attempts = attempts_of(events, funnel)
            unfinished = [a for a in attempts if max(a.times) < len(funnel.steps) - 1]
            if len(unfinished) > 1:
                yield "two attempts of a visitor that left"
            for attempt in unfinished:
                yield from _of_leaving(attempt, sessions, definition)
            for attempt in attempts:
                yield from _of_going_on(attempt, sessions, definition)


def _of_leaving(attempt: Attempt, sessions: Sequence[Session], definition: Definition) -> Iterator[str]:
    furthest, pages = max(attempt.times), definition.pages
    session = _session_with(attempt.events[furthest], sessions)
    end = session.events[-1].time
    page = said_last(session.events, pages)
    if not page:
        yield "an attempt that left on no page"
    elif page != page_before(session.events, attempt.times[furthest] + 1, pages):
        yield "an attempt that left on another page than its step's"
    if all(event is not attempt.first for event in session.events):
        yield "an attempt that left in another session than it began in"
    if page and any(said_last(s.events, pages) not in ("", page) for s in sessions if s.start > end):
        yield "an attempt that left before its visitor came back"
    if page and _is_misled(session.events, end, sessions, definition):
        yield "an attempt that left in one of two sessions at once"
    if attempt.times[furthest] < max(attempt.times.values()):
        yield "an attempt that left at a step reached before a lower one"


def _of_going_on(attempt: Attempt, sessions: Sequence[Session], definition: Definition) -> Iterator[str]:
    for step, following in pairwise(sorted(attempt.times)):
        time = attempt.times[following]
        session = _session_with(attempt.events[following], sessions)
        page = page_before(session.events, time, definition.pages)
        before = [event for event in session.events if event.time < time]
        said_before = said_last(before, definition.pages)
        if not page:
            yield "an attempt that went on from no page"
        elif not said_before:
            yield "an attempt that went on from a page of its step's time"
        if page and all(event is not attempt.events[step] for event in session.events):
            yield "an attempt that went on in another session"
            if said_before:
                yield "an attempt that went on in another session from what that had said"
        if said_before and _is_misled(before, time, sessions, definition):
            yield "an attempt that went on in one of two sessions at once"


def _is_misled(
    events: Sequence[Event], end: int, sessions: Sequence[Session], definition: Definition
) -> bool:
    """Say whether another session says another page between what these say last and an end."""
    said = [event for event in events if page_of(event, definition.pages)]
    page = page_of(said[-1], definition.pages)
    return any(
        said[-1].time < event.time < end and page_of(event, definition.pages) not in ("", page)
        for other in sessions
        if other.events[0].session_id != said[-1].session_id
        for event in other.events
    )


def _session_with(event: Event, sessions: Sequence[Session]) -> Session:
    return next(s for s in sessions if any(e is event for e in s.events))
