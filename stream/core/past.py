"""Windows of the past: counted from files before a worker came, and taken in by the owner of the rates.

They come whole, each as the rows of cells and tallies of its segments, so that taking one twice changes
nothing. The owner takes only what lies before everything that it has counted itself: nothing counts twice.
"""

from typing import Final

import msgspec

from stream.core.bucket import HOUR, MINUTE, Slot
from stream.core.cell import add, new_row
from stream.core.closed import ClosedRow, anything
from stream.core.page_book import ByName
from stream.core.rates import Rates
from stream.core.segment import ALL
from stream.core.tally import add_tallies

PAST_KEY: Final = b"past"
"""The key of records that are windows of the past, where deltas have the number of their partition."""

WIDTHS: Final = (MINUTE, HOUR)
"""Lengths of such windows, ms."""


class Past(msgspec.Struct, array_like=True, gc=False):
    """One window of the past.

    Attributes:
        fingerprint: Of the definition by which it was counted.
        width: Its length, ms: one of ``WIDTHS``.
        start: Where it begins, ms.
        segments: Each segment with its cells, and its tallies but for those of pages.
        pages: Those of pages, which are of all sessions together, by name: each book has its own numbers.
    """

    fingerprint: str
    width: int
    start: int
    segments: list[tuple[str, list[int], dict[int, int]]]
    pages: list[ByName] = []


def take_past(rates: Rates, past: Past) -> list[ClosedRow] | None:
    """Take a window in, in place of what there is of it.

    Returns:
        Its rows, if it is older than what is kept: all that is left to do is to publish them. No rows, if it
        is kept: it is published as other closed windows are. ``None``: it is refused, for it does not lie
        before all that was counted here, or nothing was.
    """
    rates.settle()
    if rates.since is None or past.start + past.width > rates.since - rates.late_after:
        return None
    number = 1 + WIDTHS.index(past.width)
    level, closed = rates.levels[number], rates.closed[number - 1]
    slots = _admitted(rates, past)
    if not level.accepts(past.start):
        return [row for segment, slot in slots.items() for row in closed.rows_of(past.start, segment, slot)]
    if past.pages:  # only now: what is published and not kept must not take room from other pages
        add_tallies(slots.setdefault(ALL, _nothing(rates)).tallies, rates.pages.tallies(past.pages))
    gone = [segment for segment, _ in level.segments(past.start) if segment not in slots]
    slots |= {segment: _nothing(rates) for segment in gone}
    windows = [w for w in rates.sliding if w.buckets is level and w.contains(past.start)]
    for segment, new in slots.items():
        slot = level.touch(past.start, segment)
        for window in windows:
            for times, part in ((-1, slot), (1, new)):
                add(window.touch(segment), part.cells, times)
                add_tallies(window.touch_tallies(segment), part.tallies, times)
        measures = anything(slot.cells) | anything(new.cells)  # also what is as it was: it tells who sent it
        slot.cells, slot.tallies = new.cells, new.tallies
        closed.changed(past.start, segment, slot, measures)
    return []


def _admitted(rates: Rates, past: Past) -> dict[str, Slot]:
    """Return the window by the segments that there are here: what found no room is in the rest."""
    slots: dict[str, Slot] = {}
    for segment, cells, tallies in past.segments:
        slot = slots.setdefault(rates.segments.admit(segment), _nothing(rates))
        add(slot.cells, cells)
        add_tallies(slot.tallies, tallies)
    return slots


def _nothing(rates: Rates) -> Slot:
    return Slot(new_row(len(rates.measures)), {})
