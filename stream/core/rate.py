"""Rates of a window: what the counts of one measure say."""

from math import sqrt

import msgspec

from stream.core.cell import ACTIONS, CONVERTED, FIELDS, OPEN, SESSIONS
from stream.core.fields import Field

Z95 = 1.959963984540054
"""Quantile of the normal distribution that leaves 2.5 % above it."""


class Rate(msgspec.Struct, frozen=True):
    """Counts and rates of one measure, segment and window; ``RATE_FIELDS`` has what they mean.

    Ratios are 0..1, ``None`` where there is no data.
    """

    sessions: int
    converted: int
    open: int
    actions: int
    ratio: float | None
    flow_ratio: float | None
    low: float | None
    high: float | None


RATE_FIELDS: tuple[Field, ...] = (
    Field("sessions", "relevant sessions: those that reached the measure's base inside the window", "count"),
    Field("converted", "those of them that have reached the measure by now", "count"),
    Field("open", "those of them that have not, and still may", "count"),
    Field("actions", "sessions that reached the measure inside the window", "count"),
    Field("ratio", "`converted / sessions`", "0..1"),
    Field("flow_ratio", "`actions / sessions`; it may exceed 1", "ratio"),
    Field("low", "lower end of the 95 % Wilson interval of `ratio`", "0..1"),
    Field("high", "its upper end", "0..1"),
)
"""What the fields of a rate mean."""

MATURE_RATIO = Field(
    "mature_ratio",
    "`converted / sessions` of the window of this size whose sessions, or attempts, have had their time: it"
    " ends the measure's settling span before this one; of micro-conversions, steps of funnels after the"
    " first, and `session.engaged`",
    "0..1",
)
FINAL_RATIO = Field(
    "final_ratio",
    "what `ratio` of this window will come to, by how soon conversions usually come; of these measures, where"
    " there is enough to tell it of",
    "0..1",
)

REVENUE = Field(
    "revenue",
    "of a macro measure: what the sessions brought that reached it inside the window, by currency"
    ' (`{"EUR": "12.50"}`; no currency: `XXX`); per `actions` that of a converting session; others: none',
    "decimals",
)


def rate(row: list[int], measure: int) -> Rate:
    """Return the rate of a measure from a row of cells."""
    first = FIELDS * measure
    sessions, converted = row[first + SESSIONS], row[first + CONVERTED]
    still_open, actions = row[first + OPEN], row[first + ACTIONS]
    if sessions <= 0:
        return Rate(sessions, converted, still_open, actions, None, None, None, None)
    low, high = wilson(converted, sessions)
    return Rate(sessions, converted, still_open, actions, converted / sessions, actions / sessions, low, high)


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """Return the 95 % score interval of a proportion, 0..1.

    Wilson, E. B. (1927): Probable inference, the law of succession, and statistical inference. JASA 22.
    """
    p = successes / trials
    z2 = Z95 * Z95
    middle = p + z2 / (2 * trials)
    half = Z95 * sqrt((p * (1 - p) + z2 / (4 * trials)) / trials)
    scale = 1 + z2 / trials
    low = (middle - half) / scale if successes else 0.0  # rounding must not put them beside the proportion
    high = (middle + half) / scale if successes < trials else 1.0
    return low, high
