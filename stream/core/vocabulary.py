"""The vocabulary of hits: what sessions contribute to the cells of panes, as codes that have small numbers.

A session's contribution follows from its state alone. For each group of measures (those with one base) whose
base it reached, it *enters* the group at the base's time; each measure reached *converts* it there and *acts*
at the measure's own time; when it closes, it *leaves*: what it has not reached it will not reach. The owner
of the rates expands a hit into ``sessions``, ``converted``, ``open`` and ``actions`` of the group's measures.
Some facts about a session are reached by closing (bounced): these bear the time of its last event.
"""

from collections.abc import Iterator, Sequence

from stream.core.conversion import Conversions
from stream.core.delay import Delays
from stream.core.delta import Code
from stream.core.ending import KNOWN_LIMIT, Endings
from stream.core.leaving import Leavings
from stream.core.plan import LAST_TIME, NO_TIME
from stream.core.plans import Plans
from stream.core.revenue import PLACES, measure_of


class Vocabulary:
    """Numbers the codes of hits. Numbers are of this process only; what is written carries the codes.

    Attributes:
        at_the_end: The measures that sessions reach by closing.
        endings: What else they contribute then.
        conversions: What else reaching a macro step contributes.
        delays: What else every conversion contributes.
        leavings: What closing contributes because of pages.
    """

    def __init__(self, plans: Plans, pages: Sequence[str]) -> None:
        """Begin; ``pages`` are the names of pages by number, which may become more."""
        self.codes: list[Code] = []
        self._measures = plans.measures
        self._groups = plans.groups
        self.at_the_end = (plans.bounced, plans.single_page)
        self.enter = [self._number(Code("enter", g.name)) for g in plans.groups]
        self._convert = [self._number(Code("convert", m)) for m in plans.measures]
        self._act = [self._number(Code("act", m)) for m in plans.measures]
        self._gain: dict[int, tuple[tuple[int, int], ...]] = {}
        self._leaves: dict[int, tuple[tuple[int, int], ...]] = {}
        self._leaving: dict[Code, int] = {}
        self._revenue: dict[int, int] = {}
        self.endings = Endings(self._number, plans)
        self.conversions = Conversions(self._number, plans)
        self.delays = Delays(self._number, plans)
        self.leavings = Leavings(self._number, plans, pages)
        self.gains = [tuple(self._gains(measure)) for measure in range(len(plans.measures))]
        """What reaching each measure adds: at whose time (or ``NO_TIME``, ``LAST_TIME``), and the code."""
        self.counted = [
            tuple(code for base, code in gains if base == self._when(measure))
            for measure, gains in enumerate(self.gains)
        ]
        self.counted[plans.started] = (self.enter[0],)
        """For each measure: the codes by which counters see that it was reached."""

    def _gains(self, measure: int) -> Iterator[tuple[int, int]]:
        base = next((group.base for group in self._groups if measure in group.members), None)
        if base is not None:
            yield base, self._convert[measure]
            yield self._when(measure), self._act[measure]
        for number, group in enumerate(self._groups):
            if group.base == measure:
                yield measure, self.enter[number]

    def _when(self, measure: int) -> int:
        """Return whose time a measure bears: its own, or the session's last."""
        return LAST_TIME if measure in self.at_the_end else measure

    def _number(self, code: Code) -> int:
        self.codes.append(code)
        return len(self.codes) - 1

    def revenue(self, place: int) -> int:
        """Return the number of the code that adds to one of the places of an account."""
        number = self._revenue.get(place)
        if number is None:
            code = Code("revenue", self._measures[measure_of(place)], (), place & PLACES)
            number = self._revenue[place] = self._number(code)
        return number

    def gain(self, mask: int) -> tuple[tuple[int, int], ...]:
        """Return what an open session contributes that reached just the measures whose bits are set.

        Returns:
            Whose time it bears (a measure's, ``NO_TIME`` or ``LAST_TIME``), and the code.
        """
        gain = self._gain.get(mask)
        if gain is None:
            if len(self._gain) >= KNOWN_LIMIT:
                self._gain.clear()
            found = [(NO_TIME, self.enter[0])]
            for measure, gains in enumerate(self.gains):
                if mask >> measure & 1:
                    found += gains
            gain = self._gain[mask] = tuple(found)
        return gain

    def gain_of_attempt(self, mask: int) -> tuple[tuple[int, int], ...]:
        """Return what an attempt across sessions contributes likewise: no session."""
        return self.gain(mask)[1:]

    def leave(self, mask: int) -> tuple[tuple[int, int], ...]:
        """Return how a session that reached just the measures whose bits are set leaves its groups.

        Returns:
            For each group that it leaves with something not reached: the measure that is the group's base
            (``NO_TIME``: the session itself), and the code.
        """
        leaves = self._leaves.get(mask)
        if leaves is None:
            if len(self._leaves) >= KNOWN_LIMIT:
                self._leaves.clear()
            leaves = self._leaves[mask] = tuple(self._leave(mask))
        return leaves

    def leave_of_attempt(self, mask: int) -> tuple[tuple[int, int], ...]:
        """Return how an attempt across sessions leaves likewise."""
        return tuple(leave for leave in self.leave(mask) if leave[0] >= 0)

    def _leave(self, mask: int) -> Iterator[tuple[int, int]]:
        for group in self._groups:
            left = tuple(self._measures[member] for member in group.members if not mask >> member & 1)
            if left and (group.base < 0 or mask >> group.base & 1):
                code = Code("leave", group.name, left)
                number = self._leaving.get(code)
                if number is None:
                    number = self._leaving[code] = self._number(code)
                yield group.base, number
