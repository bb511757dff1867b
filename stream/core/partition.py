"""One partition's visitors: judges each event, and moves sessions on.

In order, an event costs a look-up, a step and an append. Everything else (a late arrival, a label that is
filled in later, a session that was closed) takes one slow path: withdraw what the group contributed, compute
it again, contribute that.
"""

from bisect import insort

from stream.core.clock import NEVER, InputClock, PartitionClock
from stream.core.definition import Definition
from stream.core.event import Event, Outcome
from stream.core.ledger import Ledger
from stream.core.lifetime import Lifetimes
from stream.core.plan import Plans
from stream.core.session import Session, advance, begin
from stream.core.visitor import (
    LONG_LOG,
    Entry,
    Group,
    Visitor,
    VisitorStore,
    fill,
    insert,
    joins,
    label_number,
)

BOT_STEPS = 2_000
"""A session with so many step events is no person: what it does further is not counted."""


class Partition:
    """The sessions of one partition. Pure: events in, outcomes and a ledger of contributions out.

    Attributes:
        clock: Time, as the inputs tell it.
        visitors: All visitors that are remembered.
        ledger: What sessions contributed since the last flush.
        lifetimes: Sees to the ends of sessions.
    """

    def __init__(
        self, definition: Definition, topics: tuple[str, ...], store: type[VisitorStore] = VisitorStore
    ) -> None:
        self._times = definition.times
        self._plans = Plans(definition)
        self.clock = PartitionClock(topics, self._times)
        self.visitors = store(self._plans, self._times)
        self.ledger = Ledger(definition, self._plans)
        self._user_type_counts = self.ledger.labels.user_type >= 0
        self.lifetimes = Lifetimes(
            self._times, self.clock, self.visitors, self.ledger, self._user_type_counts
        )
        # Looked up here once: each is used by every event.
        self._late_after = definition.times.late_after
        self._timeout = definition.times.timeout
        self._max_length = definition.times.max_length
        self._live = self.visitors.live
        self._unconditional = self._plans.unconditional
        self._labels_of = self.ledger.labels.of

    def advance(self, clock: InputClock, event: Event) -> Outcome:
        """Take one event of the input that ``clock`` belongs to; return what became of it."""
        time: int = event.time  # type: ignore[assignment] # an event is made whole before it gets here
        name: str = event.visitor_id  # type: ignore[assignment] # likewise
        event_id: str = event.event_id  # type: ignore[assignment] # likewise
        sid = event.session_id or ""
        visitor = self._live.get(name)
        if visitor is None:
            visitor = self.visitors.take(name)
        group: Group | None = None
        counted_at = NEVER
        ids: dict[str, int] | None = None
        for known in visitor.groups:
            if known.sid == sid:
                group = known
            log = known.log
            if len(log) > LONG_LOG:
                ids = self.visitors.ids(name)
                continue
            for entry in log:
                if entry[1] == event_id and entry[0] > counted_at:
                    counted_at = entry[0]
        if ids is not None:
            counted_at = ids.get(event_id, NEVER)
        if group is not None and group.sessions[-1].steps >= BOT_STEPS and self._is_bot(group, time):
            return "bot"
        newest = clock.newest
        if newest is not None and time < newest - self._late_after:
            return "late"
        if counted_at != NEVER and counted_at >= self.clock.late_everywhere():
            return "duplicate"
        if newest is None or time > newest:
            clock.newest = time
        if ids is not None:
            ids[event_id] = max(time, counted_at)
        plan = self._unconditional.get(event.name)
        if plan is None:
            plan = self._plans.of(event)
        labels = self._labels_of(event)
        if group is None:
            group = Group(sid, None, [], [labels], [])
            visitor.groups.append(group)
        number = len(group.labels) - 1
        if number < 0 or (group.labels[number] is not labels and group.labels[number] != labels):
            number = label_number(group, labels)
        entry = (time, event_id, plan.mask, number)
        session = group.sessions[-1] if group.sessions else None
        if (
            session is not None
            and session.last < time <= session.last + self._timeout
            and time - session.first <= self._max_length
            and session.last + self._timeout >= self.ledger.closed_until
        ):
            # By far the most events get here: the open session of the group goes on.
            group.log.append(entry)
            session.last = time
            if session.labels is not labels and session.labels != labels:
                filled = fill(session.labels, labels)
                if filled != session.labels:
                    self.ledger.relabel(session, filled, session.returning)
        elif (
            session is None or (time > session.last and not joins(session, time, self._times))
        ) and not self.ledger.is_past(time):
            group.log.append(entry)
            session = self._begin(name, visitor, group, time, labels)
        else:
            if not self._changes_nothing(group, entry):
                self._recount(name, visitor, group, entry)
            return "counted"
        if plan.mask:
            session.steps += 1
            reached = advance(session, plan, time)
            if reached:
                self.ledger.reached(session, reached)
        return "counted"

    def _is_bot(self, group: Group, time: int) -> bool:
        """Whether the event falls into a session that has had its share of steps."""
        for session in group.sessions:
            if (
                session.steps >= BOT_STEPS
                and session.first - self._times.timeout <= time <= session.last + self._times.timeout
                and time - session.first <= self._times.max_length
            ):
                return True
        return False

    def _begin(
        self, name: str, visitor: Visitor, group: Group, time: int, labels: tuple[str, ...]
    ) -> Session:
        """Begin a session, the newest of its group, and contribute it."""
        session = begin(time, labels)
        group.sessions.append(session)
        self._see_who_is_back(visitor, [session])
        self.ledger.began(session)
        self.lifetimes.watch(name, session)
        return session

    def _changes_nothing(self, group: Group, entry: Entry) -> bool:
        """Take an event out of order that lies inside a session, matches nothing and says nothing new.

        Returns:
            Whether it was such a one: then it is in the log, and what the session contributed stands.
        """
        time, _, mask, number = entry
        if mask:
            return False
        labels = group.labels[number]
        for session in group.sessions:
            if session.first < time < session.last:
                if any(new and new != old for new, old in zip(labels, session.labels, strict=True)):
                    return False
                insort(group.log, entry)
                return True
        return False

    def _recount(self, name: str, visitor: Visitor, group: Group, entry: Entry) -> None:
        """Take an event that is not the newest of its group, or that belongs to a closed session."""
        before = group.sessions
        for session in before:
            self.ledger.withdraw(session)
        insert(group, entry, self._plans, self._times)
        parts: list[list[tuple[Session, int]]] = [[] for _ in group.sessions]
        for old in before:
            heirs = [
                i for i, new in enumerate(group.sessions) if old.first <= new.last and new.first <= old.last
            ]
            given = self.ledger.hand_on(old, [group.sessions[i] for i in heirs])
            for i, seen in zip(heirs, given, strict=True):
                parts[i].append((old, seen))
                if old.first == group.sessions[i].first:
                    group.sessions[i].returning = old.returning
        self._see_who_is_back(visitor, group.sessions)
        for session, olds in zip(group.sessions, parts, strict=True):
            self.ledger.contribute(session, olds)
            self.lifetimes.watch(name, session)

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
                if first < self.clock.horizon:
                    continue
                returning = any(0 <= start < first <= start + self._times.known_for for start in starts)
                if returning == session.returning:
                    continue
                if any(session is other for other in fresh):
                    session.returning = returning
                else:
                    self.ledger.relabel(session, session.labels, returning)
