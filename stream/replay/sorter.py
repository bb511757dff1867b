"""Sorting more than memory holds: sorted runs in one temporary file, in small frames that are merged as read.

The file has no name from the moment it is made, so nothing of it stays, however the process ends.
"""

import tempfile
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Generic, Protocol, TypeVar, cast

FRAME = 1_024
"""Items that are written, and later read, as one."""

LEAST_READ = 8 * FRAME
"""Items that are read at once, at least, before they are sorted among those that wait."""

Item = TypeVar("Item")


class Kind(Protocol[Item]):
    """What a sorter has to know of its items."""

    def key(self, item: Item) -> tuple[object, ...]:
        """Return what it is sorted by. Items with equal keys come out in one list, in the order of `sort`."""

    def sort(self, items: list[Item]) -> None:
        """Put items in order of their keys, in place."""

    def pack(self, items: list[Item]) -> bytes:
        """Return items as bytes."""

    def unpack(self, packed: bytes) -> list[Item]:
        """Return the items again."""


@dataclass(frozen=True, slots=True)
class _Frame(Generic[Item]):
    first: tuple[object, ...]
    last: tuple[object, ...]
    offset: int
    length: int


class Sorter(Generic[Item]):
    """Takes items in any order, and gives them back in order.

    Attributes:
        count: How many were taken.
        spilled: How many bytes went to the temporary file.
    """

    def __init__(self, kind: Kind[Item], memory: int, tick: Callable[[], None] = lambda: None) -> None:
        """Begin.

        Args:
            kind: What the items are.
            memory: Bytes of items, as they are told to `take`, that are held in memory.
            tick: Called now and then during long work.
        """
        self.count = 0
        self.spilled = 0
        self._kind = kind
        self._memory = memory
        self._tick = tick
        self._held: list[Item] = []
        self._held_bytes = 0
        self._frames: list[_Frame[Item]] = []
        self._file: BinaryIO | None = None

    def take(self, items: list[Item], size: int) -> None:
        """Take items that use about so many bytes of memory.

        Raises:
            OSError: The temporary file cannot be written.
        """
        self._held += items
        self.count += len(items)
        self._held_bytes += size
        if self._held_bytes > self._memory:
            self._spill()

    def sorted(self) -> Iterator[list[Item]]:
        """Yield all items in order, some at a time; the sorter is empty then.

        Raises:
            OSError: The temporary file cannot be written or read.
        """
        if not self._frames:
            held, self._held = self._held, []
            self._kind.sort(held)
            parts = [held[first : first + LEAST_READ] for first in range(0, len(held), LEAST_READ)]
            held.clear()  # what was yielded is the caller's alone: its memory serves what is made of it
            parts.reverse()
            while parts:
                yield parts.pop()
            return
        self._spill()
        try:
            yield from self._merged()
        finally:
            self.close()

    def close(self) -> None:
        """Let go of the temporary file."""
        self._frames = []
        if self._file is not None:
            self._file.close()
            self._file = None

    def _spill(self) -> None:
        held, self._held, self._held_bytes = self._held, [], 0
        self._kind.sort(held)
        if self._file is None:
            self._file = cast(BinaryIO, _temporary())
        for first in range(0, len(held), FRAME):
            frame = held[first : first + FRAME]
            packed = self._kind.pack(frame)
            self._file.write(packed)
            first_key, last_key = self._kind.key(frame[0]), self._kind.key(frame[-1])
            self._frames.append(_Frame(first_key, last_key, self.spilled, len(packed)))
            self.spilled += len(packed)
            self._tick()

    def _merged(self) -> Iterator[list[Item]]:
        """Read the frames in the order of their first items: what is before the next one's first is final.

        A frame that ends before the next begins is in order as it is: nearly all, where the input nearly was.
        Of others as many are read at once as wait already: an item is sorted few times however runs overlap.
        """
        kind, waiting = self._kind, list[Item]()
        self._frames.sort(key=_first)
        self._frames.append(_Frame((), (), 0, 0))  # the end
        place = 0
        while place < len(self._frames) - 1:
            if not waiting and self._frames[place].last < self._frames[place + 1].first:
                yield self._read(self._frames[place])
                place += 1
                continue
            wanted = len(waiting) + max(LEAST_READ, len(waiting))
            while len(waiting) < wanted and place < len(self._frames) - 1:
                waiting += self._read(self._frames[place])
                place += 1
            kind.sort(waiting)
            following = self._frames[place].first
            final = bisect_left(waiting, following, key=kind.key) if following else len(waiting)
            yield waiting[:final]
            del waiting[:final]

    def _read(self, frame: _Frame[Item]) -> list[Item]:
        assert self._file is not None
        self._file.seek(frame.offset)
        return self._kind.unpack(self._file.read(frame.length))


def _temporary() -> object:
    return tempfile.TemporaryFile(prefix="microconv-replay-")


def _first(frame: _Frame[Item]) -> tuple[object, ...]:
    return frame.first
