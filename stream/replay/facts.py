"""Facts about sessions, of each closed window and segment in which some began: as JSON lines."""

from typing import Any

from stream.core.bucket import Buckets
from stream.core.facts import FACT_FIELDS, facts
from stream.core.rates import Rates
from stream.units import duration_text


def fact_rows(rates: Rates, buckets: Buckets, start: int) -> list[dict[str, Any]]:
    """Return the rows of the window that begins at ``start`` (ms), by segment.

    They have segment, size, where the window begins and ends (ms since the epoch), and all of
    :data:`stream.core.facts.FACT_FIELDS`, in its units; what there is no data of is ``None``.
    """
    window = {
        "size": duration_text(buckets.width),
        "window_start": start,
        "window_end": start + buckets.width,
    }
    rows: list[dict[str, Any]] = []
    for segment, slot in sorted(buckets.segments(start), key=lambda found: found[0]):
        found = facts(slot.cells, slot.tallies, rates.plans)
        if found.sessions:
            told = found.fields()
            rows.append(
                {"segment": segment} | window | {field.name: told.get(field.name) for field in FACT_FIELDS}
            )
    return rows
