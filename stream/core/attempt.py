"""Attempts at funnels that run across a visitor's sessions: how they open, go on and close.

An attempt opens at the funnel's first step when none is open. It closes when it reaches the last step, or
when the funnel's ``within`` has passed since its newest first step. It counts in the segments of the session
in which it began.
"""

from collections.abc import Sequence
from itertools import groupby

from stream.core.earning import book, forget_paid, paid_by
from stream.core.funnel import begin, take_step
from stream.core.leaving import Leaving
from stream.core.plan import JourneyPlan, StepPlan
from stream.core.plans import Plans
from stream.core.revenue import Money
from stream.core.session import Session
from stream.core.stays import EVERY_STEP, came_from, page_before
from stream.core.visitor import Attempt, Journey, Visitor


def is_complete(attempt: Attempt, plans: Plans) -> bool:
    """Whether an attempt has reached the last step."""
    return plans.journeys[attempt.funnel].last in attempt.state.reached


def end_of(attempt: Attempt, plans: Plans) -> int:
    """Return the last time (ms) at which an event may lead on an attempt that is not complete."""
    return attempt.state.last + plans.journeys[attempt.funnel].within


def replay(journey: Journey, count: int, plans: Plans) -> list[Attempt]:
    """Return the attempts that ``folded`` and the first ``count`` events of the log make, which is in order.

    Those of ``folded`` come first, moved on; they themselves are not changed. New ones have no labels yet.
    """
    attempts = [attempt.copy() for attempt in journey.folded]
    newest = {attempt.funnel: attempt for attempt in attempts}
    paid = paid_by(journey, journey.kinds)
    for time, numbers in groupby(range(count), journey.times.__getitem__):
        tied = list(numbers)
        concerned: dict[int, list[tuple[tuple[StepPlan, ...], int]]] = {}
        for i in tied:
            for steps in plans.by_kind(journey.kinds[i]).journey:
                concerned.setdefault(steps[0].funnel, []).append((steps, i))
        for funnel, events in concerned.items():
            plan = plans.journeys[funnel]
            earned: list[tuple[Attempt, Money]] = []
            for steps, i in sorted(events, key=_lowest_step):
                attempt = _take(newest.get(funnel), plan, steps, time, journey.sids[i], journey.pages[i])
                if attempt is not None and attempt is not newest.get(funnel):
                    attempts.append(attempt)
                    newest[funnel] = attempt
                if attempt is None or paid is None:
                    continue
                if plan.macro in plans.by_kind(journey.kinds[i]).journey_macros:
                    money = paid.get(i)
                    if money is not None:
                        earned.append((attempt, money))
            for attempt, money in earned:
                if plan.macro in attempt.state.reached:
                    book(attempt.state, plan.macro, money)
        for i in tied:
            for measure, funnel in plans.by_kind(journey.kinds[i]).journey_ends:
                if funnel in newest:
                    newest[funnel].state.chains.pop(measure, None)
    return attempts


def session_of(attempt: Attempt, visitor: Visitor) -> Session | None:
    """Return the session in which an attempt began; ``None``: it is no longer kept."""
    return _session_at(visitor, attempt.sid, attempt.state.first)


def count_earlier(attempt: Attempt, visitor: Visitor, plans: Plans) -> None:
    """Note how many sessions came before the one in which an attempt reached the macro step, if it did.

    When that session is no longer kept the attempt knows it, also when it is replayed: then it is folded.
    """
    macro = plans.journeys[attempt.funnel].macro
    session = _session_of_step(attempt, macro, visitor) if macro in attempt.state.reached else None
    if session is not None:
        attempt.state.earlier = session.earlier


def note_ends(attempt: Attempt, known: Attempt | None, visitor: Visitor) -> None:
    """Note how the sessions ended, as far as they have come, in which an attempt reached its steps.

    ``known`` is what it was before: of sessions that are no longer kept it has what was noted last.
    """
    for measure in attempt.sids:
        session = _session_of_step(attempt, measure, visitor)
        if session is not None:
            attempt.ends[measure] = session.page, session.last
        elif known is not None and measure in known.ends:
            attempt.ends[measure] = known.ends[measure]


def note_pages(journey: Journey, visitor: Visitor) -> bool:
    """Note from which pages the events of the log came, as far as that can still change.

    Returns:
        Whether it did.
    """
    before = journey.pages.copy()
    for i, (time, sid) in enumerate(zip(journey.times, journey.sids, strict=True)):
        group = next((group for group in visitor.groups if group.sid == sid), None)
        session = None if group is None else _session_at(visitor, sid, time)
        if group is not None and session is not None and group.times and group.times[0] <= time:
            journey.pages[i] = page_before(group, session.first, time)
    return journey.pages != before


def leaving_of(attempt: Attempt) -> Leaving:
    """Return where an attempt is left that goes on no more: in the session in which it got furthest."""
    furthest = max(attempt.state.reached)
    return Leaving(furthest, *attempt.ends[furthest])


def is_kept_for(attempt: Attempt, visitor: Visitor) -> bool:
    """Whether a session is kept by which an attempt may still change."""
    return any(_session_of_step(attempt, measure, visitor) is not None for measure in attempt.sids)


def fold(journey: Journey, horizon: int, plans: Plans) -> None:
    """Move the events of the log that are before ``horizon`` into ``folded``. All are settled."""
    count = sum(time < horizon for time in journey.times)
    if not count:
        return
    folded = replay(journey, count, plans)
    for attempt, known in zip(folded, journey.attempts, strict=False):  # which begin with those, and go on
        attempt.state.labels, attempt.state.returning = known.state.labels, known.state.returning
        attempt.state.earlier = known.state.earlier
        attempt.ends = {measure: known.ends[measure] for measure in attempt.sids}
    journey.folded = folded
    del journey.times[:count], journey.ids[:count], journey.kinds[:count]
    del journey.sids[:count], journey.pages[:count]
    journey.settled -= count
    forget_paid(journey, horizon)


def put_in_order(journey: Journey) -> None:
    """Put the log in order: by time, then id."""
    entries = sorted(zip(journey.times, journey.ids, journey.kinds, journey.sids, journey.pages, strict=True))
    journey.times = [entry[0] for entry in entries]
    journey.ids = [entry[1] for entry in entries]
    journey.kinds = [entry[2] for entry in entries]
    journey.sids = [entry[3] for entry in entries]
    journey.pages = [entry[4] for entry in entries]


def longest(plans: Plans) -> int:
    """Return for how long (ms) an attempt may stay open after its newest first step; 0: there are none."""
    return max((plan.within for plan in plans.journeys.values()), default=0)


def _session_of_step(attempt: Attempt, measure: int, visitor: Visitor) -> Session | None:
    """Return the session in which an attempt reached a measure; ``None``: it is no longer kept."""
    return _session_at(visitor, attempt.sids[measure], attempt.state.reached[measure])


def _session_at(visitor: Visitor, sid: str, time: int) -> Session | None:
    """Return the session with that client's id that lasts at that time; ``None``: it is no longer kept."""
    for group in visitor.groups:
        if group.sid == sid:
            for session in group.sessions:
                if session.first <= time <= session.last:
                    return session
    return None


def _lowest_step(event: tuple[Sequence[StepPlan], int]) -> int:
    return event[0][-1].measure


def _take(
    attempt: Attempt | None, plan: JourneyPlan, steps: Sequence[StepPlan], time: int, sid: str, page: int
) -> Attempt | None:
    """Let an event that matches these steps, highest first, go on with an attempt or open a new one."""
    opens = not steps[-1].sources
    if attempt is not None and (
        plan.last in attempt.state.reached or time - attempt.state.last > plan.within
    ):
        attempt = None
    if attempt is None:
        if not opens:
            return None
        attempt = Attempt(plan.funnel, sid, begin(time, ()), {}, {})
        page = 0  # nobody goes on to the first step
        steps = steps[-1:]  # no event fills two steps
    now: list[int] = []
    for step in steps:
        take_step(attempt.state, step, time, now)
    attempt.sids.update(dict.fromkeys(now, sid))
    came_from(attempt.state, EVERY_STEP, now, page)
    if opens:
        attempt.state.last = time
    return attempt
