"""How long visitors are on pages, and where they leave a funnel: of each session, and of many together."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from stream.core.definition import Definition, Funnel, Pages
from tests.oracle.attempts import Attempt, across, attempts_of
from tests.oracle.judging import Judged
from tests.oracle.leaving import Leaving, leavings_in, leavings_of
from tests.oracle.naming import page_of
from tests.oracle.record import Event
from tests.oracle.visits import Session, by_visitor, sessions_of


@dataclass(frozen=True, slots=True)
class Stay:
    """A time on a page, ms; it is not counted where that is 0."""

    page: str
    ms: int


@dataclass(frozen=True, slots=True)
class Trail:
    """What a session counts of pages: once it has closed, but for what counts at once.

    Attributes:
        partition: Where its events are from.
        start: The time of its first event, which its stays bear, ms.
        last: That of its last event, ms.
        stays: Its stays in order, none of them of 0 ms.
        leavings: Where it left and went on, each with a time of its own; also of attempts across sessions
            what they reached in this one.
    """

    partition: int
    start: int
    last: int
    stays: tuple[Stay, ...]
    leavings: tuple[Leaving, ...]


class Paged(NamedTuple):
    """What some sessions, and attempts across them, sum up to; what there is none of is left out.

    Attributes:
        stays: The time on each page, ms, and how many stays there were.
        leaving: By measure and page: how many got no further, and how many went on.
    """

    stays: dict[str, tuple[int, int]]
    leaving: dict[str, dict[str, tuple[int, int]]]


def trails(judged: Judged, definition: Definition) -> list[Trail]:
    """Return what each session in the events that count has of pages, as they are once they have closed."""
    found = []
    for events in by_visitor(judged.counted).values():
        tries = [(f, attempts_of(events, f)) for f in definition.funnels if across(f)]
        found += [_trail(session, tries, definition) for session in sessions_of(events, definition)]
    return found


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
    for trail in every:
        closed = is_closed(trail)
        if closed and start <= trail.start < end:
            for stay in trail.stays:
                time[stay.page] += stay.ms
                stays[stay.page] += 1
        for leaves in trail.leavings:
            if (closed or leaves.at_once) and start <= leaves.time < end:
                left, went_on = leaving[leaves.measure].get(leaves.page, (0, 0))
                now = (left, went_on + 1) if leaves.went_on else (left + 1, went_on)
                leaving[leaves.measure][leaves.page] = now
    return Paged({page: (time[page], stays[page]) for page in stays}, dict(leaving))


def all_stays(events: Sequence[Event], pages: Pages) -> list[Stay]:
    """Return the stays of a session whose events are these, in order; also those of 0 ms."""
    begun: list[tuple[int, str]] = []
    for event in events:
        page = page_of(event, pages)
        if page and (not begun or page != begun[-1][1]):
            begun.append((event.time, page))
    ends = [*(time for time, _ in begun), events[-1].time][1:]
    return [Stay(page, end - time) for (time, page), end in zip(begun, ends, strict=True)]


def _trail(
    session: Session, tries: Iterable[tuple[Funnel, Sequence[Attempt]]], definition: Definition
) -> Trail:
    leavings = list(leavings_of(session, definition))
    for funnel, attempts in tries:
        leavings += leavings_in(session, attempts, funnel, definition.pages)
    return Trail(
        partition=session.events[0].partition,
        start=session.start,
        last=session.events[-1].time,
        stays=tuple(stay for stay in all_stays(session.events, definition.pages) if stay.ms),
        leavings=tuple(leavings),
    )
