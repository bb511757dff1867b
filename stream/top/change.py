"""How a rate changed against the window before: by how much, and whether by more than chance."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt

from stream.board.values import Minute, Rate
from stream.top.reading import MINUTE_MS

LONGEST_MS = 3_600_000
"""Larger windows are not compared: their minutes are too many to read for a screen."""

_BEYOND_CHANCE = 2.6  # standard errors; by chance 1 in 100 is beyond


@dataclass(frozen=True, slots=True)
class Change:
    """A relative change: 0.5 is half as much again; and whether it is more than chance explains."""

    relative: float
    beyond_chance: bool


def flow_change(rate: Rate, history: Mapping[int, Minute], start: int, size: int) -> Change | None:
    """Return the change of a flow ratio against the window before.

    Args:
        rate: The window.
        history: Closed minutes by their start, ms.
        start: Where the window starts, ms.
        size: Its size, ms.

    Returns:
        ``None`` where either window has no sessions, the one before no actions, or the window is too large.
    """
    before = _minutes_before(history, start, size)
    return _compared(
        (rate.actions, rate.sessions), (sum(m.actions for m in before), sum(m.sessions for m in before))
    )


def sessions_change(
    rate: Rate, history: Mapping[int, Minute], start: int, size: int, covered: int
) -> Change | None:
    """Return the change of the number of sessions against the window before; as `flow_change`.

    The history must reach back over all of that window: a part of it has fewer. For the same reason the
    window itself counts as what it covers so far, ``covered`` ms: its last pane is not over.
    """
    first = (start - size) // MINUTE_MS * MINUTE_MS
    if not any(minute <= first for minute in history):
        return None
    before = _minutes_before(history, start, size)
    return _compared((rate.sessions, covered), (sum(minute.sessions for minute in before), size))


def _minutes_before(history: Mapping[int, Minute], start: int, size: int) -> list[Minute]:
    """Return the minutes of the last window that consists of whole ones and ends by ``start``."""
    if size > LONGEST_MS:
        return []
    until = start // MINUTE_MS * MINUTE_MS
    return [history[at] for at in range(until - size, until, MINUTE_MS) if at in history]


def _compared(now: tuple[int, int], before: tuple[int, int]) -> Change | None:
    """Compare two counts (as of Poisson), each for what it is out of."""
    (count, out_of), (count_before, out_of_before) = now, before
    if out_of <= 0 or out_of_before <= 0 or count_before <= 0:
        return None
    rate, rate_before = count / out_of, count_before / out_of_before
    common = (count + count_before) / (out_of + out_of_before)
    error = sqrt(common * (1 / out_of + 1 / out_of_before))
    return Change(rate / rate_before - 1, abs(rate - rate_before) > _BEYOND_CHANCE * error)
