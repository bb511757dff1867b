"""The pages that the owner of the rates tells apart, and what their tallies add up to.

Pages of groups always are; others as long as there is room, first come. Tallies have them by number.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from stream.core.definition import Pages
from stream.core.delta import Code
from stream.core.labels import OTHER
from stream.core.numbered import Numbered
from stream.core.tally import (
    FIRST_PAGE,
    PAGE_STRIDE,
    STAY_COUNT,
    STAY_PLACES,
    STAY_TIME,
    Tallies,
    add_tallies,
    page_place,
)

DAY: Final = 86_400_000
"""Where people leave is told of so long, ms."""

Stays = tuple[int, int]
"""Of a page: the time of all stays, ms, and how many they were."""

Passed = tuple[int, int]
"""Of a page and a measure: how many sessions left it there, and how many went on from there."""

ByName = tuple[str, dict[int, int]]
"""A page by its name, with its tallies by their places among its own: for who has other numbers."""


class PageBook(Numbered):
    """Numbers pages by their names, and knows the places of their tallies."""

    def __init__(self, pages: Pages, measures: Sequence[str]) -> None:
        """Begin; ``measures`` are all by number."""
        super().__init__([OTHER, *(group.name for group in pages.groups)], pages.max_values, rest=0)
        self._measures = measures
        self._numbers = {measure: number for number, measure in enumerate(measures)}

    def place_of(self, code: Code) -> int:
        """Return the place of the tally that a hit about a page adds 1 to; -1: it is about none."""
        if code.kind == "stay" and 0 <= code.number < STAY_PLACES:
            return page_place(self.number(code.name), code.number)
        if code.kind in ("left", "went_on") and code.name in self._numbers and len(code.left) == 1:
            which = STAY_PLACES + 2 * self._numbers[code.name] + (code.kind == "went_on")
            return page_place(self.number(code.left[0]), which)
        return -1

    def by_page(self, tallies: Mapping[int, int]) -> list[ByName]:
        """Return the tallies of each page that has any, by number."""
        found: dict[int, dict[int, int]] = {}
        for place, count in tallies.items():
            if place >= FIRST_PAGE:
                page, which = divmod(place - FIRST_PAGE, PAGE_STRIDE)
                found.setdefault(page, {})[which] = count
        return [(self.names[page], found[page]) for page in sorted(found)]

    def tallies(self, pages: Iterable[ByName]) -> Tallies:
        """Return the tallies of pages that another book told, at their places here; it numbers new ones."""
        found: Tallies = {}
        for name, of_page in pages:
            number = self.number(name)  # several may have that of the rest
            add_tallies(found, {page_place(number, which): count for which, count in of_page.items()})
        return found

    def stays(self, tallies: Mapping[int, int]) -> dict[str, Stays]:
        """Return how long and how often sessions stayed on each page."""
        found: dict[str, Stays] = {}
        for page, of_page in self.by_page(tallies):
            time, count = of_page.get(STAY_TIME, 0), of_page.get(STAY_COUNT, 0)
            if count > 0:
                found[page] = time, count
        return found

    def leaving(self, tallies: Mapping[int, int]) -> dict[str, dict[str, Passed]]:
        """Return, by measure and page, how many sessions left and how many went on."""
        found: dict[str, dict[str, Passed]] = {}
        for page, of_page in self.by_page(tallies):
            for measure in sorted({(which - STAY_PLACES) // 2 for which in of_page if which >= STAY_PLACES}):
                first = STAY_PLACES + 2 * measure
                passed = of_page.get(first, 0), of_page.get(first + 1, 0)
                found.setdefault(self._measures[measure], {})[page] = passed
        return found
