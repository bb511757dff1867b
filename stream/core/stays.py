"""Stays: on which page a session is, how long it was on each, and from which page it went on to a step.

A stay begins with an event that says another page than the session is on, and ends with the event that begins
the next, or with the session's last event. One that took no time is none.
"""

from bisect import bisect_left
from collections.abc import Sequence
from typing import Final

from stream.core.session import Session
from stream.core.visitor import Group

ONE_STAY: Final = 1 << 36
"""Of a page, one integer of 64 bits has how many stays there were, in units of this, and below it their time
(ms). A session would have to last for two years, or to have a hundred million stays, to fill it."""

TIME_BITS: Final = ONE_STAY - 1
"""The bits of the time."""

EVERY_STEP: Final = -1
"""The bits of all measures."""


def turn(session: Session, page: int, time: int) -> None:
    """Let a session be on another page from ``time`` (ms) on; ``page`` is its number."""
    before, since = session.page, session.since
    if before and time > since:
        stays = session.stays
        if stays is None:
            session.stays = {before: time - since + ONE_STAY}
        else:
            stays[before] = stays.get(before, 0) + time - since + ONE_STAY
    session.page = page
    session.since = time


def came_from(session: Session, steps: int, reached: Sequence[int], page: int) -> None:
    """Note the page from which measures were reached.

    Args:
        session: The session.
        steps: Bits of the measures of which it matters.
        reached: Measures that an event was the first to reach.
        page: Number of the page that the session was on before it; 0: on none.
    """
    if not page:
        return
    for measure in reached:
        if steps >> measure & 1:
            if session.origins is None:
                session.origins = {measure: page}
            else:
                session.origins[measure] = page


def page_before(group: Group, first: int, time: int) -> int:
    """Return the page that a session said last before a time, or, where it had said none, at that very time.

    Args:
        group: Has the session, and in its log, which is settled, all events from ``time`` on.
        first: When the session began, ms.
        time: A time at which it had an event, ms.

    Returns:
        The page's number; 0: it said none.
    """
    times, pages, folded = group.times, group.pages, group.folded
    now = bisect_left(times, time)
    for i in range(now - 1, -1, -1):
        if times[i] < first:
            break
        if pages[i]:
            return pages[i]
    if folded is not None and folded.first == first and folded.page:
        return folded.page
    page = 0
    for i in range(now, len(times)):
        if times[i] > time:
            break
        page = pages[i] or page
    return page
