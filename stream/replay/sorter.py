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


Place = tuple[tuple[object, ...], tuple[object, ...], int, int]
"""The keys of the first and the last item of a frame, and its offset and length in bytes in its file."""


@dataclass(frozen=True, slots=True)
class _Frame:
    first: tuple[object, ...]
    last: tuple[object, ...]
    offset: int
    length: int
    source: int = 0
    """Which file it is in; 0: the sorter's own."""


class Sorter(Generic[Item]):
    """Takes items in any order, and gives them back in order.

    Attributes:
        count: How many were taken.
        spilled: How many bytes went to the temporary file.
    """

    def __init__(
        self,
        kind: Kind[Item],
        memory: int,
        tick: Callable[[], None] = lambda: None,
        frame: int | None = None,
    ) -> None:
        """Begin.

        Args:
            kind: What the items are.
            memory: Bytes of items, as they are told to `take`, that are held in memory.
            tick: Called now and then during long work.
            frame: Items that are written as one; ``None``: `FRAME`.
        """
        self.count = 0
        self.spilled = 0
        self._kind = kind
        self._memory = memory
        self._tick = tick
        self._frame = FRAME if frame is None else frame
        self._held: list[Item] = []
        self._held_bytes = 0
        self._frames: list[_Frame] = []
        self._sources: list[Callable[[int, int], list[Item]]] = [self._read_own]
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

    def adopt(
        self, places: list[Place], count: int, size: int, read: Callable[[int, int], list[Item]]
    ) -> None:
        """Take items that are in frames of another's file, each in order.

        Args:
            places: Where they are.
            count: How many items there are.
            size: About how many bytes of memory they use.
            read: Returns the items of a frame, by offset and length.
        """
        self.count += count
        if not self._frames and self._held_bytes + size <= self._memory:
            for _, _, offset, length in places:
                self._held += read(offset, length)
            self._held_bytes += size
            return
        self._sources.append(read)
        source = len(self._sources) - 1
        self._frames += [_Frame(*place, source) for place in places]

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
            self._file = cast(BinaryIO, temporary())
        for place in write(self._file, self.spilled, held, self._kind, self._frame):
            self._frames.append(_Frame(*place))
            self.spilled += place[3]
            self._tick()

    def _merged(self) -> Iterator[list[Item]]:
        """Read the frames in the order of their first items: what is before the next one's first is final.

        A frame that ends before the next begins is in order as it is: nearly all, where the input nearly was.
        Of others as many are read at once as wait already: an item is sorted few times however runs overlap.
        """
        kind, waiting = self._kind, list[Item]()
        self._frames.sort(key=_first)
        self._frames.append(_Frame((), (), 0, 0))  # the end
        number = 0
        while number < len(self._frames) - 1:
            if not waiting and self._frames[number].last < self._frames[number + 1].first:
                yield self._read(self._frames[number])
                number += 1
                continue
            wanted = len(waiting) + max(LEAST_READ, len(waiting))
            while len(waiting) < wanted and number < len(self._frames) - 1:
                waiting += self._read(self._frames[number])
                number += 1
            kind.sort(waiting)
            following = self._frames[number].first
            final = bisect_left(waiting, following, key=kind.key) if following else len(waiting)
            yield waiting[:final]
            del waiting[:final]

    def _read(self, frame: _Frame) -> list[Item]:
        return self._sources[frame.source](frame.offset, frame.length)

    def _read_own(self, offset: int, length: int) -> list[Item]:
        assert self._file is not None
        self._file.seek(offset)
        return self._kind.unpack(self._file.read(length))


def write(file: BinaryIO, offset: int, items: list[Item], kind: Kind[Item], frame: int) -> Iterator[Place]:
    """Write items that are in order in frames; yield where each is.

    Args:
        file: Written at its end.
        offset: Where that is.
        items: The items.
        kind: What they are.
        frame: How many of them are written as one.
    """
    for first in range(0, len(items), frame):
        some = items[first : first + frame]
        packed = kind.pack(some)
        file.write(packed)
        yield kind.key(some[0]), kind.key(some[-1]), offset, len(packed)
        offset += len(packed)


def temporary() -> object:
    """Return a file without a name."""
    return tempfile.TemporaryFile(prefix="microconv-replay-")


def _first(frame: _Frame) -> tuple[object, ...]:
    return frame.first
