"""What one process reads for all: events of its own visitors, and those of others, handed over by a file.

Whose a visitor is follows from the name alone. What is for others is written sorted, in frames, so that they
can merge it with what they have; who reads it has other numbers for what events say.
"""

import os
from collections import Counter
from collections.abc import Callable
from itertools import repeat
from operator import attrgetter, floordiv
from typing import BinaryIO
from zlib import crc32

import msgspec

from stream.core.bucket import MINUTE
from stream.core.partition import Reading
from stream.replay.brief import Brief, Readings
from stream.replay.order import InTime
from stream.replay.sorter import Place, Sorter, write

FRAME = 1_024
"""Items of a frame, divided by the number of processes: there are so many times more of them."""

LEAST_FRAME = 64

_time = attrgetter("time")
_decode = msgspec.msgpack.Decoder(list[Brief]).decode


def owner(visitor: str, processes: int) -> int:
    """Return the number of the process that counts a visitor."""
    return crc32(visitor.encode()) % processes


class Exchange:
    """The events that one process has read.

    Attributes:
        sorter: Holds those of its own visitors.
        minutes: How many events of each minute were read.
        places: For each process, where its events are in the file.
        counts: For each process, how many these are, and how many bytes of memory they use.
    """

    def __init__(self, own: int, files: list[BinaryIO], readings: Readings, memory: int) -> None:
        """Begin.

        Args:
            own: Number of the process.
            files: Of each process, that to which it writes what is for others.
            readings: What the numbers in events stand for.
            memory: Bytes of events that are held.
        """
        processes = len(files)
        self._frame = max(LEAST_FRAME, FRAME // processes)
        self._kind = InTime(readings)
        self.sorter: Sorter[Brief] = Sorter(self._kind, memory - memory // 4, frame=self._frame)
        self.minutes: Counter[int] = Counter()
        self.places: list[list[Place]] = [[] for _ in files]
        self.counts = [(0, 0) for _ in files]
        self._own = own
        self._files = files
        self._readings = readings
        self._memory = memory // 4
        self._others: list[list[Brief]] = [[] for _ in files]
        self._held = 0
        self._each = 0.0
        self._written = 0

    def take(self, events: list[Brief], size: int) -> None:
        """Take events that use about so many bytes of memory."""
        if not events:
            return
        self.minutes.update(map(floordiv, map(_time, events), repeat(MINUTE)))
        others, processes = self._others, len(self._files)
        for event in events:
            others[crc32(event.visitor_id.encode()) % processes].append(event)
        own, others[self._own] = others[self._own], []
        each = size / len(events)
        self.sorter.take(own, int(each * len(own)))
        self._held += int(each * (len(events) - len(own)))
        self._each = each
        if self._held > self._memory:
            self.hand_over()

    def hand_over(self) -> None:
        """Write what is for others."""
        file = self._files[self._own]
        for process, held in enumerate(self._others):
            if not held:
                continue
            self._kind.sort(held)
            for place in write(file, self._written, held, self._kind, self._frame):
                self.places[process].append(place)
                self._written += place[3]
            count, size = self.counts[process]
            self.counts[process] = count + len(held), size + int(self._each * len(held))
            self._others[process] = []
        file.flush()
        self._held = 0

    def adopt(
        self, process: int, count: int, size: int, readings: list[Reading], places: list[Place]
    ) -> None:
        """Take what another process has read."""
        numbers = [self._number(reading) for reading in readings]
        self.sorter.adopt(places, count, size, _reader(self._files[process].fileno(), numbers))

    def _number(self, reading: Reading) -> int | Reading:
        number = self._readings.numbers.get(reading)
        return self._readings.number(reading) if number is None else number


def _reader(file: int, numbers: list[int | Reading]) -> Callable[[int, int], list[Brief]]:
    """Return what reads frames of a file, in which other numbers stand for readings."""

    def read(offset: int, length: int) -> list[Brief]:
        events = _decode(os.pread(file, length, offset))
        for event in events:
            what = event.what
            if type(what) is int:
                event.what = numbers[what]
        return events

    return read
