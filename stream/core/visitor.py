"""A visitor: sessions per client session id, and the log from which they can be computed again.

In order, an event only moves its session on. An event that is not the newest of its group takes the slow
path: it is put into the log, and the group's sessions are computed again from there. Events that no late one
can precede any more are folded into ``folded``, the state of the newest session as of then, so the log stays
short. The log also tells a duplicate: an equal event to one that is no longer in it would be late.
"""

from bisect import bisect_left, insort
from collections.abc import Iterator

import msgspec

from stream.core.definition import Times
from stream.core.plan import Plans
from stream.core.session import Session, advance, advance_tied, begin

SCAN_LIMIT = 40
"""Longest log that is searched for an id from end to end; those of longer logs are indexed."""

FOLD_AT_ONCE = 8
"""With fewer events folding waits: each time costs as much as a late event."""

Entry = tuple[int, str, int, int]
"""An event in the log: time, id, mask of what it matches, number of its labels in the group's list."""


class Group(msgspec.Struct, array_like=True, gc=False):
    """A visitor's sessions with one client session id (or with none).

    Attributes:
        sid: The client's session id; empty for sessions made from gaps alone.
        folded: The newest session as it was before the first event of the log; ``None``: there was none.
        log: Events that may still be preceded by one that arrives later, in order of time, then id.
        labels: Labels that events of the log carry; entries refer to them by number.
        sessions: The sessions as of now, in order of time.
    """

    sid: str
    folded: Session | None
    log: list[Entry]
    labels: list[tuple[str, ...]]
    sessions: list[Session]


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


def fill(labels: tuple[str, ...], later: tuple[str, ...]) -> tuple[str, ...]:
    """Return the labels with empty places filled from a later event's."""
    return tuple(a or b for a, b in zip(labels, later, strict=True))


def joins(session: Session, time: int, times: Times) -> bool:
    """Whether an event at ``time``, not earlier than the session's last, still belongs to it."""
    return time - session.last <= times.timeout and time - session.first <= times.max_length


def replay(
    folded: Session | None, log: list[Entry], labels: list[tuple[str, ...]], plans: Plans, times: Times
) -> list[Session]:
    """Return the sessions that ``folded`` and the events of ``log`` (in order) make.

    The first is ``folded`` moved on, if there is one; ``folded`` itself is not changed.
    """
    sessions = [] if folded is None else [folded.copy()]
    session = sessions[0] if sessions else None
    i = 0
    while i < len(log):
        time, _, mask, number = log[i]
        if session is None or not joins(session, time, times):
            session = begin(time, labels[number])
            sessions.append(session)
        session.last = max(session.last, time)
        after = i + 1
        while after < len(log) and log[after][0] == time:
            after += 1
        if after == i + 1:
            if mask:
                advance(session, plans.by_mask(mask), time)
        else:
            advance_tied(session, [plans.by_mask(entry[2]) for entry in log[i:after]], time)
        for _, _, matched, labelled in log[i:after]:
            said = labels[labelled]
            if said is not session.labels and said != session.labels:
                session.labels = fill(session.labels, said)
            session.steps += matched != 0
        i = after
    return sessions


def insert(group: Group, entry: Entry, plans: Plans, times: Times) -> None:
    """Take an event that is not the group's newest: compute its sessions again."""
    insort(group.log, entry)
    settled = settled_sessions(group)
    group.sessions = settled + replay(group.folded, group.log, group.labels, plans, times)


def settled_sessions(group: Group) -> list[Session]:
    """Return the sessions before ``folded``: no event can change them any more."""
    folded = group.folded
    return [] if folded is None else [s for s in group.sessions if s.last < folded.first]


def fold(group: Group, horizon: int, plans: Plans, times: Times) -> None:
    """Move the events of the log that are before ``horizon`` into ``folded``: all, or many at once."""
    log = group.log
    count = bisect_left(log, (horizon,))
    if count == len(log):
        group.folded = group.sessions[-1].copy()
        group.folded.counted = 0  # who computes sessions again hands on what counters saw
        group.log = []
        group.labels = []
        return
    if count < FOLD_AT_ONCE:
        return
    group.folded = replay(group.folded, log[:count], group.labels, plans, times)[-1]
    del log[:count]
    used = sorted({entry[3] for entry in log})
    if len(used) < len(group.labels):
        group.labels = [group.labels[number] for number in used]
        renumbered = {number: i for i, number in enumerate(used)}
        group.log = [(time, event_id, mask, renumbered[n]) for time, event_id, mask, n in log]


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
                for time, event_id, _, _ in group.log:
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
                if group.log and group.log[0][0] < horizon:
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
