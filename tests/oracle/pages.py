"""How long visitors are on pages, and where they leave a funnel: of each session, and of many together."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import pairwise
from typing import NamedTuple

from stream.core.definition import Definition, Pages
from tests.oracle.judging import Judged
from tests.oracle.reaching import funnel_times
from tests.oracle.record import Event
from tests.oracle.visits import Session, sessions_of

MAX_PAGE = 100
"""Where the name of a page is cut, in characters."""


@dataclass(frozen=True, slots=True)
class Stay:
    """A time on a page, ms; it is not counted where that is 0."""

    page: str
    ms: int


@dataclass(frozen=True, slots=True)
class Leaving:
    """That a session got no further than a measure, and on which page; or went on from there."""

    measure: str
    page: str
    went_on: bool


@dataclass(frozen=True, slots=True)
class Trail:
    """What a session that has closed counts of pages.

    Attributes:
        partition: Where its events are from.
        start: The time of its first event, which its stays bear, ms.
        last: That of its last event, which its leavings bear, ms.
        stays: Its stays in order, none of them of 0 ms.
        leavings: Where it left and went on.
    """

    partition: int
    start: int
    last: int
    stays: tuple[Stay, ...]
    leavings: tuple[Leaving, ...]


class Paged(NamedTuple):
    """What some sessions sum up to; what there is none of is left out.

    Attributes:
        stays: The time on each page, ms, and how many stays there were.
        leaving: By measure and page: how many got no further, and how many went on.
    """

    stays: dict[str, tuple[int, int]]
    leaving: dict[str, dict[str, tuple[int, int]]]


def trails(judged: Judged, definition: Definition) -> list[Trail]:
    """Return what each session in the events that count has of pages, as they are once they have closed."""
    by_visitor: dict[tuple[int, str], list[Event]] = defaultdict(list)
    for event in judged.counted:
        by_visitor[event.partition, event.visitor].append(event)
    return [
        _trail(session, definition)
        for events in by_visitor.values()
        for session in sessions_of(events, definition)
    ]


def paged(
    every: Iterable[Trail],
    start: float = float("-inf"),
    end: float = float("inf"),
    is_closed: Callable[[Trail], bool] = lambda _: True,
) -> Paged:
    """Return what trails sum up to inside a span.

    Args:
        every: The trails.
        start: Where the span begins, ms; what happens at that time is in it.
        end: Where it ends, ms; what happens at that time is not in it.
        is_closed: Which of the sessions have closed.
    """
    time: Counter[str] = Counter()
    stays: Counter[str] = Counter()
    leaving: dict[str, dict[str, tuple[int, int]]] = defaultdict(dict)
    for trail in filter(is_closed, every):
        if start <= trail.start < end:
            for stay in trail.stays:
                time[stay.page] += stay.ms
                stays[stay.page] += 1
        if start <= trail.last < end:
            for leaves in trail.leavings:
                left, went_on = leaving[leaves.measure].get(leaves.page, (0, 0))
                now = (left, went_on + 1) if leaves.went_on else (left + 1, went_on)
                leaving[leaves.measure][leaves.page] = now
    return Paged({page: (time[page], stays[page]) for page in stays}, dict(leaving))


def page_of(event: Event, pages: Pages) -> str:
    """Return the name of the page that an event says; empty where it says none."""
    said = event.field("page")
    return _name(_path(said), pages) if said else ""


def groups_of(pages: Pages) -> set[str]:
    """Return the names that are always told apart."""
    return {group.name for group in pages.groups}


def unlisted(judged: Judged, definition: Definition) -> set[str]:
    """Return the names of the pages that events say and that are of no group."""
    said = {page_of(event, definition.pages) for event in judged.counted}
    return said - groups_of(definition.pages) - {""}


def all_stays(events: Sequence[Event], pages: Pages) -> list[Stay]:
    """Return the stays of a session whose events are these, in order; also those of 0 ms."""
    begun: list[tuple[int, str]] = []
    for event in events:
        page = page_of(event, pages)
        if page and (not begun or page != begun[-1][1]):
            begun.append((event.time, page))
    ends = [*(time for time, _ in begun), events[-1].time][1:]
    return [Stay(page, end - time) for (time, page), end in zip(begun, ends, strict=True)]


def leavings_of(session: Session, definition: Definition) -> Iterator[Leaving]:
    """Yield where a session left, and went on, in its funnels."""
    for funnel in definition.funnels:
        if funnel.scope != "session":
            continue
        times = funnel_times(session, funnel)
        reached = sorted(times)
        for step, following in pairwise(reached):
            page = page_before(session.events, times[following], definition.pages)
            if page:
                yield Leaving(f"{funnel.name}.{funnel.steps[step].name}", page, went_on=True)
        if reached and reached[-1] != len(funnel.steps) - 1:
            page = _said_last(session.events, definition.pages)
            if page:
                yield Leaving(f"{funnel.name}.{funnel.steps[reached[-1]].name}", page, went_on=False)


def page_before(events: Sequence[Event], time: int, pages: Pages) -> str:
    """Return the page from which a step was reached at that time: of before, else of that very time."""
    before = _said_last([event for event in events if event.time < time], pages)
    return before or _said_last([event for event in events if event.time == time], pages)


def _trail(session: Session, definition: Definition) -> Trail:
    return Trail(
        partition=session.events[0].partition,
        start=session.start,
        last=session.events[-1].time,
        stays=tuple(stay for stay in all_stays(session.events, definition.pages) if stay.ms),
        leavings=tuple(leavings_of(session, definition)),
    )


def _said_last(events: Sequence[Event], pages: Pages) -> str:
    return next((page for event in reversed(events) if (page := page_of(event, pages))), "")


def _path(said: str) -> str:
    """Return the path that is said: without scheme, host, query, fragment, and a slash at its end."""
    path = re.sub(r"[?#].*", "", said, flags=re.DOTALL)
    path = re.sub(r"^([A-Za-z][A-Za-z0-9+.-]*:)?//[^/]*", "", path) or "/"
    return path if path == "/" else path.removesuffix("/")


def _name(path: str, pages: Pages) -> str:
    for group in pages.groups:
        if any(path == pattern or fnmatchcase(path, pattern) for pattern in group.patterns):
            return group.name
    parts = ["*" if re.search("[0-9]", part) else part for part in path.split("/")]
    return "/".join(parts)[:MAX_PAGE]
