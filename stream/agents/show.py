"""Shows the rates after each commit: to Redis, to subscribers, to the latency histogram; without waiting."""

from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

import msgspec

from stream.agents.rates import RatesState
from stream.core.closed import ClosedRow
from stream.sinks.live import LiveRates
from stream.sinks.redis_values import Value

SHOW_MS = 150
"""Live values are told at most so often."""

SHARE = 20
"""Telling them takes at most one part in so many of the process's time."""


class Writer(Protocol):
    """Where values go: :class:`stream.sinks.redis.RedisWriter`."""

    def offer(self, changes: Mapping[str, Value], fence: tuple[int, int]) -> None:
        """Take new values to write soon."""

    def announce(self, channel: str, message: str) -> None:
        """Take a message to publish with the next write."""

    def request_rebuild(self) -> None:
        """Write everything again."""

    def release(self) -> None:
        """Leave the store alone until the next offer."""


class Show:
    """Tells Redis what changed, as soon as it is durable and not too often.

    Attributes:
        state: The rates while this process owns them.
    """

    def __init__(
        self,
        live: LiveRates,
        writer: Writer,
        clock_ms: Callable[[], float],
        wall_ms: Callable[[], int],
        published: Callable[[float], None],
        ahead_ms: int,
    ) -> None:
        self.state: RatesState | None = None
        self._live = live
        self._writer = writer
        self._clock_ms = clock_ms
        self._wall_ms = wall_ms
        self._published = published
        self._ahead_ms = ahead_ms
        self._next_at = 0.0
        self._oldest: list[int] = []

    def opened(self, state: RatesState) -> None:
        """Begin to show a state that this process has just taken over."""
        self.state = state
        self._oldest = []
        self._next_at = 0.0
        self._writer.request_rebuild()  # the owner before may have left values unwritten

    def released(self, state: RatesState) -> None:
        """Leave showing to the new owner."""
        if self.state is state:
            self.state = None
            self._writer.release()

    def rebuild(self) -> Iterator[Mapping[str, Value]]:
        """Yield everything in pieces, for a Redis that does not have it; each as of when it is asked for."""
        if self.state is not None:
            core = self.state.core
            yield self._live.status(core, self._wall_ms(), self._ahead_ms)
            yield from self._live.everything(core)

    def committed(self, state: RatesState, seq: int, closed: list[ClosedRow], oldest: list[int]) -> None:
        """Tell what flush ``seq`` made durable; see :class:`stream.agents.rates.Audience`."""
        core = state.core
        fence = state.born, seq
        self._oldest += oldest
        if closed:
            self._writer.offer(self._live.history(closed, core.closed[0].closed_until), fence)
        began = self._clock_ms()
        if began < self._next_at:
            return
        values, rows = self._live.windows(core)
        values |= self._live.segments(core.segments)
        values |= self._live.status(core, self._wall_ms(), self._ahead_ms)
        self._writer.offer(values, fence)
        message = {"watermark": core.watermark, "flush": seq, "rates": rows}
        self._writer.announce(self._live.keys.rates_channel, msgspec.json.encode(message).decode())
        now = self._wall_ms()
        for arrival in self._oldest:
            self._published(max(0.0, (now - arrival) / 1000))
        self._oldest = []
        ended = self._clock_ms()
        self._next_at = ended + max(SHOW_MS, SHARE * (ended - began))
