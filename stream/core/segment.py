"""Segments: which a session counts in, by its labels, and how many values of a dimension are told apart."""

from urllib.parse import quote

import msgspec

from stream.core.definition import Dimension
from stream.core.labels import BEYOND, KNOWN_LIMIT, OTHER, Labels

ALL = "all"


def encode(segment: str) -> str:
    """Return a segment as keys have it: its value percent-encoded but for ``/``."""
    dimension, equals, value = segment.partition("=")
    return f"{dimension}={quote(value)}" if equals else segment


def cross_value(parts: tuple[str, ...]) -> str:
    """Return the value of a cross (``mobile/google``); a slash inside a part is written ``%2F``."""
    return "/".join(part.replace("/", "%2F") for part in parts)


def most_values(dimension: Dimension) -> int:
    """Return how many values of a dimension can have a segment, :data:`OTHER` included."""
    return len(set(dimension.values)) + dimension.max_values + 1


class Segments:
    """Makes segments of labels. Values that are not listed are admitted first come, as long as there is room.

    Attributes:
        admitted: For each dimension, the unlisted values that have a segment of their own. It is state.
        overflow: For each dimension, how many sessions had a value that found no room (counted once each).
        crowded: Dimensions in which some value found no room.
        changed: Whether any of these changed since it was last written.
    """

    def __init__(self, dimensions: tuple[Dimension, ...]) -> None:
        self.dimensions = {d.name: d for d in dimensions}
        self.admitted: dict[str, dict[str, None]] = {d.name: {} for d in dimensions}
        self.overflow: dict[str, int] = {d.name: 0 for d in dimensions}
        self.crowded: set[str] = set()
        self.changed = False
        self._plain = [d for d in dimensions if not d.cross]
        self._place = {d.name: place for place, d in enumerate(self._plain)}
        self._crosses = [d for d in dimensions if d.cross]
        self._known: dict[Labels, tuple[str, ...]] = {}

    def of(self, labels: Labels) -> tuple[str, ...]:
        """Return all segments of a session with these labels, ``all`` first."""
        segments = self._known.get(labels)
        if segments is None:
            if len(self._known) >= KNOWN_LIMIT:
                self._known.clear()
            found = [ALL]
            for dimension, value in zip(self._plain, labels, strict=True):
                if value:
                    found.append(f"{dimension.name}={self._admit(dimension, value)}")
            for cross in self._crosses:
                parts = tuple(labels[self._place[name]] for name in cross.cross)
                if all(parts):
                    # What a partition no longer tells apart is in no pair: these have lost it, too.
                    value = BEYOND if BEYOND in parts else cross_value(parts)
                    found.append(f"{cross.name}={self._admit(cross, value)}")
            segments = self._known[labels] = tuple(found)
        return segments

    def admit(self, segment: str) -> str:
        """Return the segment in which a segment of the past is counted here: itself, or the rest.

        Raises:
            KeyError: There is no such dimension.
        """
        name, equals, value = segment.partition("=")
        if not equals:
            return segment
        return f"{name}={self._admit(self.dimensions[name], BEYOND if value == OTHER else value)}"

    def count_overflow(self, segments: tuple[str, ...], sessions: int) -> None:
        """Count new sessions that are in the rest of a dimension."""
        for segment in segments:
            dimension, _, value = segment.partition("=")
            if value == OTHER and dimension in self.crowded:
                self.overflow[dimension] += sessions
                self.changed = True

    def is_partial(self, segment: str) -> bool:
        """Whether the segment's counts are lower bounds: an unlisted value of a dimension that overflowed."""
        dimension, equals, value = segment.partition("=")
        if not equals:
            return False
        return dimension in self.crowded and value not in self.dimensions[dimension].values

    def names(self) -> dict[str, tuple[str, ...]]:
        """Return, for each dimension, all values that have a segment."""
        return {
            name: tuple(
                dict.fromkeys([*d.values, *self.admitted[name], *([OTHER] if name in self.crowded else [])])
            )
            for name, d in self.dimensions.items()
        }

    def all(self) -> list[str]:
        """Return every segment that there is, ``all`` first."""
        return [ALL, *(f"{d}={value}" for d, values in self.names().items() for value in values)]

    def pack(self) -> bytes:
        """Return what has to survive, by names of dimensions."""
        self.changed = False
        return msgspec.msgpack.encode(
            {
                name: (list(admitted), self.overflow[name], name in self.crowded)
                for name, admitted in self.admitted.items()
            }
        )

    def unpack(self, row: bytes) -> None:
        """Take back what :meth:`pack` returned."""
        stored = msgspec.msgpack.decode(row, type=dict[str, tuple[list[str], int, bool]])
        for name in self.dimensions:
            admitted, overflow, crowded = stored.get(name, ([], 0, False))
            self.admitted[name] = dict.fromkeys(admitted)
            self.overflow[name] = overflow
            if crowded:
                self.crowded.add(name)

    def _admit(self, dimension: Dimension, value: str) -> str:
        admitted = self.admitted[dimension.name]
        if value in admitted or value in dimension.values:
            return value
        if value == BEYOND:  # a partition had no room for it
            self.crowded.add(dimension.name)
            self.changed = True
            return OTHER
        if len(admitted) >= dimension.max_values:
            self.crowded.add(dimension.name)
            self.changed = True
            return OTHER
        admitted[value] = None
        self.changed = True
        return value
