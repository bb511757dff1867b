"""What is to be told of each attempt at a funnel across sessions, as it is in the end."""

from collections.abc import Iterator, Sequence
from typing import Any

from stream.core.definition import Definition, Funnel
from tests.oracle.attempts import Attempt, across, attempts_of, reached_across, session_of
from tests.oracle.conversions import touchpoints_of
from tests.oracle.judging import Judged
from tests.oracle.money import paying, texts, total
from tests.oracle.record import Event
from tests.oracle.visits import Session, by_visitor, sessions_of


def told_attempts(judged: Judged, definition: Definition) -> list[dict[str, Any]]:
    """Return all attempts in the events that count: in order of start, visitor, session's id, funnel."""
    known = by_visitor(judged.counted)
    found = [told for events in known.values() for told in _of_visitor(events, definition)]
    names = [funnel.name for funnel in definition.funnels]
    return sorted(
        found,
        key=lambda a: (a["start"], a["visitor_id"], a["session_id"] or "", names.index(a["funnel"])),
    )


def _of_visitor(events: Sequence[Event], definition: Definition) -> Iterator[dict[str, Any]]:
    sessions = sessions_of(events, definition)
    for funnel in filter(across, definition.funnels):
        for attempt in attempts_of(events, funnel):
            end = attempt.times.get(len(funnel.steps) - 1)
            times = reached_across(attempt, funnel)
            yield {
                "visitor_id": attempt.first.visitor,
                "session_id": attempt.first.session_id or None,
                "funnel": funnel.name,
                "start": attempt.first.time,
                "end": end,
                "complete": end is not None,
                "touchpoints": _touchpoints(attempt, funnel, sessions, definition.times.known_for),
                "revenue": texts(total(paying(attempt.took(), funnel, times))),
                "steps": times,
                "dimensions": session_of(attempt, sessions).values,
            }


def _touchpoints(attempt: Attempt, funnel: Funnel, sessions: Sequence[Session], known_for: int) -> int | None:
    goal = next((number for number, step in enumerate(funnel.steps) if step.macro), None)
    event = None if goal is None else attempt.events.get(goal)
    if event is None:
        return None
    converting = next(s for s in sessions if any(e is event for e in s.events))
    return touchpoints_of(converting, sessions, known_for)
