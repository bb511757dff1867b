"""The one order of events: by time, then id, then visitor; if all that is equal, by everything else.

It depends on nothing but the events, so files in any order give the same numbers. Most events share their
time with few others, so it costs one sort by a number and a look at neighbours.
"""

from collections.abc import Sequence
from itertools import pairwise
from operator import attrgetter

import msgspec

from stream.core.event import Event


class _Packed(Event, array_like=True):
    """An event as the temporary file has it: its fields in their order, without names."""


_key = attrgetter("time", "event_id", "visitor_id")
_time = attrgetter("time")
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[_Packed]).decode
_plain = attrgetter(*_Packed.__struct_fields__)
"""Returns the fields of an event in the order that packed events have them in."""


class Events:
    """Events as a sorter's items."""

    def key(self, item: Event) -> tuple[object, ...]:
        """Return time, id and visitor."""
        found: tuple[object, ...] = _key(item)
        return found

    def sort(self, items: list[Event]) -> None:
        """Put events into the one order."""
        items.sort(key=_time)
        times = list(map(_time, items))
        equal = [place for place, (one, next_one) in enumerate(pairwise(times)) if one == next_one]
        end = 0
        for first in equal:
            if first < end:
                continue
            end = first + 2
            while end < len(times) and times[end] == times[first]:
                end += 1
            items[first:end] = _ordered(items[first:end])

    def pack(self, items: list[Event]) -> bytes:
        """Return events as bytes."""
        return _encode([_plain(item) for item in items])

    def unpack(self, packed: bytes) -> list[Event]:
        """Return the events again."""
        return _decode(packed)  # type: ignore[return-value] # lists cannot change their type, but nobody adds


def _ordered(tied: list[Event]) -> Sequence[Event]:
    """Return events of one time in order."""
    tied.sort(key=_key)
    if any(one.event_id == other.event_id for one, other in pairwise(tied)):
        tied.sort(key=lambda event: (_key(event), _encode(_plain(event))))
    return tied
