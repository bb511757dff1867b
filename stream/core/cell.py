"""Cells: the counts of one segment in one span of time, for all measures, and what a hit does to them.

A row of cells is a flat list: four integers a measure, in the order of the measures, so that adding rows is
adding lists. It is the one mergeable type: panes, minutes, hours and windows all hold it, and merging is
addition. What of a segment is not worth a place in every row is beside it: :mod:`stream.core.tally`.
"""

from collections.abc import Sequence
from typing import Final

from stream.core.delta import Code
from stream.core.page_book import PageBook
from stream.core.plan import NO_TIME
from stream.core.plans import Plans
from stream.core.revenue import FIRST_ACCOUNT, PLACES
from stream.core.tally import delay_place, goal_place, place_of

SESSIONS: Final = 0
CONVERTED: Final = 1
OPEN: Final = 2
ACTIONS: Final = 3
"""Places of the counts of a measure."""

FIELDS: Final = 4

Row = list[int]

Effect = tuple[int, int]
"""Place in a row, and how much a hit adds there."""


def new_row(measures: int) -> Row:
    """Return a row of zeros."""
    return [0] * (FIELDS * measures)


def add(row: Row, other: Sequence[int], times: int = 1) -> None:
    """Add another row, so many times (-1: take it away)."""
    for place, count in enumerate(other):
        if count:
            row[place] += times * count


class Effects:
    """What each code of a hit does to a row, to tallies, and to counters.

    Codes name groups and measures; one that the definition does not know does nothing.

    Attributes:
        on_cells: For each code, by its number, where in a row one such hit adds what.
        on_tallies: For each code, by its number, the place of the tally that one such hit adds 1 to; -1: it
            adds to none.
    """

    def __init__(self, plans: Plans, pages: PageBook) -> None:
        self._pages = pages
        self._numbers = {name: number for number, name in enumerate(plans.measures)}
        self._groups = {group.name: group for group in plans.groups}
        self._goals = {goal.funnel: goal.number for goal in plans.goals}
        self.on_cells: list[tuple[Effect, ...]] = []
        self.on_tallies: list[int] = []
        self._codes: dict[Code, int] = {}

    def number(self, code: Code) -> int:
        """Return the number of a code, by which ``on_cells`` knows it."""
        number = self._codes.get(code)
        if number is None:
            number = self._codes[code] = len(self.on_cells)
            account = self.account(code)
            self.on_cells.append(tuple(self._expand(code)))
            self.on_tallies.append(self._place(code) if account < 0 else FIRST_ACCOUNT + account)
        return number

    def account(self, code: Code) -> int:
        """Return the place in the accounts of revenue that one such hit adds 1 to; -1: it is about none."""
        if code.kind != "revenue" or code.name not in self._numbers or not 0 <= code.number <= PLACES:
            return -1
        return self._numbers[code.name] * (PLACES + 1) + code.number

    def _place(self, code: Code) -> int:
        """Return the place of the tally that one such hit adds to; -1: it is about none."""
        if code.kind in ("stay", "left", "went_on"):
            return self._pages.place_of(code)
        if code.kind == "delay":
            return delay_place(self._numbers[code.name], code.number) if code.name in self._numbers else -1
        if code.kind != "goal":
            return place_of(code)
        funnel = self._goals.get(code.name, -1)
        return -1 if funnel < 0 else goal_place(funnel, code.number)

    def counter(self, code: Code) -> int | None:
        """Return the counter that one such hit moves: a measure."""
        if code.kind == "act":
            return self._numbers.get(code.name)
        if code.kind == "enter" and (group := self._groups.get(code.name)) is not None:
            return None if group.itself == NO_TIME else group.itself
        return None

    def _expand(self, code: Code) -> list[Effect]:
        if code.kind == "leave":
            return [(FIELDS * self._numbers[m] + OPEN, -1) for m in code.left if m in self._numbers]
        if code.kind == "convert" and code.name in self._numbers:
            first = FIELDS * self._numbers[code.name]
            return [(first + CONVERTED, 1), (first + OPEN, -1)]
        if code.kind == "act" and code.name in self._numbers:
            return [(FIELDS * self._numbers[code.name] + ACTIONS, 1)]
        effects: list[Effect] = []
        if code.kind == "enter" and code.name in self._groups:
            group = self._groups[code.name]
            if group.itself != NO_TIME:
                effects += [(FIELDS * group.itself + field, 1) for field in (SESSIONS, CONVERTED, ACTIONS)]
            for measure in group.members:
                effects += [(FIELDS * measure + SESSIONS, 1), (FIELDS * measure + OPEN, 1)]
        return effects
