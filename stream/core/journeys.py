"""Journeys: what visitors of one partition do in funnels that run across their sessions.

A journey is computed again from its log whenever its visitor is settled; what differs from before is taken
back and contributed anew. Such events are few, so that is quick enough. An attempt is kept until nothing can
change it: not an event that could belong to it, nor the labels of the session in which it began.
"""

from stream.core.attempt import end_of, fold, is_complete, put_in_order, replay, session_of
from stream.core.ledger import Ledger
from stream.core.plan import Plans
from stream.core.session import Session
from stream.core.timer import Timers
from stream.core.visitor import Attempt, Journey, Visitor


class Journeys:
    """Settles, closes and forgets the attempts of the visitors of one partition."""

    def __init__(self, plans: Plans, ledger: Ledger) -> None:
        self._plans = plans
        self._ledger = ledger

    def take(self, visitor: Visitor, time: int, event_id: str, kind: int, sid: str) -> None:
        """Put an event that counts into the log of its visitor, if such a funnel is made of it."""
        plan = self._plans.by_kind(kind)
        if not plan.journey and not (plan.journey_ends and visitor.journey is not None):
            return
        journey = visitor.journey
        if journey is None:
            journey = visitor.journey = Journey([], [], [], [], [], [])
        journey.times.append(time)
        journey.ids.append(event_id)
        journey.kinds.append(kind)
        journey.sids.append(sid)

    def settle(self, name: str, visitor: Visitor, journey: Journey, timers: tuple[Timers, Timers]) -> None:
        """Let all events of the log be in attempts; the visitor's sessions are settled.

        Args:
            name: The visitor's name.
            visitor: The visitor.
            journey: Its journey.
            timers: For attempts that are to be closed, and for those that are to be forgotten.
        """
        to_close, to_forget = timers
        if journey.settled < len(journey.times):
            put_in_order(journey)
            journey.settled = len(journey.times)
            attempts = replay(journey, journey.settled, self._plans)
        else:
            attempts = [attempt.copy() for attempt in journey.attempts]
        known = {attempt.key(): attempt for attempt in journey.attempts}
        for attempt in attempts:
            session, before = session_of(attempt, visitor), known.get(attempt.key())
            origin = session or (before.state if before is not None else attempt.state)
            attempt.state.labels, attempt.state.returning = origin.labels, origin.returning
        self._replace(journey.attempts, attempts)
        journey.attempts = attempts
        for attempt in attempts:
            if not is_complete(attempt, self._plans):  # else its sessions' ends see to it
                later = to_forget if self.is_closed(attempt) else to_close
                later.set(end_of(attempt, self._plans), name)

    def is_closed(self, attempt: Attempt) -> bool:
        """Whether an attempt has reached the last step, or the watermark has passed its end."""
        if is_complete(attempt, self._plans):
            return True
        return end_of(attempt, self._plans) < self._ledger.closed_until

    def close(self, name: str, journey: Journey, until: int, timers: tuple[Timers, Timers]) -> None:
        """Close the attempts whose end is before ``until``.

        Args:
            name: The visitor.
            journey: Its journey.
            until: Before which time (ms) they end; those that ended before ``closed_until`` are closed.
            timers: For those that end later, and for those that are to be forgotten.
        """
        to_close, to_forget = timers
        for attempt in journey.attempts:
            if is_complete(attempt, self._plans):
                continue
            end = end_of(attempt, self._plans)
            if end >= until:
                to_close.set(end, name)
                continue
            if end >= self._ledger.closed_until:
                self._ledger.attempt_closed(attempt.state)
            to_forget.set(end, name)

    def forget(self, visitor: Visitor, journey: Journey, horizon: int) -> bool:
        """Drop the attempts that nothing can change any more; return whether there were any."""
        fold(journey, horizon, self._plans)
        kept = [attempt for attempt in journey.folded if not self._is_final(attempt, visitor, horizon)]
        if len(kept) == len(journey.folded) and (kept or journey.times):
            return False
        gone = {attempt.key() for attempt in journey.folded} - {attempt.key() for attempt in kept}
        journey.folded = kept
        journey.attempts = [attempt for attempt in journey.attempts if attempt.key() not in gone]
        if not journey.folded and not journey.times:
            visitor.journey = None
        return True

    def _is_final(self, attempt: Attempt, visitor: Visitor, horizon: int) -> bool:
        if session_of(attempt, visitor) is not None or not self.is_closed(attempt):
            return False
        return is_complete(attempt, self._plans) or end_of(attempt, self._plans) < horizon

    def _replace(self, before: list[Attempt], after: list[Attempt]) -> None:
        """Take back attempts as they were, and contribute them as they are, where that differs."""
        olds = {attempt.key(): attempt for attempt in before}
        gone = [olds[key] for key in olds.keys() - {attempt.key() for attempt in after}]
        for old in gone:
            self._ledger.withdraw_attempt(old.state, self.is_closed(old))
        for new in after:
            same = olds.get(new.key())
            if same is not None and _is_same(same, new):
                new.state.counted = same.state.counted
                continue
            if same is not None:
                self._ledger.withdraw_attempt(same.state, self.is_closed(same))
            was = same.state if same is not None else _taken_from(gone, new.funnel)
            self._ledger.contribute_attempt(new.state, self.is_closed(new), was)
        for joined in gone:  # with another: counters have seen what it reached
            for heir in [one for one in after if one.funnel == joined.funnel][:1]:
                heir.state.counted |= joined.state.counted


def _taken_from(gone: list[Attempt], funnel: int) -> Session | None:
    """Take the first attempt at that funnel out of those that are gone, and return its state."""
    for attempt in gone:
        if attempt.funnel == funnel:
            gone.remove(attempt)
            return attempt.state
    return None


def _is_same(old: Attempt, new: Attempt) -> bool:
    """Whether an attempt contributes what it did."""
    one, other = old.state, new.state
    return (
        one.reached == other.reached
        and one.last == other.last
        and one.labels == other.labels
        and one.returning == other.returning
    )
