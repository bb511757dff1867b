"""Hits: what sessions contribute to the cells of panes, as small numbers that can be added and withdrawn.

A session's contribution follows from its state alone. For each group of measures (those with one base) whose
base it reached, it *enters* the group at the base's time; each measure reached *converts* it there and *acts*
at the measure's own time; when it closes, it *leaves*: what it has not reached it will not reach. The owner
of the rates expands a hit into ``sessions``, ``converted``, ``open`` and ``actions`` of the group's measures.
"""

from typing import Literal

import msgspec

from stream.core.plan import NO_TIME, Group, Plans
from stream.core.session import Session

Kind = Literal["enter", "convert", "act", "leave"]


class Code(msgspec.Struct, frozen=True, array_like=True):
    """What a hit says, by names, so that it can be read without the state that wrote it.

    ``name`` is a group for ``enter`` and ``leave``, a measure for the others; ``left`` lists the measures
    that a leaving session had not reached.
    """

    kind: Kind
    name: str
    left: tuple[str, ...] = ()


class Vocabulary:
    """Numbers the codes of hits. Numbers are of this process only; what is written carries the codes."""

    def __init__(self, plans: Plans) -> None:
        self.codes: list[Code] = []
        self._measures = plans.measures
        self._groups = plans.groups
        self.enter = [self._number(Code("enter", g.name)) for g in plans.groups]
        self.convert = [self._number(Code("convert", m)) for m in plans.measures]
        self.act = [self._number(Code("act", m)) for m in plans.measures]
        self._leave: dict[tuple[int, int], int] = {}
        self.reached = [self._reached(plans, measure) for measure in range(len(plans.measures))]
        """For each measure: groups that it opens (codes), whether it is a member of one, that one's base."""

    def _reached(self, plans: Plans, measure: int) -> tuple[tuple[int, ...], bool, int]:
        opens = tuple(
            self.enter[number] for number, group in enumerate(plans.groups) if group.base == measure
        )
        base = next((group.base for group in plans.groups if measure in group.members), None)
        return opens, base is not None, NO_TIME if base is None else base

    def _number(self, code: Code) -> int:
        self.codes.append(code)
        return len(self.codes) - 1

    def leave(self, group: int, left: int) -> int:
        """Return the code of leaving a group without the measures whose bits (by place in it) are set."""
        code = self._leave.get((group, left))
        if code is None:
            members = self._groups[group].members
            names = tuple(self._measures[m] for place, m in enumerate(members) if left >> place & 1)
            code = self._leave[group, left] = self._number(Code("leave", self._groups[group].name, names))
        return code


def left_behind(session: Session, group: Group) -> int:
    """Return the members of a group (bits by place) that the session has not reached."""
    reached = session.reached
    left = 0
    for place, measure in enumerate(group.members):
        if reached[measure] < 0:
            left |= 1 << place
    return left


def closing(session: Session, plans: Plans, words: Vocabulary) -> list[tuple[int, int]]:
    """Return the hits of the session's close, as (time, code)."""
    hits: list[tuple[int, int]] = []
    for number, group in enumerate(plans.groups):
        base = session.first if group.base < 0 else session.reached[group.base]
        if base >= 0 and group.members:
            left = left_behind(session, group)
            if left:
                hits.append((base, words.leave(number, left)))
    return hits


def contribution(session: Session, closed: bool, plans: Plans, words: Vocabulary) -> list[tuple[int, int]]:
    """Return everything that the session contributes, as (time, code)."""
    hits: list[tuple[int, int]] = []
    reached = session.reached
    for number, group in enumerate(plans.groups):
        base = session.first if group.base < 0 else reached[group.base]
        if base < 0:
            continue
        hits.append((base, words.enter[number]))
        for measure in group.members:
            if reached[measure] >= 0:
                hits.append((base, words.convert[measure]))
                hits.append((reached[measure], words.act[measure]))
    if closed:
        hits += closing(session, plans, words)
    return hits


def reaching(session: Session, measure: int, words: Vocabulary) -> list[tuple[int, int]]:
    """Return what reaching one more measure adds, as (time, code)."""
    time = session.reached[measure]
    opens, is_member, base = words.reached[measure]
    hits = [(time, code) for code in opens]
    if is_member:
        hits.append((session.first if base < 0 else session.reached[base], words.convert[measure]))
        hits.append((time, words.act[measure]))
    return hits
