"""Settling: the events that visitors' logs have got move their sessions on.

Nearly always they are the newest of their group: then sessions go on or begin, and contribute what is new.
Everything else (events before others that are settled, equal times, a session that was closed) takes one slow
path: withdraw what the group's sessions contributed, compute them again, contribute that.
"""

from bisect import insort

from stream.core.clock import PartitionClock
from stream.core.definition import Times
from stream.core.ledger import Ledger
from stream.core.lifetime import Lifetimes
from stream.core.plan import Plans
from stream.core.session import Session, advance, begin
from stream.core.visitor import Entry, Group, Visitor, fill, replay, settled_sessions


class Settling:
    """Settles visitors of one partition."""

    def __init__(
        self,
        plans: Plans,
        times: Times,
        clock: PartitionClock,
        ledger: Ledger,
        lifetimes: Lifetimes,
        user_type_counts: bool,
    ) -> None:
        self._plans = plans
        self._times = times
        self._clock = clock
        self._ledger = ledger
        self._lifetimes = lifetimes
        self._user_type_counts = user_type_counts
        # Looked up here once: each is used for every event.
        self._timeout = times.timeout
        self._max_length = times.max_length
        self._by_mask = plans.by_mask

    def settle(self, name: str, visitor: Visitor) -> None:
        """Let all events of the visitor's logs be in its sessions."""
        for group in visitor.groups:
            log = group.log
            settled = group.settled
            if settled == len(log):
                continue
            if settled:
                fresh = log[settled:]
                del log[settled:]
            else:
                fresh, group.log = log, []
            if not _is_in_order(fresh):
                fresh.sort()
            if group.sessions and fresh[0][0] <= group.sessions[-1].last:
                fresh = self._without_quiet(group, fresh)
            if fresh:
                if self._can_go_on(group, fresh):
                    self._go_on(name, visitor, group, fresh)
                else:
                    self._recount(name, visitor, group, fresh)
            group.settled = len(group.log)

    def _without_quiet(self, group: Group, fresh: list[Entry]) -> list[Entry]:
        """Take those events out of order that lie inside a session, match nothing and say nothing new.

        They are in the log, and what their session contributed stands.

        Returns:
            The others.
        """
        last = group.sessions[-1].last
        others: list[Entry] = []
        for entry in fresh:
            if entry[0] < last and self._changes_nothing(group, entry):
                insort(group.log, entry)
            else:
                others.append(entry)
        return others

    @staticmethod
    def _changes_nothing(group: Group, entry: Entry) -> bool:
        time, _, mask, number = entry
        if mask:
            return False
        labels = group.labels[number]
        for session in group.sessions:
            if session.first < time < session.last:
                return not any(new and new != old for new, old in zip(labels, session.labels, strict=True))
        return False

    def _can_go_on(self, group: Group, fresh: list[Entry]) -> bool:
        """Whether the events follow all others, and touch no session that is closed or closes at once."""
        first = fresh[0][0]
        if self._ledger.is_past(first):
            return False
        if not group.sessions:
            return _has_no_ties(fresh)
        session = group.sessions[-1]
        if first <= session.last:
            return False
        joins = first - session.last <= self._timeout and first - session.first <= self._max_length
        return not (joins and self._ledger.is_closed(session)) and _has_no_ties(fresh)

    def _go_on(self, name: str, visitor: Visitor, group: Group, fresh: list[Entry]) -> None:
        """Take events later than all before, each later than the other."""
        ledger, timeout, max_length, by_mask = self._ledger, self._timeout, self._max_length, self._by_mask
        known_labels, sessions = group.labels, group.sessions
        session = sessions[-1] if sessions else None
        known = session  # what it was has been contributed; what others are has not
        begun: list[Session] = []
        reached: list[int] = []
        for time, _, mask, number in fresh:
            labels = known_labels[number]
            if session is None or time - session.last > timeout or time - session.first > max_length:
                session = begin(time, labels)
                begun.append(session)
            else:
                session.last = time
                if session.labels is not labels and session.labels != labels:
                    filled = fill(session.labels, labels)
                    if session is not known:
                        session.labels = filled
                    elif filled != session.labels:
                        if reached:
                            ledger.reached(session, reached)
                            reached = []
                        ledger.relabel(session, filled, session.returning)
            if mask:
                session.steps += 1
                now = advance(session, by_mask(mask), time)
                if now and session is known:
                    reached += now
        group.log += fresh
        if known is not None and reached:
            ledger.reached(known, reached)
        if begun:
            sessions += begun
            self._see_who_is_back(visitor, begun)
            for session in begun:
                ledger.began(session)
                self._lifetimes.watch(name, session)

    def _recount(self, name: str, visitor: Visitor, group: Group, fresh: list[Entry]) -> None:
        """Take events of which one at least is not the newest of its group or belongs to a closed session."""
        before = group.sessions
        for session in before:
            self._ledger.withdraw(session)
        group.log += fresh
        group.log.sort()
        group.sessions = settled_sessions(group) + replay(
            group.folded, group.log, group.labels, self._plans, self._times
        )
        parts: list[list[Session]] = [[] for _ in group.sessions]
        for old in before:
            heirs = [
                i for i, new in enumerate(group.sessions) if old.first <= new.last and new.first <= old.last
            ]
            self._ledger.hand_on(old, [group.sessions[i] for i in heirs])
            for i in heirs:
                parts[i].append(old)
                if old.first == group.sessions[i].first:
                    group.sessions[i].returning = old.returning
        self._see_who_is_back(visitor, group.sessions)
        for session, olds in zip(group.sessions, parts, strict=True):
            self._ledger.contribute(session, olds)
            self._lifetimes.watch(name, session)

    def _see_who_is_back(self, visitor: Visitor, fresh: list[Session]) -> None:
        """Say of each session whether its visitor was there before; move contributions where that changes.

        ``fresh`` sessions have nothing contributed yet. A session that began before the horizon keeps what is
        known of it: no earlier one can turn up, and those that it was judged by may be forgotten.
        """
        if not self._user_type_counts:
            return
        if visitor.began < 0 and len(visitor.groups) == 1 and len(visitor.groups[0].sessions) == 1:
            visitor.groups[0].sessions[0].returning = False  # alone, and nothing contributed yet
            return
        starts = [session.first for group in visitor.groups for session in group.sessions]
        starts.append(visitor.began)
        for group in visitor.groups:
            for session in group.sessions:
                first = session.first
                if first < self._clock.horizon:
                    continue
                returning = any(0 <= start < first <= start + self._times.known_for for start in starts)
                if returning == session.returning:
                    continue
                if any(session is other for other in fresh):
                    session.returning = returning
                else:
                    self._ledger.relabel(session, session.labels, returning)


def _is_in_order(entries: list[Entry]) -> bool:
    last = -1
    for entry in entries:
        if entry[0] < last:
            return False
        last = entry[0]
    return True


def _has_no_ties(entries: list[Entry]) -> bool:
    last = -1
    for entry in entries:
        if entry[0] == last:
            return False
        last = entry[0]
    return True
