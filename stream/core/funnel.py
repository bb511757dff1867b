"""How far a session got: what one more event, or several of one time, do to it.

Step k of an ordered funnel is reached at the earliest time at which some chain of the session's events
leads to it within the windows. Only the newest chain to each step has to be kept: among the chains that end
in one step, the one with the newest last event also has the newest first event, so whatever an older chain
could still lead to, the newest can too (tests hold this against a search over all chains). An exclusion ends
all chains to a step alike. In a strict funnel a chain must go from event to event, so events are numbered.
"""

from collections.abc import Sequence

from stream.core.any_order import take
from stream.core.plan import NO_TIME, MicroPlan, Plan, StepPlan
from stream.core.plans import Plans
from stream.core.session import Session


def begin(time: int, labels: tuple[str, ...]) -> Session:
    """Return a session whose first event is at ``time``, with no measure reached and no event taken."""
    return Session(time, time, labels, False, 0, 0, {}, {}, 0, 0, 0, 0, None)


def advance(session: Session, plans: Plans, plan: Plan, time: int) -> list[int]:
    """Take an event at ``time``, later than all before it; return the measures it is the first to reach.

    Where a funnel is strict, each event of the session has to be taken; else those that do anything.
    """
    now: list[int] = []
    reached = session.reached
    if plans.any_strict:
        session.events += 1
    if plan.is_step:
        for step in plan.steps:
            take_step(session, step, time, now)
        for funnel, bits in plan.any_order:
            take(session, funnel, bits, time, now)
        if plan.ends:
            _end(session, plan)
        for micro in plan.micros:
            measure = micro.measure
            if measure not in reached and (micro.base < 0 or micro.base in reached):
                reached[measure] = time
                now.append(measure)
    if plan.is_page_view:
        session.pages += 1
    elif plan.is_seen:
        session.seen += 1
    elif plan.is_clicked:
        session.clicked += 1
    if plans.engaged not in reached:
        _engage(session, plans, time, now)
    return now


def advance_tied(session: Session, plans: Plans, tied: Sequence[Plan], time: int) -> list[int]:
    """Take events of one time, given in the order of their ids: per funnel the lower step comes first.

    What is no step of a funnel comes behind its steps, and so do exclusions. A micro-conversion of a measure
    counts at the very time of that measure, so these come after all funnels.
    """
    now: list[int] = []
    funnels: dict[int, list[tuple[StepPlan, ...]]] = {}
    micros: dict[int, MicroPlan] = {}
    for plan in tied:
        for steps in plan.funnels:
            funnels.setdefault(steps[0].funnel, []).append(steps)
        for funnel, bits in plan.any_order:
            take(session, funnel, bits, time, now)
        for micro in plan.micros:
            micros[micro.measure] = micro
        session.pages += plan.is_page_view
        session.seen += plan.is_seen
        session.clicked += plan.is_clicked
    reached, before = session.reached, session.events
    for events in funnels.values():
        session.events = before
        for steps in sorted(events, key=lambda s: s[-1].measure):
            session.events += 1
            for step in steps:
                take_step(session, step, time, now)
    session.events = before + len(tied)
    for plan in tied:
        _end(session, plan)
    for measure, micro in sorted(micros.items()):
        if measure not in reached and (micro.base < 0 or micro.base in reached):
            reached[measure] = time
            now.append(measure)
    if plans.engaged not in reached:
        _engage(session, plans, time, now)
    return now


def bits_of(reached: dict[int, int]) -> int:
    """Return the bits of the measures that a session, or an attempt, has reached."""
    bits = 0
    for measure in reached:
        bits |= 1 << measure
    return bits


def reached_by_closing(session: Session, plans: Plans) -> int:
    """Return the bits of the measures that a session has reached if it is closed as it is."""
    facts = 0 if plans.engaged in session.reached else 1 << plans.bounced
    return facts | 1 << plans.single_page if session.pages == 1 else facts


def take_step(session: Session, step: StepPlan, time: int, now: list[int]) -> None:
    """Take an event at ``time`` that matches ``step``; ``now`` gets the measure if it is reached by it."""
    measure, reached = step.measure, session.reached
    if step.strict:
        start = _strict_start(session, step, time)
    elif not step.sources:
        start = NO_TIME if step.first_entry_only and measure in reached else time
    else:
        start = NO_TIME
        chains = session.chains
        for source in step.sources:
            chain = chains.get(source)
            if chain is not None:
                began, last = chain
                if began > start and time - began <= step.within and time - last <= step.own_within:
                    start = began
    if start < 0:
        return
    if step.leads_on:
        if step.strict:
            trails = session.trails
            if trails is None:
                trails = session.trails = {}
            trails[measure] = [(start, time, session.events)]
        else:
            session.chains[measure] = (start, time)
    if measure not in reached:
        reached[measure] = time
        now.append(measure)


def _strict_start(session: Session, step: StepPlan, time: int) -> int:
    """Return when the newest chain began that leads to ``step`` from the event before; ``NO_TIME``: none."""
    if not step.sources:
        return NO_TIME if step.first_entry_only and step.measure in session.reached else time
    start = NO_TIME
    trails = session.trails or {}
    for source in step.sources:
        for began, last, number in trails.get(source, ()):
            if (
                number == session.events - 1
                and began > start
                and time - began <= step.within
                and time - last <= step.own_within
            ):
                start = began
    return start


def _end(session: Session, plan: Plan) -> None:
    """End the chains that an exclusion is about."""
    for measure in plan.ends:
        session.chains.pop(measure, None)
        if session.trails is not None:
            session.trails.pop(measure, None)


def _engage(session: Session, plans: Plans, time: int, now: list[int]) -> None:
    """Note whether the session is engaged from ``time`` on: it lasts, sees a second page, or converts.

    After Google Analytics 4's definition of an engaged session, with micro-conversions for key events.
    """
    if (
        time - session.first > plans.engaged_after
        or session.pages >= 2
        or (now and not plans.conversions.isdisjoint(now))
    ):
        session.reached[plans.engaged] = time
        now.append(plans.engaged)
