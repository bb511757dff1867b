"""Event time of one partition: newest events, watermarks, and how far back state may be forgotten.

Lateness is judged by an input's own order alone, so a crash, an outage or a backlog changes nothing; the
watermark only closes what can be reopened.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from stream.core.definition import Times


class InputClock(msgspec.Struct, array_like=True):
    """One input of the partition.

    Attributes:
        newest: Greatest time of a counted event; ``None``: there was none yet.
        watermark: ``newest - out_of_order + idle``; it never falls.
        idle_since: When the input was first seen read to its end, on the engine's clock; ``None``: it is not.
        was_at_end: Whether it has ever been seen read to its end.
    """

    newest: int | None = None
    watermark: int | None = None
    idle_since: int | None = None
    was_at_end: bool = False


class PartitionClock:
    """The clocks of all inputs of a partition, and what follows from them.

    Attributes:
        inputs: By name of the topic.
        watermark: The least of the inputs that ever had an event; ``None`` while none had; it never falls.
        horizon: What only events older than this could change may be forgotten: as ``late_everywhere``, but
            very small while an input is not read to its end and may still hold its first event. As of the
            last tick. It never falls: what is forgotten stays so.
    """

    def __init__(self, topics: tuple[str, ...], times: Times) -> None:
        self.inputs = {topic: InputClock() for topic in topics}
        self.watermark: int | None = None
        self.horizon = NEVER
        self._times = times

    def late_everywhere(self) -> int:
        """Return before which time (ms) an event is late in every input that ever had an event."""
        newest = [clock.newest for clock in self.inputs.values() if clock.newest is not None]
        return min(newest) - self._times.late_after if newest else NEVER

    def read(self, topic: str) -> None:
        """Take note that records were read: the input is not idle."""
        self.inputs[topic].idle_since = None

    def tick(self, now_ms: int, at_end: Mapping[str, bool]) -> None:
        """Move the watermarks on; ``now_ms`` is a clock that never falls."""
        marks: list[int] = []
        for topic, clock in self.inputs.items():
            if not at_end.get(topic, False):
                clock.idle_since = None
            elif clock.idle_since is None:
                clock.idle_since = now_ms
                clock.was_at_end = True
            if clock.newest is not None:
                idle = 0 if clock.idle_since is None else now_ms - clock.idle_since
                mark = clock.newest - self._times.out_of_order + idle
                clock.watermark = mark if clock.watermark is None else max(mark, clock.watermark)
                marks.append(clock.watermark)
        if marks:
            least = min(marks)
            self.watermark = least if self.watermark is None else max(least, self.watermark)
        self._set_horizon()

    def _set_horizon(self) -> None:
        if all(clock.newest is not None or clock.was_at_end for clock in self.inputs.values()):
            self.horizon = max(self.horizon, self.late_everywhere())

    def pack(self) -> list[tuple[str, int | None, int | None]]:
        """Return what has to survive: for each input its newest time and watermark."""
        return [(topic, clock.newest, clock.watermark) for topic, clock in self.inputs.items()]

    def unpack(
        self, stored: list[tuple[str, int | None, int | None]], watermark: int | None, horizon: int
    ) -> None:
        """Take back what :meth:`pack` returned; idle begins at 0 when a worker takes over."""
        for topic, newest, mark in stored:
            if topic in self.inputs:
                self.inputs[topic] = InputClock(newest, mark)
        self.watermark = watermark
        self.horizon = horizon
        self._set_horizon()


NEVER: Final = -(1 << 62)
"""Before every time there is."""
