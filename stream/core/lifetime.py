"""The end of sessions: closed when the watermark passes, forgotten when no event can reach them any more."""

from collections.abc import Callable

from stream.core.clock import PartitionClock
from stream.core.definition import Times
from stream.core.journeys import Journeys
from stream.core.ledger import Ledger
from stream.core.log import settled_sessions
from stream.core.session import Session
from stream.core.store import VisitorStore
from stream.core.timer import BUCKET_MS, Timers
from stream.core.visitor import Group, Journey, Visitor


class Lifetimes:
    """Timers for the ends of sessions of one partition.

    Invariant: for each session that is not closed there is a timer at its last event + timeout or earlier,
        and for each that is closed one to forget it. Both follow from the rows, so they are not written.

    Attributes:
        told: Is told of each session that is forgotten (visitor, client's session id, session): it is as it
            will stay.
    """

    def __init__(
        self,
        times: Times,
        clock: PartitionClock,
        store: VisitorStore,
        ledger: Ledger,
        remembers: bool,
        journeys: Journeys | None = None,
    ) -> None:
        self._times = times
        self._timeout = times.timeout
        self._clock = clock
        self._store = store
        self._ledger = ledger
        self._remembers = remembers
        """Whether it matters, after all is forgotten, that somebody was there."""
        self._journeys = journeys
        self._to_close = Timers()
        self._to_forget = Timers()
        self.told: Callable[[str, str, Session], None] | None = None

    def watch(self, name: str, session: Session) -> None:
        """See to the end of a session that began or changed."""
        self._to_close.set(session.last + self._timeout, name)

    def settle_journey(self, name: str, visitor: Visitor, journey: Journey) -> None:
        """Settle what a visitor did across sessions, and see to the ends of that."""
        if self._journeys is not None:
            self._journeys.settle(name, visitor, journey, (self._to_close, self._to_forget))

    def restore(self) -> None:
        """See to the ends of all visitors that were read back."""
        for name in self._store.names():
            visitor = self._store.look(name)
            for group in visitor.groups if visitor is not None else ():
                for session in group.sessions:
                    closed = self._ledger.is_closed(session)
                    self._ledger.open_sessions += not closed
                    timers = self._to_forget if closed else self._to_close
                    timers.set(session.last + self._timeout, name)
            if visitor is None:
                continue
            if not visitor.groups:
                self._to_forget.set(visitor.began + self._times.known_for, name)
            if visitor.journey is not None:
                self.settle_journey(name, visitor, visitor.journey)  # all is settled: it only sets timers

    def pass_time(self) -> None:
        """Close and forget whatever the clock has passed."""
        watermark = self._clock.watermark
        if watermark is not None:
            for end, names in self._to_close.due(watermark):
                self._close(names, max(end, self._ledger.closed_until))
            passed = watermark - watermark % BUCKET_MS
            self._ledger.closed_until = max(passed, self._ledger.closed_until)
        for _, names in self._to_forget.due(self._clock.horizon):
            for name in names:
                self._forget(name)

    def _close(self, names: list[str], until: int) -> None:
        """Close the sessions whose end is before ``until`` and was not before ``closed_until``."""
        since = self._ledger.closed_until
        for name in names:
            visitor = self._store.look(name)
            for group in visitor.groups if visitor is not None else ():
                for session in group.sessions:
                    end = session.last + self._timeout
                    if end >= until:
                        self._to_close.set(end, name)
                        continue
                    if end >= since:
                        self._ledger.closed(session)
                    self._to_forget.set(end, name)
            if visitor is not None and visitor.journey is not None and self._journeys is not None:
                self._journeys.close(name, visitor.journey, until, (self._to_close, self._to_forget))
        self._ledger.closed_until = until

    def _forget(self, name: str) -> None:
        """Drop the sessions that are out of reach; forget the visitor when nothing is left."""
        visitor = self._store.look(name)
        if visitor is None:
            return
        horizon = self._clock.horizon
        changed = False
        for group in visitor.groups:
            for session in self._gone(group):
                group.sessions.remove(session)
                changed = True
                if self.told is not None:
                    self.told(name, group.sid, session)
                if self._remembers:
                    _remember(visitor, session)
        visitor.groups = [group for group in visitor.groups if group.sessions]
        if visitor.journey is not None and self._journeys is not None:
            changed |= self._journeys.forget(name, visitor, visitor.journey, horizon)
        known_until = visitor.began + self._times.known_for
        if not visitor.groups and known_until < horizon:
            visitor.began, visitor.gone = -1, 0
            changed = True
        if changed:
            self._store.put(name, visitor)
        for group in visitor.groups:
            if self._ledger.is_closed(group.sessions[-1]):
                end = max(session.last for session in group.sessions) + self._timeout
                self._to_forget.set(max(end, horizon), name)
        if not visitor.groups and visitor.began >= 0:
            self._to_forget.set(known_until, name)

    def _gone(self, group: Group) -> list[Session]:
        """Return the sessions that no event can reach, and that are not needed to compute others."""
        horizon = self._clock.horizon
        out_of_reach = [
            session
            for session in group.sessions
            if session.last + self._timeout < horizon and self._ledger.is_closed(session)
        ]
        if len(out_of_reach) == len(group.sessions):
            return out_of_reach
        settled = settled_sessions(group)
        return [session for session in out_of_reach if any(session is other for other in settled)]


def _remember(visitor: Visitor, session: Session) -> None:
    """Note that a session is no longer kept: what of it is needed to know who is back, and how often."""
    if session.first > visitor.began:
        visitor.began, visitor.gone = session.first, session.earlier + 1
    elif session.first == visitor.began:
        visitor.gone += 1
