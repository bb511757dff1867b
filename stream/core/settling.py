"""Settling: the events that visitors' logs have got move their sessions on.

Nearly always they are the newest of their group: then sessions go on or begin, and contribute what is new.
Everything else (events before others that are settled, equal times, a session that was closed) takes one slow
path: withdraw what the group's sessions contributed, compute them again, contribute that.
"""

from bisect import bisect_left

from stream.core.acquaintance import Acquaintance
from stream.core.clock import NEVER, PartitionClock
from stream.core.definition import Times
from stream.core.earning import earn, paid_by
from stream.core.funnel import advance, begin
from stream.core.ledger import Ledger
from stream.core.lifetime import Lifetimes
from stream.core.log import fill, replay, settled_sessions, sort_log
from stream.core.plans import Plans
from stream.core.session import Session
from stream.core.sightings import Handed
from stream.core.stays import came_from, turn
from stream.core.visitor import Group, Visitor


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
        remembers: bool,
    ) -> None:
        self._plans = plans
        self._times = times
        self._ledger = ledger
        self._lifetimes = lifetimes
        self._acquaintance = Acquaintance(times, clock, ledger, user_type_counts, remembers)
        # Looked up here once: each is used for every event.
        self._timeout = times.timeout
        self._max_length = times.max_length
        self._bits, self._kinds = plans.kinds.bits, (1 << plans.kinds.bits) - 1

    def settle(self, name: str, visitor: Visitor) -> None:
        """Let all events of the visitor's logs be in its sessions."""
        for group in visitor.groups:
            times = group.times
            first, count = group.settled, len(times)
            if first == count:
                continue
            rises = count - first == 1 or _rises(times, first)
            if not rises:
                sort_log(group, first)
                rises = _rises(times, first)
            if rises and self._can_go_on(group, times[first]):
                self._go_on(name, visitor, group, first)
            else:
                self._put_in_order(name, visitor, group, first)
            group.settled = count
        if visitor.journey is not None:
            self._lifetimes.settle_journey(name, visitor, visitor.journey)

    def _put_in_order(self, name: str, visitor: Visitor, group: Group, first: int) -> None:
        """Take the events from number ``first`` on, of which one at least is not simply the newest."""
        quiet = sum(self._changes_nothing(group, i) for i in range(first, len(group.times)))
        sort_log(group, 0)
        others = first + quiet
        if others == len(group.times):
            return
        if _rises(group.times, others) and self._can_go_on(group, group.times[others]):
            self._go_on(name, visitor, group, others)
        else:
            self._recount(name, visitor, group)

    def _changes_nothing(self, group: Group, i: int) -> bool:
        """Whether an event lies inside a session, matches nothing and says nothing new."""
        time, mark = group.times[i], group.marks[i]
        if mark & self._kinds or self._plans.any_strict:
            return False
        labels = group.labels[mark >> self._bits]
        for session in group.sessions:
            if session.first < time < session.last:
                engaged = session.reached.get(self._plans.engaged, session.last)
                if time < engaged and time - session.first > self._plans.engaged_after:
                    return False
                if not _stays(group, i, session.first):
                    return False
                return not any(new and new != old for new, old in zip(labels, session.labels, strict=True))
        return False

    def _can_go_on(self, group: Group, first: int) -> bool:
        """Whether events from ``first`` on follow all others and touch no closed session."""
        timeout, closed_until = self._timeout, self._ledger.closed_until
        if first + timeout < closed_until:
            return False
        sessions = group.sessions
        if not sessions:
            return True
        session = sessions[-1]
        last = session.last
        if first <= last:
            return False
        return (
            last + timeout >= closed_until
            or first - last > timeout
            or first - session.first > self._max_length
        )

    def _go_on(self, name: str, visitor: Visitor, group: Group, start: int) -> None:
        """Take the events from number ``start`` on: later than all before, each later than the other."""
        ledger, plans, timeout, max_length = self._ledger, self._plans, self._timeout, self._max_length
        known_labels, sessions = group.labels, group.sessions
        session = sessions[-1] if sessions else None
        first, last = (session.first, session.last) if session is not None else (NEVER, NEVER)
        labels = known_labels[0]
        varied = len(known_labels) > 1 or (session is not None and session.labels != labels)
        known = session  # what it was has been contributed; what others are has not
        begun: list[Session] = []
        reached: list[int] = []
        bits, kinds = self._bits, self._kinds
        engaged, engaged_after, each = plans.engaged, plans.engaged_after, plans.any_strict
        further, known_plans = plans.further, plans.known
        times, marks, pages = group.times, group.marks, group.pages
        paid = None
        if group.paid is not None:
            paid = paid_by(group, [mark & kinds for mark in marks])
        for i in range(start, len(times)):
            time, mark = times[i], marks[i]
            if varied:
                labels = known_labels[mark >> bits]
            if session is None or time - last > timeout or time - first > max_length:
                session = begin(time, labels)
                begun.append(session)
                first = time
            else:
                session.last = time
                if varied and (old := session.labels) is not labels and old != labels:
                    filled = fill(old, labels)
                    if session is not known:
                        session.labels = filled
                    elif filled != old:
                        if reached:
                            ledger.reached(session, reached)
                            reached = []
                        ledger.relabel(session, filled, session.returning, session.earlier)
            last = time
            before, page = session.page, pages[i]
            if page and page != before:
                turn(session, page, time)
            kind = mark & kinds
            if kind or each or (time - first > engaged_after and engaged not in session.reached):
                plan = known_plans.get(kind) or plans.by_kind(kind)
                if plan.mask:
                    session.steps += 1
                elif not plan.is_step and not each and engaged in session.reached:
                    if plan.is_page_view:  # most events are no more than this
                        session.pages += 1
                    elif plan.is_seen:
                        session.seen += 1
                    elif plan.is_clicked:
                        session.clicked += 1
                    continue
                now = advance(session, plans, plan, time)
                if now:
                    if plan.mask & further or plan.any_order:
                        came_from(session, further, now, before or page)
                    if session is known:
                        reached += now
                if paid is not None and plan.macros and (money := paid.get(i)) is not None:
                    if session is known:
                        ledger.paid(session, plan, money)
                    else:
                        earn(session, plans, plan, money)
        if known is not None and reached:
            ledger.reached(known, reached)
        if begun:
            sessions += begun
            self._acquaintance.see(visitor, begun)
            for session in begun:
                ledger.began(session)
                self._lifetimes.watch(name, session)

    def _recount(self, name: str, visitor: Visitor, group: Group) -> None:
        """Compute all sessions of the group again from its log."""
        before = group.sessions
        for session in before:
            self._ledger.withdraw(session)
        group.sessions = settled_sessions(group) + replay(group, len(group.times), self._plans, self._times)
        parts: list[list[Handed]] = [[] for _ in group.sessions]
        for old in before:
            heirs = [
                i for i, new in enumerate(group.sessions) if old.first <= new.last and new.first <= old.last
            ]
            given = self._ledger.hand_on(old, [group.sessions[i] for i in heirs])
            for i, handed in zip(heirs, given, strict=True):
                parts[i].append(handed)
                if old.first == group.sessions[i].first:
                    group.sessions[i].returning = old.returning
                    group.sessions[i].earlier = old.earlier
        self._acquaintance.see(visitor, group.sessions)
        for session, olds in zip(group.sessions, parts, strict=True):
            self._ledger.contribute(session, olds)
            self._lifetimes.watch(name, session)


def _stays(group: Group, i: int, first: int) -> bool:
    """Whether an event says no other page than its session, which began at ``first``, was on until then.

    As far as the settled events of the log tell, which are in order.
    """
    page, times, pages = group.pages[i], group.times, group.pages
    if not page:
        return True
    place = bisect_left(times, times[i], 0, group.settled)
    if place < group.settled and times[place] == times[i]:
        return False
    while place and not pages[place - 1]:
        place -= 1
    return place > 0 and pages[place - 1] == page and times[place - 1] >= first


def _rises(times: list[int], first: int) -> bool:
    """Whether each from number ``first`` on is later than the one before."""
    last = NEVER
    for i in range(first, len(times)):
        time = times[i]
        if time <= last:
            return False
        last = time
    return True
