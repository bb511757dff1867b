"""Where a funnel is left: on which page somebody got no further than a step, and from which they went on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from stream.core.definition import Definition, Funnel, Pages
from tests.oracle.attempts import Attempt
from tests.oracle.naming import page_before, said_last
from tests.oracle.reaching import funnel_times
from tests.oracle.record import Event
from tests.oracle.visits import Session


@dataclass(frozen=True, slots=True)
class Leaving:
    """That a session, or an attempt, got no further than a measure, and on which page; or went on from there.

    Attributes:
        measure: The measure.
        page: The page.
        went_on: Whether it went on.
        time: The time that it bears, ms.
        at_once: Whether it counts also while the session has not closed.
    """

    measure: str
    page: str
    went_on: bool
    time: int
    at_once: bool = False


def leavings_of(session: Session, definition: Definition) -> Iterator[Leaving]:
    """Yield where a session left, and went on, in its funnels; all bear the time of its last event."""
    end = session.events[-1].time
    for funnel in definition.funnels:
        if funnel.scope != "session":
            continue
        times = funnel_times(session, funnel)
        reached = sorted(times)
        for step, following in pairwise(reached):
            page = page_before(session.events, times[following], definition.pages)
            if page:
                yield Leaving(f"{funnel.name}.{funnel.steps[step].name}", page, True, end)
        if reached and reached[-1] != len(funnel.steps) - 1:
            page = said_last(session.events, definition.pages)
            if page:
                yield Leaving(f"{funnel.name}.{funnel.steps[reached[-1]].name}", page, False, end)


def leavings_in(
    session: Session, attempts: Sequence[Attempt], funnel: Funnel, pages: Pages
) -> Iterator[Leaving]:
    """Yield where attempts across sessions left, and went on, that is of one of the sessions.

    Of each attempt that are two kinds of things: in the session in which it got furthest it left, where that
    is not the last step; in the session in which it reached a step it went on from the one before.
    """
    for attempt in attempts:
        reached = sorted(attempt.times)
        for step, following in pairwise(reached):
            if _is_in(attempt.events[following], session):
                time = attempt.times[following]
                page = page_before(session.events, time, pages)
                if page:
                    yield Leaving(f"{funnel.name}.{funnel.steps[step].name}", page, True, time, at_once=True)
        furthest = reached[-1]
        if furthest != len(funnel.steps) - 1 and _is_in(attempt.events[furthest], session):
            page = said_last(session.events, pages)
            if page:
                end = session.events[-1].time
                yield Leaving(f"{funnel.name}.{funnel.steps[furthest].name}", page, False, end)


def _is_in(event: Event, session: Session) -> bool:
    return any(event is its_own for its_own in session.events)
