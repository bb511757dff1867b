"""How long sessions stayed on pages and where they left, of each closed window: as JSON lines."""

import msgspec

from stream.core.bucket import Buckets
from stream.core.rates import Rates
from stream.core.segment import ALL
from stream.units import duration_text


class PageRow(msgspec.Struct, frozen=True):
    """One page in one closed window.

    Attributes:
        page: Its group, or its path with ``*`` for every part that has a digit.
        size: Length of the window, as text.
        window_start: Where it begins, ms since the epoch.
        window_end: Where it ends.
        stays: How often sessions that began in the window stayed on the page.
        time: For how long in all, ms.
        mean: Of one stay; ``None``: there was none.
        left: By measure, how many sessions ended there, in the window, and got no further.
        went_on: By measure, how many that ended in the window had gone on from there.
    """

    page: str
    size: str
    window_start: int
    window_end: int
    stays: int
    time: int
    mean: float | None
    left: dict[str, int]
    went_on: dict[str, int]


def page_rows(rates: Rates, buckets: Buckets, start: int) -> list[PageRow]:
    """Return the rows of the window that begins at ``start`` (ms), by page."""
    slot = buckets.look(start, ALL)
    if slot is None:
        return []
    stays, leaving = rates.pages.stays(slot.tallies), rates.pages.leaving(slot.tallies)
    names = sorted({*stays, *(page for passed in leaving.values() for page in passed)})
    found: list[PageRow] = []
    for page in names:
        time, count = stays.get(page, (0, 0))
        passed = {measure: of_page[page] for measure, of_page in leaving.items() if page in of_page}
        found.append(
            PageRow(
                page,
                duration_text(buckets.width),
                start,
                start + buckets.width,
                count,
                time,
                time / count if count else None,
                {measure: left for measure, (left, _) in passed.items() if left},
                {measure: went_on for measure, (_, went_on) in passed.items() if went_on},
            )
        )
    return found
