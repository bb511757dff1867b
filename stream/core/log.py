"""The log of a visitor's events: put in order, replayed into sessions, and folded when it is final."""

from bisect import bisect_left
from typing import Final

from stream.core.definition import Times
from stream.core.earning import earn, forget_paid, paid_by
from stream.core.funnel import advance, advance_tied, begin
from stream.core.plans import Plans
from stream.core.session import Session
from stream.core.stays import came_from, turn
from stream.core.visitor import Group

SCAN_LIMIT = 40
"""Longest log that is searched for an id from end to end; those of longer logs are indexed."""

FOLD_AT_ONCE: Final = 8
"""With fewer events folding waits: each time costs as much as a late event."""


def label_number(group: Group, labels: tuple[str, ...]) -> int:
    """Return the number of these labels in the group's list; new ones are added."""
    known = group.labels
    for number, seen in enumerate(known):
        if seen == labels:
            return number
    known.append(labels)
    return len(known) - 1


def newest_of(group: Group, event_id: str) -> int:
    """Return the newest time (ms) at which the group's log has an event of that id; it has one."""
    return max(time for time, known in zip(group.times, group.ids, strict=True) if known == event_id)


def fill(labels: tuple[str, ...], later: tuple[str, ...]) -> tuple[str, ...]:
    """Return the labels with empty places filled from a later event's."""
    return tuple(a or b for a, b in zip(labels, later, strict=True))


def joins(session: Session, time: int, times: Times) -> bool:
    """Whether an event at ``time``, not earlier than the session's last, still belongs to it."""
    return time - session.last <= times.timeout and time - session.first <= times.max_length


def replay(group: Group, count: int, plans: Plans, times: Times) -> list[Session]:
    """Return the sessions that ``folded`` and the first ``count`` events of the log make, which is in order.

    The first is ``folded`` moved on, if there is one; ``folded`` itself is not changed.
    """
    sessions = [] if group.folded is None else [group.folded.copy()]
    session = sessions[0] if sessions else None
    bits = plans.kinds.bits
    matching = (1 << bits) - 1
    paid = None
    if group.paid is not None:
        paid = paid_by(group, [mark & matching for mark in group.marks])
    i = 0
    while i < count:
        time, mark = group.times[i], group.marks[i]
        if session is None or not joins(session, time, times):
            session = begin(time, group.labels[mark >> bits])
            sessions.append(session)
        session.last = max(session.last, time)
        after = i + 1
        while after < count and group.times[after] == time:
            after += 1
        marks = group.marks[i:after]
        events = [plans.by_kind(mark & matching) for mark in marks]
        before = session.page
        for page in group.pages[i:after]:
            if page and page != session.page:
                turn(session, page, time)
        if len(events) > 1:
            now = advance_tied(session, plans, events, time)
        else:
            now = advance(session, plans, events[0], time)
        if now:
            came_from(session, plans.further, now, before or session.page)
        for plan, mark in zip(events, marks, strict=True):
            said = group.labels[mark >> bits]
            if said is not session.labels and said != session.labels:
                session.labels = fill(session.labels, said)
            session.steps += plan.mask != 0
        if paid is not None:
            for number, plan in enumerate(events, start=i):
                if plan.macros and (money := paid.get(number)) is not None:
                    earn(session, plans, plan, money)
        i = after
    return sessions


def sort_log(group: Group, first: int) -> None:
    """Put the log in order from its event number ``first`` on."""
    entries = sorted(
        zip(group.times[first:], group.ids[first:], group.marks[first:], group.pages[first:], strict=True)
    )
    group.times[first:] = [entry[0] for entry in entries]
    group.ids[first:] = [entry[1] for entry in entries]
    group.marks[first:] = [entry[2] for entry in entries]
    group.pages[first:] = [entry[3] for entry in entries]


def settled_sessions(group: Group) -> list[Session]:
    """Return the sessions before ``folded``: no event can change them any more."""
    folded = group.folded
    return [] if folded is None else [s for s in group.sessions if s.last < folded.first]


def fold(group: Group, horizon: int, plans: Plans, times: Times) -> None:
    """Move the events of the log that are before ``horizon`` into ``folded``: all, or many at once.

    All are settled.
    """
    count = bisect_left(group.times, horizon)
    if count == len(group.times):
        folded = group.folded = group.sessions[-1].copy()
        folded.counted = 0  # who computes sessions again hands on what counters saw
        if folded.revenue is not None:
            folded.revenue.counted = {}
        group.paid = None
        group.times, group.ids, group.marks, group.labels, group.pages = [], [], [], [], []
        group.settled = 0
        return
    if count < FOLD_AT_ONCE:
        return
    group.folded = replay(group, count, plans, times)[-1]
    forget_paid(group, horizon)
    del group.times[:count], group.ids[:count], group.marks[:count], group.pages[:count]
    group.settled -= count
    bits = plans.kinds.bits
    used = sorted({mark >> bits for mark in group.marks})
    if len(used) < len(group.labels):
        group.labels = [group.labels[number] for number in used]
        moved = {number: i - number << bits for i, number in enumerate(used)}
        group.marks = [mark + moved[mark >> bits] for mark in group.marks]
