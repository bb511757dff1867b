"""Buckets: rows of cells per span of time and segment, at three widths that are kept for different times.

A hit goes into the pane, the minute and the hour that contain it. Panes are kept for two hours, minutes for
eight days, hours for nine at least: a longer window slides by the widest of them that is needed. That is
the same as folding panes into minutes and minutes into hours, and closed minutes and hours can be read.
"""

from collections.abc import Iterator

import msgspec

from stream.core.cell import Row, new_row
from stream.core.tally import Tallies

MINUTE = 60_000
HOUR = 3_600_000
PANES_FOR = 2 * HOUR
MINUTES_FOR = 8 * 24 * HOUR
HOURS_FOR = 9 * 24 * HOUR

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[int, list[int], dict[int, int]]).decode

Key = tuple[int, str]
"""Start of a bucket (ms), and segment."""


def level_of(size: int) -> int:
    """Return which buckets a window of ``size`` ms slides by: 0 for panes, 1 for minutes, 2 for hours."""
    if size <= PANES_FOR:
        return 0
    return 1 if size <= MINUTES_FOR else 2


class Slot:
    """The row of one bucket and segment, and the tallies of its sessions that have closed.

    ``pending`` has the bits of measures to be published again.
    """

    __slots__ = ("cells", "pending", "tallies")

    def __init__(self, cells: Row, tallies: Tallies, pending: int = 0) -> None:
        self.cells = cells
        self.tallies = tallies
        self.pending = pending


class Buckets:
    """All buckets of one width. Rows that have not been touched for a while are kept packed.

    Attributes:
        width: Of a bucket, ms.
        keep: How long a bucket is kept behind the newest, ms.
        dirty: Rows changed since the last flush.
    """

    def __init__(self, width: int, keep: int, measures: int) -> None:
        self.width = width
        self.keep = keep
        self.dirty: dict[Key, Slot] = {}
        self._measures = measures
        self._slots: dict[int, dict[str, Slot | bytes]] = {}
        self._kept_from = 0
        self._packed_until = 0

    def start(self, time: int) -> int:
        """Return the start of the bucket that contains ``time``."""
        return time - time % self.width

    def touch(self, start: int, segment: str) -> Slot:
        """Return the slot of a bucket to change it; it is written with the next flush."""
        key = start, segment
        slot = self.dirty.get(key)
        if slot is None:
            segments = self._slots.setdefault(start, {})
            found = segments.get(segment)
            if isinstance(found, Slot):
                slot = found
            else:
                slot = segments[segment] = (
                    Slot(new_row(self._measures), {}) if found is None else _unpack(found)
                )
            self.dirty[key] = slot
        return slot

    def look(self, start: int, segment: str) -> Slot | None:
        """Return the slot of a bucket to look at, or ``None``."""
        found = self._slots.get(start, {}).get(segment)
        return None if found is None else _slot(found)

    def segments(self, start: int) -> Iterator[tuple[str, Slot]]:
        """Yield the slots of a bucket by segment, to look at."""
        for segment, found in self._slots.get(start, {}).items():
            yield segment, _slot(found)

    def starts(self) -> list[int]:
        """Return the starts of all buckets, in order."""
        return sorted(self._slots)

    def starts_in(self, begin: int, end: int) -> list[int]:
        """Return the starts of the buckets that begin in a span (ms, whole buckets), in order."""
        slots = self._slots
        if (end - begin) // self.width > len(slots):
            return sorted([start for start in slots if begin <= start < end])
        return [start for start in range(begin, end, self.width) if start in slots]

    def accepts(self, start: int) -> bool:
        """Whether a bucket is still kept."""
        return start >= self._kept_from

    def forget(self, newest: int, settled: int) -> list[Key]:
        """Drop buckets older than ``newest - keep`` and pack those before ``settled``.

        Returns:
            The keys of what was dropped.
        """
        keep_from = self.start(newest - self.keep)
        gone: list[Key] = []
        if keep_from > self._kept_from:
            self._kept_from = keep_from
            for start in [s for s in self._slots if s < keep_from]:
                gone += [(start, segment) for segment in self._slots.pop(start)]
            for key in gone:
                self.dirty.pop(key, None)
        if self.start(settled) > self._packed_until:
            before, self._packed_until = self._packed_until, self.start(settled)
            for start in [s for s in self._slots if before <= s < self._packed_until]:
                segments = self._slots[start]
                for segment, found in segments.items():
                    if isinstance(found, Slot) and (start, segment) not in self.dirty:
                        segments[segment] = _pack(found)
        return gone

    def flush(self) -> list[tuple[Key, bytes]]:
        """Return the rows that changed, as they are now."""
        rows: list[tuple[Key, bytes]] = []
        for key, slot in self.dirty.items():
            row = _pack(slot)
            rows.append((key, row))
            if key[0] < self._packed_until:
                self._slots[key[0]][key[1]] = row
        self.dirty = {}
        return rows

    def pending(self) -> Iterator[Key]:
        """Yield the keys of all rows that have something to publish."""
        for start, segments in self._slots.items():
            for segment, found in segments.items():
                if _slot(found).pending:
                    yield start, segment

    def restore(self, key: Key, row: bytes | None) -> None:
        """Take back one row; the latest of a key stands."""
        start, segment = key
        if row is not None:
            self._slots.setdefault(start, {})[segment] = row
        elif start in self._slots:
            self._slots[start].pop(segment, None)
            if not self._slots[start]:
                del self._slots[start]


def _pack(slot: Slot) -> bytes:
    return _encode((slot.pending, slot.cells, slot.tallies))


def _unpack(row: bytes) -> Slot:
    pending, cells, tallies = _decode(row)
    return Slot(cells, tallies, pending)


def _slot(found: Slot | bytes) -> Slot:
    return found if isinstance(found, Slot) else _unpack(found)
