"""Stays: on which page a session is, how long it was on each, and from which page it went on to a step.

A stay begins with an event that says another page than the session is on, and ends with the event that begins
the next, or with the session's last event. One that took no time is none.
"""

from collections.abc import Sequence
from typing import Final

from stream.core.session import Session

ONE_STAY: Final = 1 << 36
"""Of a page, one integer of 64 bits has how many stays there were, in units of this, and below it their time
(ms). A session would have to last for two years, or to have a hundred million stays, to fill it."""

TIME_BITS: Final = ONE_STAY - 1
"""The bits of the time."""


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
