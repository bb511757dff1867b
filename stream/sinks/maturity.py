"""What Redis is told of maturity: what older cohorts came to, and what young ones will come to."""

from stream.core.rates import Rates
from stream.core.window import SlidingWindow


def changes(rates: Rates, window: SlidingWindow) -> set[str]:
    """Return the segments of which a window that ends now, or a mature one of its size, changed.

    They are then taken as told.
    """
    changed: set[str] = set()
    for found in (window, *rates.cohorts.of_size(window.size)):
        changed |= found.changed
        found.changed = set()
    return changed


def maturity(rates: Rates, size: int, segment: str, measure: int) -> dict[str, str]:
    """Return the fields that are told of a window of a measure, by its number; of what is not known: none."""
    fields: dict[str, str] = {}
    mature = rates.cohorts.mature_ratio(size, segment, measure)
    final = rates.cohorts.final_ratio(size, segment, measure)
    if mature is not None:
        fields["mature_ratio"] = str(mature)
    if final is not None:
        fields["final_ratio"] = str(final)
    return fields
