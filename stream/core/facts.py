"""Facts about the sessions of one segment and window: how long, how intent, how they looked around.

Sessions, engaged, bounced and single pages are those of the measures; all else is of sessions that have
closed.
"""

from collections.abc import Mapping, Sequence

import msgspec

from stream.core.cell import CONVERTED, FIELDS, OPEN, SESSIONS
from stream.core.fields import Field
from stream.core.histogram import percentile
from stream.core.plans import Plans
from stream.core.revenue import by_currency, decimals, share
from stream.core.tally import CLICKED, DURATION, HIGH_INTENT, PAGE_VIEWS, SCORE, SEEN, histograms, total

MILLION = 1_000_000
"""Scores are counted in millionths."""


class Spread(msgspec.Struct, frozen=True):
    """Mean, median and 90th percentile of some values; ``None`` where there are none.

    The mean is exact; a percentile is within 2 % of the exact one, the smallest value that so many percent of
    all do not exceed.
    """

    mean: float | None
    p50: float | None
    p90: float | None


NOTHING = Spread(None, None, None)


class Facts(msgspec.Struct, frozen=True):
    """Facts about the sessions that began in a window; ``FACT_FIELDS`` has what they mean."""

    sessions: int
    closed: int
    engaged: int
    bounced: int
    single_page: int
    engagement_ratio: float | None
    bounce_ratio: float | None
    duration: Spread
    high_intent_duration: Spread
    page_views_mean: float | None
    click_through: float | None
    score: Spread
    revenue_per_session: dict[str, str] | None

    def fields(self) -> dict[str, float | dict[str, str]]:
        """Return all there is under the names of ``FACT_FIELDS``; what there is no data of is left out."""
        found = {name: getattr(self, name) for name in self.__struct_fields__}
        for name, spread in [(n, v) for n, v in found.items() if isinstance(v, Spread)]:
            del found[name]
            found |= {f"{name}_{stat}": getattr(spread, stat) for stat in spread.__struct_fields__}
        return {name: value for name, value in found.items() if value is not None}


def _spread_fields(name: str, what: str, unit: str) -> tuple[Field, ...]:
    return (
        Field(f"{name}_mean", f"mean {what}", unit),
        Field(f"{name}_p50", "its median, within 2 % of the exact one: half of them are no more", unit),
        Field(f"{name}_p90", "likewise: nine in ten of them are no more", unit),
    )


FACT_FIELDS: tuple[Field, ...] = (
    Field("sessions", "sessions that began inside the window", "count"),
    Field("closed", "those of them that have closed", "count"),
    Field("engaged", "those that have been engaged by now", "count"),
    Field("bounced", "those that closed and were not", "count"),
    Field("single_page", "those that closed with one page view", "count"),
    Field("engagement_ratio", "`engaged / sessions`", "0..1"),
    Field("bounce_ratio", "`bounced / sessions`", "0..1"),
    *_spread_fields("duration", "duration of a closed session", "ms"),
    *_spread_fields("high_intent_duration", "duration of a closed session with a micro-conversion", "ms"),
    Field("page_views_mean", "mean number of page views of a closed session", "count"),
    Field(
        "click_through",
        "in closed sessions, lists and promotions clicked (`select_item`, `select_promotion`) per those seen"
        " (`view_item_list`, `view_promotion`); it may exceed 1",
        "ratio",
    ),
    *_spread_fields("score", "intent score of a closed session", "sum of weights"),
    Field(
        "revenue_per_session",
        "revenue of a closed session, by currency, as JSON; of several funnels' macro steps each event once",
        "decimals",
    ),
)
"""What is known of the sessions of a window. Each is absent where there is nothing to tell it of."""


def facts(row: Sequence[int], tallies: Mapping[int, int], plans: Plans) -> Facts:
    """Return the facts about the sessions of a window, from its cells and tallies."""
    sessions = row[FIELDS * plans.started + SESSIONS]
    engaged, bounced, single_page = (
        row[FIELDS * measure + CONVERTED] for measure in (plans.engaged, plans.bounced, plans.single_page)
    )
    closed = sessions - row[FIELDS * plans.bounced + OPEN]  # who bounces does so by closing
    high = total(tallies, HIGH_INTENT)
    bins = histograms(tallies)
    of_high = bins[DURATION[1]]
    of_all = dict(bins[DURATION[0]])
    for number, count in of_high.items():
        of_all[number] = of_all.get(number, 0) + count
    scored = closed if any(plans.weights) else 0
    revenue: dict[str, str] | None = None
    if plans.has_revenue and closed > 0:
        brought = by_currency(tallies).get(plans.started, {})
        revenue = decimals({currency: share(amount, closed) for currency, amount in brought.items()})
    return Facts(
        sessions,
        closed,
        engaged,
        bounced,
        single_page,
        _ratio(engaged, sessions),
        _ratio(bounced, sessions),
        spread(total(tallies, *DURATION), of_all, closed),
        spread(total(tallies, DURATION[1]), of_high, high),
        _ratio(total(tallies, PAGE_VIEWS), closed),
        _ratio(total(tallies, CLICKED), total(tallies, SEEN)),
        spread(total(tallies, SCORE), bins[SCORE], scored, MILLION),
        revenue,
    )


def _ratio(part: int, of: int) -> float | None:
    return part / of if of > 0 else None


def spread(of_all: int, bins: Mapping[int, int], count: int, unit: int = 1) -> Spread:
    """Return mean and percentiles of some values.

    Args:
        of_all: Their sum.
        bins: How many are in each bin (:mod:`stream.core.histogram`); those that are 0 are in none.
        count: How many there are; none: there is nothing to tell.
        unit: What they are counted in: so many make one.
    """
    if count <= 0:
        return NOTHING
    median, high = (percentile(bins, count, percent) for percent in (50, 90))
    return Spread(of_all / count / unit, _scaled(median, unit), _scaled(high, unit))


def _scaled(value: float | None, unit: int) -> float | None:
    return None if value is None else value / unit
