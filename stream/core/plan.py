"""What an event means to the funnels: compiled once, looked up once per event.

All measures are numbered: funnel steps first, then micro-conversions, in the order of the configuration. A
*group* is the set of measures that share a base, and so share the sessions that are relevant to them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import translate
from operator import attrgetter
from re import compile as compile_pattern
from typing import Final

from stream.core.definition import MICRO, SESSION, Condition, Definition
from stream.core.event import TEXT_FIELDS, Event, field_text

NO_TIME: Final = -1
"""Marks a measure that was not reached, and a chain that does not exist."""


@dataclass(frozen=True, slots=True)
class StepPlan:
    """How one step may be reached.

    ``sources`` are the steps that a chain may come from: the one before, and those further back over optional
    steps; empty for a funnel's first step. ``leads_on``: another step may come from this one.
    """

    measure: int
    funnel: int
    sources: tuple[int, ...]
    within: int
    own_within: int
    first_entry_only: bool
    leads_on: bool


@dataclass(frozen=True, slots=True)
class MicroPlan:
    """A secondary action and the measure that it is of (``NO_TIME``: of the session)."""

    measure: int
    base: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What one kind of event matches: ``mask`` has the bits of the measures and says it all: state keeps it.

    ``funnels`` has, for each funnel concerned, its steps, highest first: no event fills two steps of a chain.
    """

    mask: int
    funnels: tuple[tuple[StepPlan, ...], ...]
    micros: tuple[MicroPlan, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Measures with one base: a funnel, the micro-conversions of the session, or those of one measure.

    ``base`` is the measure that makes a session relevant (``NO_TIME``: the session itself); ``includes_base``
    says that it is a measure of this group too (a funnel's first step).
    """

    name: str
    base: int
    members: tuple[int, ...]
    includes_base: bool


class Plans:
    """The compiled definition.

    Attributes:
        measures: Names of all measures by number.
        groups: All groups; the first is the session's own.
        masks: The bits of the measures that events of a name match, where it depends on nothing else.
        bits: How many bits a mask of measures has.
        all_measures: The mask of all measures.
        optional: Of each measure, whether it may be skipped.
    """

    def __init__(self, definition: Definition) -> None:
        self.measures = definition.measures()
        self.bits = len(self.measures)
        self.all_measures = (1 << self.bits) - 1
        self._number = {name: i for i, name in enumerate(self.measures)}
        self.optional = [step.optional for f in definition.funnels for step in f.steps]
        self.optional += [False] * len(definition.micros)
        self.groups = self._groups(definition)
        self._what: list[StepPlan | MicroPlan] = []
        self._matchers: dict[str, list[tuple[Callable[[Event], bool] | None, StepPlan | MicroPlan]]] = {}
        self._compile(definition)
        self._plans: dict[int, Plan] = {}
        self.masks = {
            name: sum(1 << what.measure for _, what in matchers)
            for name, matchers in self._matchers.items()
            if all(condition is None for condition, _ in matchers)
        }

    def mask_of(self, event: Event) -> int:
        """Return the bits of the measures that the event matches."""
        mask = 0
        for condition, what in self._matchers.get(event.name, ()):
            if condition is None or condition(event):
                mask |= 1 << what.measure
        return mask

    def by_mask(self, mask: int) -> Plan:
        """Return the plan of an event that matches just the measures whose bits are set."""
        plan = self._plans.get(mask)
        if plan is None:
            funnels: dict[int, list[StepPlan]] = {}
            micros: list[MicroPlan] = []
            for what in self._what:
                if not mask >> what.measure & 1:
                    continue
                if isinstance(what, MicroPlan):
                    micros.append(what)
                else:
                    funnels.setdefault(what.funnel, []).insert(0, what)
            plan = self._plans[mask] = Plan(mask, tuple(tuple(f) for f in funnels.values()), tuple(micros))
        return plan

    def _compile(self, definition: Definition) -> None:
        measure = 0
        for number, funnel in enumerate(definition.funnels):
            first = measure
            for position, step in enumerate(funnel.steps):
                sources: list[int] = []
                back = position - 1
                while back >= 0:
                    sources.append(first + back)
                    if not funnel.steps[back].optional:
                        break
                    back -= 1
                plan = StepPlan(
                    measure,
                    number,
                    tuple(sources),
                    funnel.within_ms,
                    funnel.within_ms if step.within_ms is None else step.within_ms,
                    funnel.reentry == "first",
                    position < len(funnel.steps) - 1,
                )
                self._add(step.event, step.where, plan)
                measure += 1
        for micro in definition.micros:
            base = NO_TIME if micro.of == SESSION else self._number[micro.of]
            self._add(micro.event, micro.where, MicroPlan(measure, base))
            measure += 1

    def _add(self, event: str, where: tuple[Condition, ...], what: StepPlan | MicroPlan) -> None:
        condition = _condition(where) if where else None
        self._matchers.setdefault(event, []).append((condition, what))
        self._what.append(what)

    def _groups(self, definition: Definition) -> tuple[Group, ...]:
        of_base: dict[str, list[int]] = {SESSION: []}
        for micro in definition.micros:
            of_base.setdefault(micro.of, []).append(self._number[f"{MICRO}.{micro.name}"])
        groups = [Group(SESSION, NO_TIME, tuple(of_base.pop(SESSION)), False)]
        for funnel in definition.funnels:
            members = tuple(self._number[f"{funnel.name}.{s.name}"] for s in funnel.steps)
            groups.append(Group(funnel.name, members[0], members[1:], True))
        for base, micros in of_base.items():
            groups.append(Group(f"{MICRO}:{base}", self._number[base], tuple(micros), False))
        return tuple(groups)


def _condition(where: tuple[Condition, ...]) -> Callable[[Event], bool]:
    """Return a test for all conditions: equality, or a glob as the shell matches it, with case."""
    tests = [_test(condition) for condition in where]
    if len(tests) == 1:
        return tests[0]
    return lambda event: all(test(event) for test in tests)


def _test(condition: Condition) -> Callable[[Event], bool]:
    field, equal = condition.field, frozenset(condition.patterns)
    globs = [pattern for pattern in condition.patterns if any(sign in pattern for sign in "*?[")]
    if not globs and field in TEXT_FIELDS:
        get = attrgetter(field)
        return lambda event: (get(event) or "") in equal
    if not globs:
        return lambda event: field_text(event, field) in equal
    match = compile_pattern("|".join(map(translate, globs))).match

    def holds(event: Event) -> bool:
        text = field_text(event, field)
        return text in equal or match(text) is not None

    return holds
