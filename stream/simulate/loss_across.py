"""Which events are not sent, because attempts at funnels across sessions are to fail.

Each visitor's attempts are followed with the very rules by which a worker counts them. An attempt that is
struck at a step makes none of the later ones, in this visit and in those to come, until it makes that step
after all, or its time is over. One that is struck at its first step never opens; whoever would have made it
is kept from its steps for as long as it would have lasted.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from stream.core.attempt import end_of, is_complete, put_in_order, replay
from stream.core.plan import Plan
from stream.core.plans import Plans
from stream.core.session import Session
from stream.core.timer import Timers
from stream.core.visitor import Attempt, Journey
from stream.simulate.event import SiteEvent
from stream.simulate.rule import Rule
from stream.simulate.visit import Visit


class Candidate(NamedTuple):
    """An event that may be sent.

    Attributes:
        at_ms: When it happens, ms since the epoch.
        event: The event, with all that it says.
        kind: Its kind.
        plan: What it does.
        visit: What it is part of.
        session: The session as it is with it.
    """

    at_ms: int
    event: SiteEvent
    kind: int
    plan: Plan
    visit: Visit
    session: Session


@dataclass(slots=True)
class _Known:
    """What is known of a visitor.

    Attributes:
        journey: The attempts that the sent events make. Its log has those of the newest moment alone: they
            take their turns by step, in whatever order they come.
        stuck: Rules by which an attempt could not go on, each with until when that attempt lasts, ms.
    """

    journey: Journey = field(default_factory=lambda: _journey(()))
    stuck: dict[Rule, int] = field(default_factory=dict)


class AttemptLosses:
    """Decides, event by event in order of time, what is not sent for the sake of attempts.

    Args:
        rules: What is to be dropped of funnels across sessions.
        plans: What is measured.
    """

    def __init__(self, rules: Sequence[Rule], plans: Plans) -> None:
        self._rules = tuple((rule, rule.journey) for rule in rules if rule.journey is not None)
        self._plans = plans
        self._known: dict[str, _Known] = {}
        self._timers = Timers()

    def stopping(self, candidate: Candidate) -> list[Rule]:
        """Return the rules by which an event is not sent; these are noted to have struck."""
        self._forget(candidate.at_ms)
        plan = candidate.plan
        if not plan.journey:
            return []
        known = self._known_at(candidate)
        ahead = self._ahead(known.journey, candidate)
        reached = _reached(ahead.attempts) - _reached(known.journey.attempts)
        newest = {attempt.funnel: attempt for attempt in ahead.attempts}
        stopping = []
        for rule, journey in self._rules:
            attempt = newest.get(journey.funnel)
            if rule in known.stuck:
                again = rule.measure in reached or plan.mask >> rule.measure & 1
                stops = rule.drop.covers(candidate.at_ms) if again else bool(plan.mask & rule.later)
            else:
                stops = (
                    attempt is not None
                    and rule.measure in reached
                    and rule.drop.covers(candidate.at_ms)
                    and _strikes(rule, candidate.visit.visitor.id, attempt)
                )
                rule.struck += stops
            if stops:
                stopping.append(rule)
            if attempt is not None and (stops or rule in known.stuck):  # who tries anew has more time
                known.stuck[rule] = max(end_of(attempt, self._plans), known.stuck.get(rule, 0))
        if known.stuck:
            self._keep(candidate, known)
        return stopping

    def take(self, candidate: Candidate) -> None:
        """Take an event that is sent."""
        plan = candidate.plan
        if not plan.journey and not plan.journey_ends:
            known = self._known.get(candidate.visit.visitor.id)
            if known is not None:
                _label(known.journey.attempts, candidate)
            return
        known = self._known_at(candidate)
        for rule in [rule for rule in known.stuck if plan.mask >> rule.measure & 1]:
            del known.stuck[rule]  # another try, and it worked
        known.journey = self._ahead(known.journey, candidate)
        self._keep(candidate, known)

    def _known_at(self, candidate: Candidate) -> _Known:
        """Return what is known of the visitor when an event happens, without what is over by then."""
        known = self._known.get(candidate.visit.visitor.id) or _Known()
        at_ms, journey = candidate.at_ms, known.journey
        if not journey.times or journey.times[-1] < at_ms:
            known.journey = _journey(
                attempt
                for attempt in journey.attempts
                if not is_complete(attempt, self._plans) and end_of(attempt, self._plans) >= at_ms
            )
        known.stuck = {rule: until for rule, until in known.stuck.items() if until >= at_ms}
        return known

    def _ahead(self, journey: Journey, candidate: Candidate) -> Journey:
        """Return a journey with one event more, which is no earlier than the others."""
        ahead = Journey(
            journey.folded,
            [*journey.times, candidate.at_ms],
            [*journey.ids, candidate.event.event_id],
            [*journey.kinds, candidate.kind],
            [*journey.sids, candidate.visit.session_id],
            [*journey.pages, 0],
            [],
        )
        put_in_order(ahead)
        ahead.attempts = replay(ahead, len(ahead.times), self._plans)
        known = {(attempt.funnel, attempt.state.first): attempt.state for attempt in journey.attempts}
        for attempt in ahead.attempts:
            before = known.get((attempt.funnel, attempt.state.first), candidate.session)
            attempt.state.labels, attempt.state.returning = before.labels, before.returning
        _label(ahead.attempts, candidate)
        return ahead

    def _keep(self, candidate: Candidate, known: _Known) -> None:
        """Keep what is known of the visitor for as long as anything of it lasts."""
        name = candidate.visit.visitor.id
        self._known[name] = known
        self._timers.set(self._end(known), name)

    def _forget(self, now_ms: int) -> None:
        for _, names in self._timers.due(now_ms):
            for name in names:
                known = self._known.get(name)
                if known is not None and self._end(known) < now_ms:
                    del self._known[name]

    def _end(self, known: _Known) -> int:
        """Return the last time (ms) at which anything that is known matters."""
        attempts = [attempt for attempt in known.journey.attempts if not is_complete(attempt, self._plans)]
        ends = [end_of(attempt, self._plans) for attempt in attempts]
        return max([*known.journey.times[-1:], *ends, *known.stuck.values()], default=0)


def _journey(attempts: Iterable[Attempt]) -> Journey:
    """Return a journey of attempts that are open, before a moment of which nothing is known yet."""
    known = list(attempts)
    return Journey(known, [], [], [], [], [], known)


def _reached(attempts: Iterable[Attempt]) -> Counter[int]:
    """Return how many attempts have reached each measure."""
    return Counter(measure for attempt in attempts for measure in attempt.state.reached)


def _strikes(rule: Rule, visitor_id: str, attempt: Attempt) -> bool:
    state = attempt.state
    return rule.strikes(f"{visitor_id} {state.first}", state.labels, state.returning)


def _label(attempts: Iterable[Attempt], candidate: Candidate) -> None:
    """Let the attempts that began in a session have what that says by now."""
    session = candidate.session
    for attempt in attempts:
        state = attempt.state
        if attempt.sid == candidate.visit.session_id and session.first <= state.first:
            state.labels, state.returning = session.labels, candidate.visit.returning
