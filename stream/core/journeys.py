"""Journeys: what visitors of one partition do in funnels that run across their sessions.

A journey is computed again from its log whenever its visitor is settled; what differs from before is taken
back and contributed anew. Such events are few, so that is quick enough. An attempt is kept until nothing can
change it: not an event that could belong to it, nor the labels of the session in which it began.
"""

from collections.abc import Callable
from itertools import compress, zip_longest

from stream.core.attempt import (
    count_earlier,
    end_of,
    fold,
    is_complete,
    is_kept_for,
    leaving_of,
    note_ends,
    note_pages,
    put_in_order,
    replay,
    session_of,
)
from stream.core.earning import keep
from stream.core.leaving import Leaving
from stream.core.ledger import Ledger
from stream.core.plans import Plans
from stream.core.revenue import Money
from stream.core.session import Session
from stream.core.succession import succession
from stream.core.timer import Timers
from stream.core.visitor import Attempt, Journey, Visitor


class Journeys:
    """Settles, closes and forgets the attempts of the visitors of one partition.

    Attributes:
        oldest: When the oldest attempt that is kept of each visitor began, ms, for whoever has to know what
            can still change; ``None``: nobody has.
        told: Is told of each attempt that is dropped (visitor, client's id of the session in which it began,
            attempt): it is as it will stay.
    """

    def __init__(self, plans: Plans, timeout: int, ledger: Ledger) -> None:
        """Begin; ``timeout`` is that of sessions, ms."""
        self._plans = plans
        self._timeout = timeout
        self._ledger = ledger
        self.oldest: dict[str, int] | None = None
        self.told: Callable[[str, str, Attempt], None] | None = None

    def take(self, visitor: Visitor, time: int, event_id: str, kind: int, sid: str, money: Money) -> None:
        """Put an event that counts into the log of its visitor, if such a funnel is made of it."""
        plan = self._plans.by_kind(kind)
        if not plan.journey and not plan.journey_ends:  # what an exclusion ends may be read after it
            return
        journey = visitor.journey
        if journey is None:
            journey = visitor.journey = Journey([], [], [], [], [], [], [])
        journey.times.append(time)
        journey.ids.append(event_id)
        journey.kinds.append(kind)
        journey.sids.append(sid)
        journey.pages.append(0)
        if money and plan.journey_macros:
            keep(journey, time, event_id, kind, money)

    def settle(self, name: str, visitor: Visitor, journey: Journey, timers: tuple[Timers, Timers]) -> None:
        """Let all events of the log be in attempts; the visitor's sessions are settled.

        Args:
            name: The visitor's name.
            visitor: The visitor.
            journey: Its journey.
            timers: For attempts that are to be closed, and for those that are to be forgotten.
        """
        to_close, to_forget = timers
        came_otherwise = note_pages(journey, visitor)
        if came_otherwise or journey.settled < len(journey.times):
            put_in_order(journey)
            journey.settled = len(journey.times)
            attempts = replay(journey, journey.settled, self._plans)
        else:
            attempts = [attempt.copy() for attempt in journey.attempts]
        for attempt, known in zip_longest(attempts, journey.attempts[: len(journey.folded)]):
            session = session_of(attempt, visitor)
            if session is not None:
                attempt.state.labels, attempt.state.returning = session.labels, session.returning
            elif known is not None:  # of what is not folded, sessions are kept
                attempt.state.labels, attempt.state.returning = known.state.labels, known.state.returning
            count_earlier(attempt, visitor, self._plans)
            note_ends(attempt, known, visitor)
        self._replace(journey.attempts, attempts)
        journey.attempts = attempts
        for attempt in attempts:
            if not is_complete(attempt, self._plans):  # else its sessions' ends see to it
                later = to_forget if self.is_closed(attempt) else to_close
                later.set(end_of(attempt, self._plans), name)
        self._note(name, journey)

    def is_closed(self, attempt: Attempt) -> bool:
        """Whether an attempt has reached the last step, or the watermark has passed its end."""
        if is_complete(attempt, self._plans):
            return True
        return end_of(attempt, self._plans) < self._ledger.closed_until

    def close(self, name: str, journey: Journey, until: int, timers: tuple[Timers, Timers]) -> None:
        """Close the attempts whose end is before ``until``; some leave, for sessions close.

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
            leaving = leaving_of(attempt)
            if self._ledger.closed_until <= leaving.last + self._timeout < until:
                self._ledger.attempts.left(leaving)
            end = end_of(attempt, self._plans)
            if end >= until:
                to_close.set(end, name)
                continue
            if end >= self._ledger.closed_until:
                self._ledger.attempts.closed(attempt.state)
            to_forget.set(end, name)

    def forget(self, name: str, visitor: Visitor, journey: Journey, horizon: int) -> bool:
        """Drop the attempts that nothing can change any more; return whether there were any."""
        fold(journey, horizon, self._plans)
        count = len(journey.folded)
        stays = [not self._is_final(attempt, visitor, horizon) for attempt in journey.folded]
        if all(stays) and (count or journey.times):
            return False
        if self.told is not None:
            for attempt, is_kept in zip(journey.attempts, stays, strict=False):  # `folded` has older labels
                if not is_kept:
                    self.told(name, attempt.sid, attempt)
        journey.folded = list(compress(journey.folded, stays))
        journey.attempts = list(compress(journey.attempts, stays)) + journey.attempts[count:]
        self._note(name, journey)
        if not journey.folded and not journey.times:
            visitor.journey = None
        return True

    def _note(self, name: str, journey: Journey) -> None:
        if self.oldest is None:
            return
        if journey.attempts:
            self.oldest[name] = min(attempt.state.first for attempt in journey.attempts)
        else:
            self.oldest.pop(name, None)

    def _is_final(self, attempt: Attempt, visitor: Visitor, horizon: int) -> bool:
        if is_kept_for(attempt, visitor) or not self.is_closed(attempt):
            return False
        return is_complete(attempt, self._plans) or end_of(attempt, self._plans) < horizon

    def _left(self, attempt: Attempt) -> Leaving | None:
        """Return where an attempt that may still go on has left, if the session has closed."""
        if is_complete(attempt, self._plans):
            return None
        leaving = leaving_of(attempt)
        return leaving if leaving.last + self._timeout < self._ledger.closed_until else None

    def _replace(self, before: list[Attempt], after: list[Attempt]) -> None:
        """Take back attempts as they were, and contribute them as they are, where that differs."""
        ledger = self._ledger.attempts
        for heir in succession(before, after):
            attempt, olds = heir.attempt, heir.olds
            left = self._left(attempt)
            if len(olds) == 1 and _is_same(olds[0].state, attempt.state) and self._left(olds[0]) == left:
                attempt.state.counted = heir.seen  # what it brought, and is counted of that, it has
                continue
            for old in olds:
                ledger.withdraw(old.state, self.is_closed(old), self._left(old))
            ledger.contribute(attempt.state, self.is_closed(attempt), left, heir.given)


def _is_same(old: Session, new: Session) -> bool:
    """Whether an attempt contributes what it did."""
    return (
        old.reached == new.reached
        and old.last == new.last
        and old.labels == new.labels
        and old.returning == new.returning
        and (old.revenue.amounts if old.revenue else {}) == (new.revenue.amounts if new.revenue else {})
        and old.earlier == new.earlier
        and old.origins == new.origins
    )
