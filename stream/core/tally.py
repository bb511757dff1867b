"""Tallies: what the closed sessions of one segment and span of time add up to, in sums and histograms.

Beside its row of cells a segment has tallies: counts by place. Few of all places are ever used, so they are
sparse: what is 0 is left out. They merge by addition, as cells do. Sessions of low and of high intent are
told apart (without a micro-conversion, and with one), so that each adds to one of them only. Values
of 0 are in no bin (:mod:`stream.core.histogram`). Revenue has places of its own (:mod:`stream.core.revenue`):
of a session as a whole it is added when that has closed, of a macro measure as soon as there is any. Above
them are the delays of conversions (:mod:`stream.core.delay`), of the segment ``all`` alone.
"""

from collections.abc import Mapping
from typing import Final

from stream.core.delta import Code
from stream.core.revenue import BEHIND_ACCOUNTS, FIRST_ACCOUNT, measure_of

HIGH_INTENT: Final = "high_intent"
"""How many of them had a micro-conversion; how many there are in all follows from the cells."""

DURATION: Final = ("duration_low", "duration_high")
"""How long they lasted, those of low and of high intent: a sum in ms, and a histogram, each."""

PAGE_VIEWS: Final = "page_views"
SEEN: Final = "seen"
CLICKED: Final = "clicked"
"""Sums over all of them."""

SCORE: Final = "score"
"""Their intent scores: a sum in millionths, and a histogram."""

_SUMS: Final = (HIGH_INTENT, *DURATION, PAGE_VIEWS, SEEN, CLICKED, SCORE)
_HISTOGRAMS: Final = (*DURATION, SCORE)
"""Their order decides about places, and so is part of the rows that are kept: add at the ends only."""

FIRST_BIN: Final = 32
"""Sums have the places before: room is left for more."""

STRIDE: Final = 8
"""Bins of all histograms by turns: room is left for more."""

FIRST_GOAL: Final = 1 << 14
"""Places from here on are of conversions: so many for each funnel, by its number in the definition."""

GOAL_STRIDE: Final = 1 << 11

TIMED: Final = 0
"""Of a funnel's conversions: how many have a time."""

TIME: Final = 1
"""The sum of their times, ms."""

TOUCHPOINTS: Final = 2
"""Sessions up to and including the one that converted, summed up over all conversions."""

LEADING: Final = 3
"""Distinct micro-conversions until then, likewise."""

FIRST_TIME_BIN: Final = 32
"""From here on, the bins of their times: room is left for more sums."""

FIRST_DELAY: Final = BEHIND_ACCOUNTS
"""Places from here on are of delays of conversions: so many for each measure, one for each bin."""

DELAY_STRIDE: Final = 1 << 8

FIRST_PAGE: Final = 1 << 26
"""Places from here on are of pages: so many for each page, by its number with the owner of the rates."""

PAGE_STRIDE: Final = 1 << 16

STAY_TIME: Final = 0
STAY_COUNT: Final = 1
STAY_PLACES: Final = 2
"""Of a page: the time of all stays (ms), and how many they were. Behind them two for each measure: how many
sessions left it there, and how many went on from there."""

Tallies = dict[int, int]
"""Counts by place; none is 0."""


def add_tallies(tallies: Tallies, other: Mapping[int, int], times: int = 1) -> None:
    """Add other tallies, so many times (-1: take them away)."""
    known = tallies.get
    for place, count in other.items():
        total = known(place, 0) + times * count
        if total:
            tallies[place] = total
        else:
            tallies.pop(place, None)


def place_of(code: Code) -> int:
    """Return the place that a hit adds 1 to; -1: it is about no tally."""
    if code.kind == "sum" and code.name in _SUMS:
        return _SUMS.index(code.name)
    if code.kind == "bin" and code.name in _HISTOGRAMS:
        return FIRST_BIN + code.number * STRIDE + _HISTOGRAMS.index(code.name)
    return -1


def total(tallies: Mapping[int, int], *names: str) -> int:
    """Return the sum of some sums."""
    return sum(tallies.get(_SUMS.index(name), 0) for name in names)


def histograms(tallies: Mapping[int, int]) -> dict[str, dict[int, int]]:
    """Return all histograms by name: how many values are in each bin."""
    found: list[dict[int, int]] = [{} for _ in _HISTOGRAMS]
    for place, count in tallies.items():
        if FIRST_BIN <= place < FIRST_GOAL:
            number, histogram = divmod(place - FIRST_BIN, STRIDE)
            found[histogram][number] = count
    return dict(zip(_HISTOGRAMS, found, strict=True))


def goal_place(funnel: int, number: int) -> int:
    """Return the place of a tally of the conversions of a funnel, which is by its number."""
    return FIRST_GOAL + funnel * GOAL_STRIDE + number


def page_place(page: int, number: int) -> int:
    """Return the place of a tally of a page, which is by its number."""
    return FIRST_PAGE + page * PAGE_STRIDE + number


def goals(tallies: Mapping[int, int]) -> dict[int, Tallies]:
    """Return the tallies of conversions: by the number of the funnel, then by their own."""
    found: dict[int, Tallies] = {}
    for place, count in tallies.items():
        if FIRST_GOAL <= place < FIRST_ACCOUNT:
            funnel, number = divmod(place - FIRST_GOAL, GOAL_STRIDE)
            found.setdefault(funnel, {})[number] = count
    return found


def delay_place(measure: int, number: int) -> int:
    """Return the place of a bin of the delays of a measure, by their numbers; -1: there is no such bin."""
    return FIRST_DELAY + measure * DELAY_STRIDE + number if 0 <= number < DELAY_STRIDE else -1


def delays(tallies: Mapping[int, int]) -> dict[int, dict[int, int]]:
    """Return the delays of conversions: by measure, how many are in each bin."""
    found: dict[int, dict[int, int]] = {}
    for place, count in tallies.items():
        if FIRST_DELAY <= place < FIRST_PAGE:
            measure, number = divmod(place - FIRST_DELAY, DELAY_STRIDE)
            found.setdefault(measure, {})[number] = count
    return found


def earning(tallies: Mapping[int, int]) -> int:
    """Return the bits of the measures whose revenue is among these: that of sessions is of one, too."""
    measures = 0
    if max(tallies, default=0) < FIRST_ACCOUNT:  # nearly always
        return measures
    for place, count in tallies.items():
        if FIRST_ACCOUNT <= place < FIRST_DELAY and count:
            measures |= 1 << measure_of(place - FIRST_ACCOUNT)
    return measures
