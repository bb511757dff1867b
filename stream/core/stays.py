"""Stays: on which page a session is, how long it was on each, and from which page it went on to a step.

A stay begins with an event that says another page than the session is on, and ends with the event that begins
the next, or with the session's last event. One that took no time is none.
"""

from collections.abc import Sequence
from typing import Final

from stream.core.session import Session

_ONE: Final = 1 << 31
"""Of a page, one integer has how many stays there were, in units of this, and below it their time (ms). A
session would have to last for 24 days to fill it."""


def turn(session: Session, page: int, time: int) -> None:
    """Let a session be on another page from ``time`` (ms) on; ``page`` is its number."""
    before, since = session.page, session.since
    if before and time > since:
        stays = session.stays
        if stays is None:
            session.stays = {before: time - since + _ONE}
        else:
            stays[before] = stays.get(before, 0) + time - since + _ONE
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


def stays_of(session: Session) -> dict[int, tuple[int, int]]:
    """Return, of each page that a session stayed on, for how long in all (ms), and how many times."""
    found = {page: (both % _ONE, both // _ONE) for page, both in (session.stays or {}).items()}
    took = session.last - session.since
    if session.page and took > 0:
        time, count = found.get(session.page, (0, 0))
        found[session.page] = time + took, count + 1
    return found
