"""The visitors of a partition: as rows, and as objects while they are not written as they are now."""

from collections.abc import Iterator
from typing import Final

import msgspec

from stream.core.attempt import fold as fold_journey
from stream.core.definition import Times
from stream.core.log import fold
from stream.core.plans import Plans
from stream.core.visitor import Visitor

pack: Final = msgspec.msgpack.Encoder().encode
"""Returns the row of a visitor."""
_decode: Final = msgspec.msgpack.Decoder(Visitor).decode


class VisitorStore:
    """The visitors of a partition: each as its row, or as an object while it is not settled.

    A row takes a quarter of the memory of the objects, and none of the garbage collector's time. It is made
    when a visitor is settled, and the objects are dropped then: soon after they would be out of the cache of
    the processor, and to look at them all once more would cost twice as much.

    Attributes:
        live: Visitors that were taken, and are not settled since.
    """

    def __init__(self, plans: Plans, times: Times) -> None:
        self._rows: dict[str, bytes] = {}
        self.live: dict[str, Visitor] = {}
        self._ids: dict[str, dict[str, int]] = {}
        self._changed: dict[str, bytes | None] = {}
        """The rows that changed since the last flush, by visitor."""
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
        """Make a visitor live, a new one if need be, who is not yet; whoever did settles it."""
        row = self._rows.get(name)
        visitor = Visitor(-1, []) if row is None else _decode(row)
        self.live[name] = visitor
        return visitor

    def ids(self, name: str) -> dict[str, int]:
        """Return the ids in the logs of a live visitor, each with the newest time that it has.

        Whoever adds an event to a log adds its id, too. The index lasts until `settled`, `put` or a flush.
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

    def settled(self, name: str, visitor: Visitor, horizon: int) -> None:
        """Take a live visitor back whose events all are in its sessions; nothing is kept of an empty one.

        Args:
            name: Its name.
            visitor: The visitor.
            horizon: No event before this (ms) can come any more.
        """
        del self.live[name]
        if self._ids:
            self._ids.pop(name, None)
        if visitor.is_forgotten:
            if self._rows.pop(name, None) is not None:
                self._changed[name] = None
            return
        self._rows[name] = self._changed[name] = self._row(visitor, horizon)

    def flush(self, prefix: bytes, horizon: int) -> list[tuple[bytes, bytes | None]]:
        """Return the rows of all visitors that changed since the last flush; all are settled."""
        for name in list(self.live):
            self.settled(name, self.live[name], horizon)
        rows = [(prefix + name.encode(), row) for name, row in self._changed.items()]
        self._changed.clear()
        return rows

    def _row(self, visitor: Visitor, horizon: int) -> bytes:
        """Return the row of a settled visitor, its logs folded."""
        for group in visitor.groups:
            if group.times and group.times[0] < horizon:
                fold(group, horizon, self._plans, self._times)
        if visitor.journey is not None:
            fold_journey(visitor.journey, horizon, self._plans)
        return pack(visitor)

    def restore(self, name: str, row: bytes | None) -> None:
        """Take back one row; the latest of a visitor stands."""
        if row is None:
            self._rows.pop(name, None)
        else:
            self._rows[name] = row

    def names(self) -> Iterator[str]:
        """Yield the names of all visitors that have a row."""
        yield from self._rows
