"""How long conversions took, of each closed window, funnel and segment: as JSON lines."""

from collections.abc import Iterator

import msgspec

from stream.core.bucket import Buckets
from stream.core.plans import Plans
from stream.core.rates import Rates
from stream.core.timing import timings
from stream.units import duration_text


class TimeRow(msgspec.Struct, frozen=True):
    """One closed window of a funnel and a segment in which somebody converted.

    Times are ms (those of the window since the epoch), null where no conversion has one;
    :data:`stream.core.timing.TIME_FIELDS` has all meanings.
    """

    funnel: str
    segment: str
    size: str
    window_start: int
    window_end: int
    conversions: int
    count: int
    mean: float | None
    p50: float | None
    p90: float | None
    touchpoints_mean: float | None
    micro_conversions_mean: float | None


def time_rows(rates: Rates, buckets: Buckets, start: int) -> list[TimeRow]:
    """Return the rows of the window that begins at ``start`` (ms), by funnel and segment."""
    return sorted(_rows(buckets, start, rates.plans), key=lambda row: (row.funnel, row.segment))


def _rows(buckets: Buckets, start: int, plans: Plans) -> Iterator[TimeRow]:
    size, end = duration_text(buckets.width), start + buckets.width
    for segment, slot in buckets.segments(start):
        for funnel, found in timings(slot.cells, slot.tallies, plans).items():
            if found.conversions:
                yield TimeRow(
                    funnel,
                    segment,
                    size,
                    start,
                    end,
                    found.conversions,
                    found.count,
                    found.time.mean,
                    found.time.p50,
                    found.time.p90,
                    found.touchpoints_mean,
                    found.micro_conversions_mean,
                )
