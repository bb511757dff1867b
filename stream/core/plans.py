"""The compiled definition: from the kind of an event to what it does.

From its kind (:mod:`stream.core.kinds`), and from nothing else, follows what an event does
(:class:`stream.core.plan.Plan`).
"""

from itertools import chain
from typing import NamedTuple

from stream.core.definition import MICRO, SESSION, SESSION_FACTS, Condition, Definition, Funnel
from stream.core.groups import groups_of
from stream.core.kinds import Kinds
from stream.core.plan import (
    CLICKED,
    NO_TIME,
    PAGE_VIEW,
    SEEN,
    AnyOrderPlan,
    Goal,
    JourneyPlan,
    MicroPlan,
    Plan,
    StepPlan,
)


class _Exclusion(NamedTuple):
    """What an exclusion ends: the chains of these steps of a funnel."""

    steps: tuple[int, ...]
    funnel: int


_What = StepPlan | tuple[AnyOrderPlan, int] | MicroPlan | _Exclusion


class Plans:
    """The compiled definition.

    Attributes:
        measures: Names of all measures by number.
        groups: All groups; the first is the session's own.
        kinds: Tells the kinds of events.
        conditions: How many different conditions there are on events of each name.
        conversions: The measures that are conversions of a session, micro or macro.
        milestones: The bits of what makes a session's intent high: secondary actions, steps of funnels after
            the first.
        goals: The macro steps, in the order of their funnels.
        goal_bits: The bits of their measures.
        leading: The bits of the micro-conversions that may lead to them: secondary actions, steps of funnels
            after the first that are no macro step; also of funnels across sessions.
        in_session: Of each funnel of a session, its first and its last measure.
        further: The bits of their steps after the first.
        weights: What reaching each measure adds to a session's intent score, in millionths.
        any_strict: Whether some funnel is strict: then each event of a session has a number.
        started: The first of the measures that are facts about sessions.
        engaged_after: A session that lasts longer is engaged, ms.
        journeys: The funnels that run across sessions, by number.
        macros: The measures of all macro steps: these have revenue.
        paying: The names of their events.
        has_revenue: Whether some of them are of sessions.
        known: What `by_kind` has returned, by kind.
    """

    def __init__(self, definition: Definition) -> None:
        self.measures = definition.measures()
        self._number = {name: i for i, name in enumerate(self.measures)}
        self.started = len(self.measures) - len(SESSION_FACTS)
        self.engaged, self.bounced, self.single_page = range(self.started + 1, len(self.measures))
        self.optional = [step.optional for f in definition.funnels for step in f.steps]
        self.optional += [False] * (len(self.measures) - len(self.optional))
        self.engaged_after = definition.times.engaged_after
        self.any_strict = any(f.order == "strict" for f in definition.funnels)
        entrances = {
            self._number[f"{f.name}.{f.steps[0].name}"] for f in definition.funnels if not f.steps[0].macro
        }
        across = {
            self._number[f"{f.name}.{s.name}"]
            for f in definition.funnels
            if f.scope == "visitor"
            for s in f.steps
        }
        self.conversions = frozenset(range(self.started)) - entrances - across
        firsts = {self._number[f"{f.name}.{f.steps[0].name}"] for f in definition.funnels}
        self.milestones = sum(1 << measure for measure in self.conversions - firsts)
        self.goals = tuple(
            Goal(f.name, number, self._number[f"{f.name}.{step.name}"])
            for number, f in enumerate(definition.funnels)
            for step in f.steps
            if step.macro
        )
        self.goal_bits = sum(1 << goal.measure for goal in self.goals)
        self.leading = (1 << self.started) - 1 & ~self.goal_bits & ~sum(1 << measure for measure in firsts)
        self.in_session = [
            (self._number[f"{f.name}.{f.steps[0].name}"], self._number[f"{f.name}.{f.steps[-1].name}"])
            for f in definition.funnels
            if f.scope == "session"
        ]
        self.further = sum((1 << last + 1) - (1 << first + 1) for first, last in self.in_session)
        self.weights = [s.weight * (f.scope == "session") for f in definition.funnels for s in f.steps]
        self.weights += [micro.weight for micro in definition.micros] + [0] * len(SESSION_FACTS)
        self.groups = groups_of(definition, self._number)
        self.macros = frozenset(goal.measure for goal in self.goals)
        self.paying = frozenset(step.event for f in definition.funnels for step in f.steps if step.macro)
        self._macros_across = self.macros & across
        self.has_revenue = self.macros > self._macros_across
        self.journeys: dict[int, JourneyPlan] = {}
        self._names = [PAGE_VIEW, *SEEN, *CLICKED]
        self._conditions: list[list[tuple[Condition, ...]]] = [[] for _ in self._names]
        self._what: list[list[tuple[int, _What]]] = [[] for _ in self._names]
        """For each name: the number of the condition that has to hold (-1: none), and what happens then."""
        self._compile(definition)
        conditions = dict(zip(self._names, self._conditions, strict=True))
        self.kinds = Kinds(conditions)
        self.conditions = {name: len(wheres) for name, wheres in conditions.items()}
        self.known: dict[int, Plan] = {}

    def by_kind(self, kind: int) -> Plan:
        """Return what events of a kind do."""
        plan = self.known.get(kind)
        if plan is None:
            plan = self.known[kind] = self._plan(kind)
        return plan

    def _plan(self, kind: int) -> Plan:
        name = self.kinds.name(kind)
        said = self._names[name] if name >= 0 else ""
        mask = 0
        funnels: dict[int, list[StepPlan]] = {}
        any_order: dict[int, tuple[AnyOrderPlan, int]] = {}
        micros: list[MicroPlan] = []
        ends: list[tuple[int, int]] = []
        for condition, what in self._what[name] if name >= 0 else ():
            if condition >= 0 and not kind >> condition & 1:
                continue
            if isinstance(what, _Exclusion):
                ends += [(step, what.funnel) for step in what.steps]
            elif isinstance(what, MicroPlan):
                mask |= 1 << what.measure
                micros.append(what)
            elif isinstance(what, StepPlan):
                mask |= 1 << what.measure
                funnels.setdefault(what.funnel, []).insert(0, what)
            else:
                funnel, bit = what
                mask |= bit << funnel.first
                any_order[funnel.funnel] = funnel, any_order.get(funnel.funnel, (funnel, 0))[1] | bit
        ends_here = [step for step, funnel in ends if funnel not in self.journeys]
        in_session = tuple(
            tuple(steps) for number, steps in sorted(funnels.items()) if number not in self.journeys
        )
        return Plan(
            mask,
            in_session,
            tuple(chain.from_iterable(in_session)),
            tuple(any_order.values()),
            tuple(micros),
            tuple(ends_here),
            said == PAGE_VIEW,
            said in SEEN,
            said in CLICKED,
            mask != 0 or len(ends_here) > 0,
            tuple(tuple(steps) for number, steps in sorted(funnels.items()) if number in self.journeys),
            tuple(end for end in ends if end[1] in self.journeys),
            tuple(m for m in sorted(self.macros - self._macros_across) if mask >> m & 1),
            tuple(m for m in sorted(self._macros_across) if mask >> m & 1),
        )

    def _compile(self, definition: Definition) -> None:
        first = 0
        for number, funnel in enumerate(definition.funnels):
            optional = tuple(step.optional for step in funnel.steps)
            any_order = AnyOrderPlan(number, first, funnel.within_ms, optional)
            for position, step in enumerate(funnel.steps):
                what: _What = (any_order, 1 << position)
                if funnel.order != "unordered":
                    what = _step(funnel, number, first, position)
                self._add(step.event, step.where, what)
            for exclusion in funnel.exclusions:
                steps = tuple(range(first + exclusion.first, first + exclusion.last))
                self._add(exclusion.event, exclusion.where, _Exclusion(steps, number))
            first += len(funnel.steps)
            if funnel.scope == "visitor":
                macro = next((goal.measure for goal in self.goals if goal.number == number), NO_TIME)
                self.journeys[number] = JourneyPlan(number, first - 1, funnel.within_ms, macro)
        for micro in definition.micros:
            base = NO_TIME if micro.of == SESSION else self._number[micro.of]
            self._add(micro.event, micro.where, MicroPlan(self._number[f"{MICRO}.{micro.name}"], base))

    def _add(self, event: str, where: tuple[Condition, ...], what: _What) -> None:
        if event not in self._names:
            self._names.append(event)
            self._conditions.append([])
            self._what.append([])
        name = self._names.index(event)
        conditions = self._conditions[name]
        if where and where not in conditions:
            conditions.append(where)
        self._what[name].append((conditions.index(where) if where else -1, what))


def _step(funnel: Funnel, number: int, first: int, position: int) -> StepPlan:
    """Return the plan of a step of an ordered or strict funnel, whose first measure is ``first``."""
    sources: list[int] = []
    back = position - 1
    while back >= 0:
        sources.append(first + back)
        if not funnel.steps[back].optional:
            break
        back -= 1
    own = funnel.steps[position].within_ms
    return StepPlan(
        first + position,
        number,
        tuple(sources),
        funnel.within_ms,
        funnel.within_ms if own is None else own,
        funnel.reentry == "first",
        position < len(funnel.steps) - 1,
        funnel.order == "strict",
    )
