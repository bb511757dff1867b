"""How far a session got in its funnels: what one more event does to it.

Rules of an ordered funnel: step k is reached at the earliest time at which some chain of the session's events
leads to it within the windows. Only the newest chain to each step has to be kept: among the chains that end
in one step, the one with the newest last event also has the newest first event, so whatever an older chain
could still lead to, the newest can too (tests hold this against a search over all chains).
"""

from collections.abc import Sequence

from stream.core.plan import NO_TIME, MicroPlan, Plan, StepPlan
from stream.core.session import Session


def begin(time: int, labels: tuple[str, ...]) -> Session:
    """Return a session whose first event is at ``time``, with no measure reached."""
    return Session(time, time, labels, False, 0, 0, {}, {})


def advance(session: Session, plan: Plan, time: int) -> list[int]:
    """Take an event at ``time``, later than all before it; return the measures it is the first to reach."""
    reached_now: list[int] = []
    reached, chains = session.reached, session.chains
    for steps in plan.funnels:
        for step in steps:
            _step(reached, chains, step, time, reached_now)
    for micro in plan.micros:
        measure = micro.measure
        if measure not in reached and (micro.base < 0 or micro.base in reached):
            reached[measure] = time
            reached_now.append(measure)
    return reached_now


def advance_tied(session: Session, plans: Sequence[Plan], time: int) -> list[int]:
    """Take events of one time, given in the order of their ids: per funnel the lower step comes first.

    A micro-conversion of a measure counts at the very time of that measure, so these come after all funnels.
    """
    reached_now: list[int] = []
    funnels: dict[int, list[tuple[StepPlan, ...]]] = {}
    micros: dict[int, MicroPlan] = {}
    for plan in plans:
        for steps in plan.funnels:
            funnels.setdefault(steps[0].funnel, []).append(steps)
        for micro in plan.micros:
            micros[micro.measure] = micro
    reached, chains = session.reached, session.chains
    for events in funnels.values():
        for steps in sorted(events, key=lambda s: s[-1].measure):
            for step in steps:
                _step(reached, chains, step, time, reached_now)
    for measure, micro in sorted(micros.items()):
        if measure not in reached and (micro.base < 0 or micro.base in reached):
            reached[measure] = time
            reached_now.append(measure)
    return reached_now


def _step(
    reached: dict[int, int],
    chains: dict[int, tuple[int, int]],
    step: StepPlan,
    time: int,
    reached_now: list[int],
) -> None:
    """Take an event that matches ``step``."""
    measure = step.measure
    if not step.sources:
        if step.first_entry_only and measure in reached:
            return
        start = time
    else:
        start = NO_TIME
        for source in step.sources:
            chain = chains.get(source)
            if chain is not None:
                began, last = chain
                if began > start and time - began <= step.within and time - last <= step.own_within:
                    start = began
        if start < 0:
            return
    if step.leads_on:
        chains[measure] = (start, time)
    if measure not in reached:
        reached[measure] = time
        reached_now.append(measure)
