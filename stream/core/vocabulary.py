"""The vocabulary of hits: what sessions contribute to the cells of panes, as codes that have small numbers.

A session's contribution follows from its state alone. For each group of measures (those with one base) whose
base it reached, it *enters* the group at the base's time; each measure reached *converts* it there and *acts*
at the measure's own time; when it closes, it *leaves*: what it has not reached it will not reach. The owner
of the rates expands a hit into ``sessions``, ``converted``, ``open`` and ``actions`` of the group's measures.
Some facts about a session are reached by closing (bounced): these bear the time of its last event.

Most sessions begin, and end, as many others do. What one contributes then for the time of its first event is
one hit, of a *bundle*: a third of the hits that its codes would be.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from stream.core.conversion import Conversions
from stream.core.delta import Bundle, Code
from stream.core.ending import KNOWN_LIMIT, Endings
from stream.core.plan import LAST_TIME, NO_TIME
from stream.core.plans import Plans
from stream.core.session import Session

FIRST_BUNDLE: Final = 1 << 19
"""Numbers from here on are those of bundles."""

Timed = tuple[tuple[int, int], ...]
"""Codes by number, each with the measure at whose time it is (or ``NO_TIME``, ``LAST_TIME``)."""


class Vocabulary:
    """Numbers the codes of hits. Numbers are of this process only; what is written carries the codes.

    Attributes:
        codes: The codes by number.
        bundles: The bundles by number, which begin at ``FIRST_BUNDLE``.
        at_the_end: The measures that sessions reach by closing.
        gains: What reaching each measure adds.
        counted: For each measure: the codes by which counters see that it was reached.
        endings: What else they contribute then.
        conversions: What else reaching a macro step contributes.
    """

    def __init__(self, plans: Plans) -> None:
        self.codes: list[Code] = []
        self.bundles: list[Bundle] = []
        self._measures = plans.measures
        self._groups = plans.groups
        self.at_the_end = (plans.bounced, plans.single_page)
        self.enter = [self._number(Code("enter", g.name)) for g in plans.groups]
        self._convert = [self._number(Code("convert", m)) for m in plans.measures]
        self._act = [self._number(Code("act", m)) for m in plans.measures]
        self._gain: dict[int, Timed] = {}
        self._leaves: dict[int, Timed] = {}
        self._leaving: dict[Code, int] = {}
        self._begin: dict[tuple[int, int], Timed] = {}
        self._closing: dict[tuple[int, int, int, int, int], Timed] = {}
        self.endings = Endings(self._number, plans)
        self.conversions = Conversions(self._number, plans)
        self.gains = [tuple(self._gains(measure)) for measure in range(len(plans.measures))]
        self.counted = [
            tuple(code for base, code in gains if base == self._when(measure))
            for measure, gains in enumerate(self.gains)
        ]
        self.counted[plans.started] = (self.enter[0],)

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

    def _bundle(self, parts: Iterable[tuple[int, int]]) -> int:
        """Return the number of a new bundle of codes, each so many times."""
        self.bundles.append(tuple(parts))
        return FIRST_BUNDLE + len(self.bundles) - 1

    def forget(self) -> None:
        """Drop the bundles if there are many. Only when no hit refers to one."""
        if len(self.bundles) > KNOWN_LIMIT:
            self.bundles.clear()
            self._begin.clear()
            self._closing.clear()

    def gain(self, mask: int) -> Timed:
        """Return what an open session contributes that reached just the measures whose bits are set."""
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

    def begin(self, mask: int, soon: int) -> Timed:
        """Return the same for one of which nothing has been contributed yet.

        Args:
            mask: The bits of the measures that it has reached.
            soon: The bits of those of them that it reached in the pane of its first event.
        """
        begin = self._begin.get((mask, soon))
        if begin is None:
            at_once, later = [], []
            for when, code in self.gain(mask):
                if when == NO_TIME or soon >> when & 1:
                    at_once.append((code, 1))
                else:
                    later.append((when, code))
            begin = self._begin[mask, soon] = ((NO_TIME, self._bundle(at_once)), *later)
        return begin

    def gain_of_attempt(self, mask: int) -> Timed:
        """Return what an attempt across sessions contributes likewise: no session."""
        return self.gain(mask)[1:]

    def leave(self, mask: int) -> Timed:
        """Return how a session that reached just the measures whose bits are set leaves its groups.

        That is, each group that it leaves with something not reached, at the time of the group's base.
        """
        leaves = self._leaves.get(mask)
        if leaves is None:
            if len(self._leaves) >= KNOWN_LIMIT:
                self._leaves.clear()
            leaves = self._leaves[mask] = tuple(self._leave(mask))
        return leaves

    def leave_of_attempt(self, mask: int) -> Timed:
        """Return how an attempt across sessions leaves likewise."""
        return tuple(leave for leave in self.leave(mask) if leave[0] >= 0)

    def close(self, session: Session, mask: int, facts: int) -> Timed:
        """Return what a session contributes by closing, but for how long it lasted.

        Args:
            session: The session.
            mask: The bits of all measures that it has reached.
            facts: The bits of those that it reaches by closing.
        """
        key = mask, facts, session.pages, session.seen, session.clicked
        closing = self._closing.get(key)
        if closing is None:
            found = list(self.leave(mask))
            for measure in self.at_the_end:
                if facts >> measure & 1:
                    found += self.gains[measure]
            parts = [(code, 1) for when, code in found if when == NO_TIME]
            bundle = self._bundle(parts + self.endings.but_duration(session, mask))
            later = [(when, code) for when, code in found if when != NO_TIME]
            closing = self._closing[key] = ((NO_TIME, bundle), *later)
        return closing

    def _leave(self, mask: int) -> Iterator[tuple[int, int]]:
        for group in self._groups:
            left = tuple(self._measures[member] for member in group.members if not mask >> member & 1)
            if left and (group.base < 0 or mask >> group.base & 1):
                code = Code("leave", group.name, left)
                number = self._leaving.get(code)
                if number is None:
                    number = self._leaving[code] = self._number(code)
                yield group.base, number
