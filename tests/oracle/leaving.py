"""Where a session leaves a funnel: on which page it got no further than a step, and from which it went on."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from stream.core.definition import Definition
from tests.oracle.naming import page_before, said_last
from tests.oracle.reaching import funnel_times
from tests.oracle.visits import Session


@dataclass(frozen=True, slots=True)
class Leaving:
    """That a session got no further than a measure, and on which page; or went on from there.

    Attributes:
        measure: The measure.
        page: The page.
        went_on: Whether it went on.
        time: The time that it bears, ms.
    """

    measure: str
    page: str
    went_on: bool
    time: int


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
