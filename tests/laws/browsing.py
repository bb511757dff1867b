"""What decides how long visitors are on pages, and where they leave."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import pairwise

from stream.core.definition import Definition
from stream.core.labels import FORWARD_FACTOR
from tests.oracle import Judged
from tests.oracle.leaving import Leaving, leavings_of
from tests.oracle.naming import groups_of, page_before, page_of, unlisted
from tests.oracle.pages import all_stays
from tests.oracle.reaching import funnel_times
from tests.oracle.visits import Session, by_visitor, sessions_of

BROWSING = (
    "a session that left on another page than its step's",
    "a session that left on no page",
    "a stay of 0 ms",
    "a page that is come back to",
    "two pages of one time",
    "a page in other words",
    "a page out of order",
    "a leaving out of order",
    "a step gone on to from no page",
    "a step gone on to from a page of its own time",
    "a step gone on to from another page than the step's before",
    "a page in the rest",
    "a page that a partition does not tell apart",
)


def browsing(judged: Judged, definition: Definition) -> Iterator[str]:
    """Yield what the sessions have of pages in the end, and what late events changed of that."""
    place = {id(event): number for number, event in enumerate(judged.counted)}
    counted: dict[int, set[str]] = defaultdict(set)
    for (partition, _), events in by_visitor(judged.counted).items():
        for session in sessions_of(events, definition):
            stays = all_stays(session.events, definition.pages)
            leavings = list(leavings_of(session, definition))
            counted[partition] |= {stay.page for stay in stays if stay.ms} | {one.page for one in leavings}
            yield from _of_stays(session, definition)
            yield from _of_leaving(session, definition)
            yield from _out_of_order(session, leavings, place, definition)
    if len(unlisted(judged, definition)) > definition.pages.max_values:
        yield "a page in the rest"
    most = FORWARD_FACTOR * definition.pages.max_values
    if any(len(pages - groups_of(definition.pages)) > most for pages in counted.values()):
        yield "a page that a partition does not tell apart"


def _of_stays(session: Session, definition: Definition) -> Iterator[str]:
    stays = all_stays(session.events, definition.pages)
    if any(not stay.ms for stay in stays[:-1]):
        yield "a stay of 0 ms"
    if len({stay.page for stay in stays}) < len(stays):
        yield "a page that is come back to"
    said = [(e.time, e.field("page"), page) for e in session.events if (page := page_of(e, definition.pages))]
    for (time, words, page), (next_time, next_words, following) in pairwise(said):
        if time == next_time and page != following:
            yield "two pages of one time"
        if words != next_words and page == following:
            yield "a page in other words"


def _of_leaving(session: Session, definition: Definition) -> Iterator[str]:
    """Yield where a session left, and went on, in its funnels, if that is anything special."""
    events, pages = session.events, definition.pages
    for funnel in definition.funnels:
        times = funnel_times(session, funnel) if funnel.scope == "session" else {}
        reached = sorted(times)
        for step, following in pairwise(reached):
            page = page_before(events, times[following], pages)
            if not page:
                yield "a step gone on to from no page"
            elif not any(page_of(e, pages) for e in events if e.time < times[following]):
                yield "a step gone on to from a page of its own time"
            if page and page != page_before(events, times[step] + 1, pages):
                yield "a step gone on to from another page than the step's before"
        if reached and reached[-1] < len(funnel.steps) - 1:
            last = page_before(events, events[-1].time + 1, pages)
            if not last:
                yield "a session that left on no page"
            elif last != page_before(events, times[reached[-1]] + 1, pages):
                yield "a session that left on another page than its step's"


def _out_of_order(
    session: Session, leavings: list[Leaving], place: Mapping[int, int], definition: Definition
) -> Iterator[str]:
    """Yield what the last event to be counted changed, if a later one was counted before it."""
    events = session.events
    newest = max(events, key=lambda event: place[id(event)])
    if newest is events[-1]:
        return
    without = tuple(event for event in events if event is not newest)
    pages = definition.pages
    if page_of(newest, pages) and all_stays(without, pages) != all_stays(events, pages):
        yield "a page out of order"
    if list(leavings_of(Session(without, session.values), definition)) != leavings:
        yield "a leaving out of order"
