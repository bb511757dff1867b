"""How lively a site is at each hour of a week."""

from collections.abc import Callable, Sequence

from stream.simulate.visit import HOUR

Rhythm = Callable[[int], float]
"""How lively a site is at a time (ms since the epoch); 1 is the mean."""

_DAY = 24 * HOUR


def weekly(by_hour: Sequence[float], by_weekday: Sequence[float]) -> Rhythm:
    """Return the rhythm of day and week, from figures of 24 hours (UTC) and of 7 days from Monday on."""
    mean = sum(by_hour) / 24 * sum(by_weekday) / 7

    def rhythm(at_ms: int) -> float:
        hour, part = divmod(at_ms, HOUR)
        now, then = by_hour[hour % 24], by_hour[(hour + 1) % 24]
        weekday = (at_ms // _DAY + 3) % 7  # the epoch was a Thursday
        return (now + (then - now) * part / HOUR) * by_weekday[weekday] / mean

    return rhythm


def steady(at_ms: int) -> float:  # noqa: ARG001 - every rhythm is asked with a time
    """Return the rhythm of a site that has none."""
    return 1.0


def drifting_from(start_ms: int, rhythm: Rhythm) -> Rhythm:
    """Return a rhythm that is 1 at ``start_ms``: the rate asked for is seen first."""
    level = rhythm(start_ms)
    return lambda at_ms: rhythm(at_ms) / level
