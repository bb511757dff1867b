"""Timing: how long conversions of one segment and window took, and what came before them, per funnel.

A conversion is a session, or an attempt across sessions, that reached the macro step of a funnel in the
window.
"""

from collections.abc import Mapping, Sequence

import msgspec

from stream.core.cell import ACTIONS, FIELDS
from stream.core.facts import Spread, spread
from stream.core.fields import Field
from stream.core.plans import Plans
from stream.core.tally import FIRST_TIME_BIN, LEADING, TIME, TIMED, TOUCHPOINTS, goals


class Timing(msgspec.Struct, frozen=True):
    """How long the conversions of a funnel took; ``TIME_FIELDS`` has what the fields mean."""

    conversions: int
    count: int
    time: Spread
    touchpoints_mean: float | None
    micro_conversions_mean: float | None

    def fields(self) -> dict[str, float]:
        """Return all there is under the names of ``TIME_FIELDS``; what there is no data of is left out."""
        found = {
            "conversions": self.conversions,
            "count": self.count,
            "mean": self.time.mean,
            "p50": self.time.p50,
            "p90": self.time.p90,
            "touchpoints_mean": self.touchpoints_mean,
            "micro_conversions_mean": self.micro_conversions_mean,
        }
        return {name: value for name, value in found.items() if value is not None}


TIME_FIELDS: tuple[Field, ...] = (
    Field("conversions", "sessions (or attempts) that reached the macro step inside the window", "count"),
    Field(
        "count", "those of them that have a time: some micro-conversion came before it, or with it", "count"
    ),
    Field("mean", "mean time from the first micro-conversion to the macro step", "ms"),
    Field("p50", "its median, within 2 % of the exact one: half of them are no more", "ms"),
    Field("p90", "likewise: nine in ten of them are no more", "ms"),
    Field(
        "touchpoints_mean",
        "mean number of sessions of the visitor up to the one that converted, which is one of them; of all"
        " conversions",
        "count",
    ),
    Field(
        "micro_conversions_mean",
        "mean number of different micro-conversions until the macro step; of all conversions",
        "count",
    ),
)
"""What is known of the conversions of a window. Each is absent where there is nothing to tell it of."""


def timings(row: Sequence[int], tallies: Mapping[int, int], plans: Plans) -> dict[str, Timing]:
    """Return how long the conversions of a window took, by funnel, from its cells and tallies.

    Funnels without a macro step are left out.
    """
    by_funnel = goals(tallies)
    return {
        goal.funnel: _timing(row[FIELDS * goal.measure + ACTIONS], by_funnel.get(goal.number, {}))
        for goal in plans.goals
    }


def _timing(conversions: int, tallies: Mapping[int, int]) -> Timing:
    bins = {place - FIRST_TIME_BIN: n for place, n in tallies.items() if place >= FIRST_TIME_BIN}
    count = tallies.get(TIMED, 0)
    time = spread(tallies.get(TIME, 0), bins, count)
    if conversions <= 0:
        return Timing(conversions, count, time, None, None)
    touchpoints, leading = (tallies.get(place, 0) / conversions for place in (TOUCHPOINTS, LEADING))
    return Timing(conversions, count, time, touchpoints, leading)
