"""The fields of one rate in Redis: the counts of a sliding window, and what follows from them."""

from stream.core.cell import CONVERTED, FIELDS, Row
from stream.core.plans import Plans
from stream.core.rate import rate
from stream.core.rates import Rates
from stream.core.window import SlidingWindow


class RateHash:
    """Makes these fields."""

    def __init__(self, plans: Plans, lateness: int) -> None:
        """Begin; ``lateness`` is how long after its end a window may still get events, ms."""
        self._lateness = lateness
        self._previous = _previous_steps(plans)

    def fields(
        self, rates: Rates, window: SlidingWindow, cells: Row, measure: int, *, partial: bool
    ) -> dict[str, str]:
        """Return the fields of a measure, by its number, in a window and a segment that has these cells.

        Ratios are left out where there are no sessions to divide by.
        """
        found = rate(cells, measure)
        end = window.end or 0
        mature = found.open == 0 and (rates.watermark or 0) >= end + self._lateness
        fields = {
            "window_start": str(end - window.size),
            "window_end": str(end),
            "sessions": str(found.sessions),
            "converted": str(found.converted),
            "open": str(found.open),
            "actions": str(found.actions),
            "mature": "true" if mature else "false",
            "partial": "true" if partial else "false",
            "closed_until": str(rates.closed[0].closed_until),
        }
        if found.ratio is not None:
            fields["ratio"] = str(found.ratio)
            fields["flow_ratio"] = str(found.flow_ratio)
            fields["low"] = str(found.low)
            fields["high"] = str(found.high)
            previous = self._previous[measure]
            before = cells[FIELDS * previous + CONVERTED] if previous >= 0 else 0
            if before > 0:
                fields["from_previous"] = str(found.converted / before)
                fields["drop_off"] = str(1 - found.converted / before)
        return fields


def _previous_steps(plans: Plans) -> list[int]:
    """Return, for each measure, the step before it that is not optional; -1 where there is none."""
    previous = [-1] * len(plans.measures)
    for group in plans.groups:
        if group.base == group.itself:  # a funnel
            before = group.base
            for measure in group.members:
                previous[measure] = before
                if not plans.optional[measure]:
                    before = measure
    return previous
