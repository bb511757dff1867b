"""A visitor: sessions per client session id, and the log from which they can be computed again.

An event is put into its group's log; later all that the log has got moves the sessions on, or, out of order,
has them computed again from the log. Events that no late one can precede any more are folded into ``folded``,
the state of the newest session as of then, so the log stays short. The log also tells a duplicate: an equal
event to one that is no longer in it would be late.
"""

from bisect import bisect_left
from collections.abc import Iterator

import msgspec

from stream.core.definition import Times
from stream.core.plan import Plans
from stream.core.session import Session, advance, advance_tied, begin

SCAN_LIMIT = 40
"""Longest log that is searched for an id from end to end; those of longer logs are indexed."""

FOLD_AT_ONCE = 8
"""With fewer events folding waits: each time costs as much as a late event."""


class Group(msgspec.Struct, array_like=True, gc=False):
    """A visitor's sessions with one client session id (or with none).

    Attributes:
        sid: The client's session id; empty for sessions made from gaps alone.
        folded: The newest session as it was before the first event of the log; ``None``: there was none.
        times: The log: when those events were that may still be preceded by one that arrives later, in order
            of time, then id; behind those that are settled, others in order of arrival.
        ids: Their ids.
        marks: What they match and say: the mask of their measures, and above it the number of their labels.
        labels: Labels that events of the log carry; marks refer to them by number.
        sessions: The sessions that the settled events make, in order of time.
        settled: How many events of the log are.
    """

    sid: str
    folded: Session | None
    times: list[int]
    ids: list[str]
    marks: list[int]
    labels: list[tuple[str, ...]]
    sessions: list[Session]
    settled: int = 0


class Visitor(msgspec.Struct, array_like=True, gc=False):
    """Everything known of one visitor.

    ``began`` is when the newest of the sessions that are no longer kept began (-1: none): who is back is
    known by it.
    """

    began: int
    groups: list[Group]


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
    matching, bits = plans.all_measures, plans.bits
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
        if len(marks) > 1:
            advance_tied(session, [plans.by_mask(mark & matching) for mark in marks], time)
        elif mark & matching:
            advance(session, plans.by_mask(mark & matching), time)
        for mark in marks:
            said = group.labels[mark >> bits]
            if said is not session.labels and said != session.labels:
                session.labels = fill(session.labels, said)
            session.steps += mark & matching != 0
        i = after
    return sessions


def sort_log(group: Group, first: int) -> None:
    """Put the log in order from its event number ``first`` on."""
    if first == 0 and len(group.times) == 1:
        return
    entries = sorted(zip(group.times[first:], group.ids[first:], group.marks[first:], strict=True))
    group.times[first:] = [entry[0] for entry in entries]
    group.ids[first:] = [entry[1] for entry in entries]
    group.marks[first:] = [entry[2] for entry in entries]


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
        group.folded = group.sessions[-1].copy()
        group.folded.counted = 0  # who computes sessions again hands on what counters saw
        group.times, group.ids, group.marks, group.labels = [], [], [], []
        group.settled = 0
        return
    if count < FOLD_AT_ONCE:
        return
    group.folded = replay(group, count, plans, times)[-1]
    del group.times[:count], group.ids[:count], group.marks[:count]
    group.settled -= count
    bits = plans.bits
    used = sorted({mark >> bits for mark in group.marks})
    if len(used) < len(group.labels):
        group.labels = [group.labels[number] for number in used]
        moved = {number: i - number << bits for i, number in enumerate(used)}
        group.marks = [mark + moved[mark >> bits] for mark in group.marks]


pack = msgspec.msgpack.Encoder().encode
"""Returns the row of a visitor."""
_decode = msgspec.msgpack.Decoder(Visitor).decode


class VisitorStore:
    """The visitors of a partition: each as its row, or as an object while it is not written as it is now.

    A row takes a quarter of the memory of the objects, and none of the garbage collector's time.

    Attributes:
        live: Visitors that were taken since the last flush.
    """

    def __init__(self, plans: Plans, times: Times) -> None:
        self._rows: dict[str, bytes] = {}
        self.live: dict[str, Visitor] = {}
        self._ids: dict[str, dict[str, int]] = {}
        self._plans = plans
        self._times = times

    def __len__(self) -> int:
        return len(self._rows.keys() | self.live.keys())

    def look(self, name: str) -> Visitor | None:
        """Return a visitor, if there is one; whoever changes it calls `put`."""
        visitor = self.live.get(name)
        if visitor is None and (row := self._rows.get(name)) is not None:
            visitor = _decode(row)
        return visitor

    def take(self, name: str) -> Visitor:
        """Return a visitor to change, a new one if need be; it is written with the next flush."""
        visitor = self.live.get(name)
        if visitor is None:
            row = self._rows.get(name)
            visitor = Visitor(-1, []) if row is None else _decode(row)
            self.live[name] = visitor
        return visitor

    def ids(self, name: str) -> dict[str, int]:
        """Return the ids in the logs of a live visitor, each with the newest time that it has.

        Whoever adds an event to a log adds its id, too. The index lasts until `put` or a flush.
        """
        found = self._ids.get(name)
        if found is None:
            found = self._ids[name] = {}
            for group in self.live[name].groups:
                for time, event_id in zip(group.times, group.ids, strict=True):
                    found[event_id] = max(time, found.get(event_id, time))
        return found

    def put(self, name: str, visitor: Visitor) -> None:
        """Take back a visitor that was looked at and changed; it is written with the next flush."""
        self.live[name] = visitor
        self._ids.pop(name, None)

    def flush(self, prefix: bytes, horizon: int) -> list[tuple[bytes, bytes | None]]:
        """Return the rows of the visitors taken since the last flush; nothing is kept of empty ones."""
        rows: list[tuple[bytes, bytes | None]] = []
        for name, visitor in self.live.items():
            key = prefix + name.encode()
            if not visitor.groups and visitor.began < 0:
                if self._rows.pop(name, None) is not None:
                    rows.append((key, None))
                continue
            for group in visitor.groups:
                if group.times and group.times[0] < horizon:
                    fold(group, horizon, self._plans, self._times)
            row = self._rows[name] = pack(visitor)
            rows.append((key, row))
        self.live.clear()
        self._ids.clear()
        return rows

    def restore(self, name: str, row: bytes | None) -> None:
        """Take back one row; the latest of a visitor stands."""
        if row is None:
            self._rows.pop(name, None)
        else:
            self._rows[name] = row

    def names(self) -> Iterator[str]:
        """Yield the names of all visitors that have a row."""
        yield from self._rows
