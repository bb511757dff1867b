"""Event time of a partition whose events come from many source partitions, not keyed by visitor.

Each source tells, with every record, the newest event before it, and now and then its watermark; here they
are only put together. So late is still judged by a source's own order alone, although a partition sees only
some of its records.
"""

from collections.abc import Iterable

import msgspec

from stream.core.clock import NEVER, InputClock, PartitionClock
from stream.core.definition import Times

Source = tuple[str, int]
"""An input topic and one of its partitions."""


class SourceClock(InputClock):
    """What is known of one source.

    Attributes:
        next_offset: All records of the source below it, as far as they are of this partition, were taken.
    """

    next_offset: int = 0


class StoredSource(msgspec.Struct, array_like=True):
    """What of a source has to survive."""

    topic: str
    partition: int
    newest: int | None
    watermark: int | None
    next_offset: int


class SourcesClock(PartitionClock):
    """The clocks of all sources, and what follows from them.

    Until every source was heard of (it had an event, or it was read to its end without one) the watermark
    and the horizon stand still: what is still to come from it may be of any time.

    Attributes:
        sources: By topic and partition; the number of sources is known from the start.
    """

    def __init__(self, sources: Iterable[Source], times: Times) -> None:
        super().__init__((), times)
        self.sources = {source: SourceClock() for source in sources}
        self._former: dict[Source, SourceClock] = {}
        self._reading = SourceClock()

    def reading(self, source: Source) -> SourceClock:
        """Return the clock of a source whose records are judged from here on.

        One that is no source any more, of which records were still under way, counts for nothing else.
        """
        clock = self.sources.get(source)
        if clock is None:
            clock = self._former.setdefault(source, SourceClock())
        self._reading = clock
        return clock

    def late_everywhere(self) -> int:
        """Return before which time (ms) an equal event would be late in the source that is being read.

        Of all sources it would be the least of them. But how far the others are depends on the moment, and
        an outcome must not; nothing is forgotten before it is late in all of them.
        """
        newest = self._reading.newest
        return NEVER if newest is None else newest - self._times.late_after

    def told(self, source: Source, newest: int | None, watermark: int | None, caught_up: bool) -> None:
        """Take what a source says of itself."""
        clock = self.reading(source)
        clock.was_at_end |= caught_up
        if newest is not None and (clock.newest is None or newest > clock.newest):
            clock.newest = newest
        if watermark is not None and (clock.watermark is None or watermark > clock.watermark):
            clock.watermark = watermark

    def tick(self, *_: object) -> None:
        """Move the watermark on to the least of the sources'; time passes (or is idle) at the sources."""
        marks = [clock.watermark for clock in self.sources.values() if clock.watermark is not None]
        if marks and self._all_heard():
            least = min(marks)
            self.watermark = least if self.watermark is None else max(least, self.watermark)
        self._set_horizon()

    def _all_heard(self) -> bool:
        return all(clock.newest is not None or clock.was_at_end for clock in self.sources.values())

    def _set_horizon(self) -> None:
        newest = [clock.newest for clock in self.sources.values() if clock.newest is not None]
        if newest and self._all_heard():
            self.horizon = max(self.horizon, min(newest) - self._times.late_after)

    def pack_sources(self) -> list[StoredSource]:
        """Return what has to survive."""
        return [
            StoredSource(*source, clock.newest, clock.watermark, clock.next_offset)
            for source, clock in (*self.sources.items(), *self._former.items())
        ]

    def unpack_sources(self, stored: Iterable[StoredSource], watermark: int | None, horizon: int) -> None:
        """Take back what :meth:`pack_sources` returned."""
        for found in stored:
            clock = self.reading((found.topic, found.partition))
            clock.newest, clock.watermark = found.newest, found.watermark
            clock.next_offset = found.next_offset
        self.watermark = watermark
        self.horizon = horizon
        self._set_horizon()
