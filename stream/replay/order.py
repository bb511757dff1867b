"""The one order of events: by time, then id, then visitor; if all that is equal, by all else that counts.

It depends on nothing but the events, so files in any order give the same numbers. Most events share their
time with few others, so it costs one sort by a number and a look at neighbours.
"""

from collections.abc import Sequence
from itertools import compress, islice, pairwise
from operator import attrgetter, eq

import msgspec

from stream.replay.brief import Brief, Readings

_key = attrgetter("time", "event_id", "visitor_id")
_time = attrgetter("time")
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Brief]).decode


class InTime:
    """Events in brief as a sorter's items."""

    def __init__(self, readings: Readings) -> None:
        """Begin; ``readings`` are what the numbers in items stand for."""
        self._reading = readings.of

    def key(self, item: Brief) -> tuple[object, ...]:
        """Return time, id and visitor."""
        found: tuple[object, ...] = _key(item)
        return found

    def sort(self, items: list[Brief]) -> None:
        """Put events into the one order."""
        items.sort(key=_time)
        times = list(map(_time, items))
        equal = compress(range(len(times)), map(eq, times, islice(times, 1, None)))
        end = 0
        for first in equal:
            if first < end:
                continue
            end = first + 2
            while end < len(times) and times[end] == times[first]:
                end += 1
            items[first:end] = self._ordered(items[first:end])

    def pack(self, items: list[Brief]) -> bytes:
        """Return events as bytes."""
        return _encode(items)

    def unpack(self, packed: bytes) -> list[Brief]:
        """Return the events again."""
        return _decode(packed)

    def _ordered(self, tied: list[Brief]) -> Sequence[Brief]:
        """Return events of one time in order."""
        tied.sort(key=_key)
        if any(one.event_id == other.event_id for one, other in pairwise(tied)):
            tied.sort(key=lambda brief: (_key(brief), brief.session_id, self._reading(brief)))
        return tied
