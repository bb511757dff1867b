"""Facts about a whole session that has closed: engaged, bounced, a single page."""

from collections.abc import Iterator, Mapping

from stream.core.definition import MICRO, SESSION, Definition
from tests.oracle.visits import Session

PAGE_VIEW = "page_view"


def facts(session: Session, definition: Definition, times: Mapping[str, int]) -> dict[str, int]:
    """Return the time (ms) at which each fact about a closed session came true; what did not is left out.

    ``times`` says when it reached the measures of funnels and the micro-conversions.
    """
    last = session.events[-1].time
    found = {f"{SESSION}.started": session.start}
    engaged = min(_engaging(session, definition, times), default=None)
    if engaged is None:
        found[f"{SESSION}.bounced"] = last
    else:
        found[f"{SESSION}.engaged"] = engaged
    if len(_page_views(session)) == 1:
        found[f"{SESSION}.single_page"] = last
    return found


def _engaging(session: Session, definition: Definition, times: Mapping[str, int]) -> Iterator[int]:
    """Yield all times at which something shows that the visitor takes part."""
    for event in session.events:
        if event.time - session.start > definition.times.engaged_after:
            yield event.time
    yield from _page_views(session)[1:]
    for funnel in definition.funnels:
        for number, step in enumerate(funnel.steps):
            measure = f"{funnel.name}.{step.name}"
            if measure in times and (number > 0 or step.macro):
                yield times[measure]
    for micro in definition.micros:
        if (measure := f"{MICRO}.{micro.name}") in times:
            yield times[measure]


def _page_views(session: Session) -> list[int]:
    return [event.time for event in session.events if event.name == PAGE_VIEW]
