"""The demo's middle: the site is open, Redis is read and shown, until the time is over and all is counted."""

import asyncio
import signal
import time
from contextlib import aclosing, suppress
from typing import NamedTuple

from redis import RedisError
from rich.console import Console

from stream.board.values import Status
from stream.configuration import load
from stream.demo.board import Observer
from stream.demo.latency import Latency
from stream.demo.reading import Reader, Snapshot, subject_of
from stream.demo.screen import Screen, screen_on, waiting
from stream.demo.summary import Summary, summarize
from stream.demo.visitors import Visitors
from stream.demo.worker import DemoWorker
from stream.embedded import EmbeddedBroker, EmbeddedStore
from stream.simulate.sites import SITES

ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""What ends the demo in order: Ctrl-C, a supervisor, the terminal being closed."""

LOOK_EVERY_S = 0.25
"""Redis is read, and the screen drawn, so often."""

COUNTED_WITHIN_S = 20.0
"""How long the worker may take to count the rest when nothing more is sent."""

_INTERRUPTED_WITHIN_S = 3.0  # the same, when somebody wants it to end now
_LOG_LINES = 15


class PartEndedError(RuntimeError):
    """The worker, the broker or the store ended before the demo did; the text has its log's end."""


class NotCountedError(RuntimeError):
    """Not everything that was sent was counted in time; the text has the worker's log's end."""


class Parts(NamedTuple):
    """What runs beside the demo's own process."""

    broker: EmbeddedBroker
    store: EmbeddedStore
    worker: DemoWorker

    def kill(self) -> None:
        """End all at once."""
        for part in reversed(self):
            part.kill()

    def check(self) -> None:
        """Make sure that all are alive.

        Raises:
            PartEndedError: One is not.
        """
        for part in self:
            if not part.process.running:
                tail = part.process.log_tail(_LOG_LINES)
                raise PartEndedError(f"{part.name} ended before the demo did; its log ends:\n{tail}")


class Watch:
    """One opening of the site, and everybody who watches it.

    Args:
        parts: Broker, store and worker, started.
        console: Where boards are shown.
        rate: Events per second at the start.
        seed: Decides all about the traffic that is left to chance.
    """

    def __init__(self, parts: Parts, console: Console, rate: float, seed: int) -> None:
        self._parts, self._console, self._seed = parts, console, seed
        self._settings = load(preset=parts.worker.preset, environ=parts.worker.overrides)
        self._subject = subject_of(self._settings)
        self._latency = Latency()
        self._visitors = Visitors(SITES[parts.worker.preset], rate, seed, self._latency.arrived)
        self._stop = asyncio.Event()

    async def run(self, seconds: float | None) -> Summary:
        """Open the site, show what comes of it, close it, and return the result when all is counted.

        The first of `ENDING_SIGNALS` ends it early and in order, another one at once.

        Args:
            seconds: How long it is open; ``None``: until somebody ends it.

        Raises:
            PartEndedError: The worker, the broker or the store ended.
            NotCountedError: The worker does not count.
            KafkaError: The broker does not take what is sent.
            RedisError: The store does not answer.
            asyncio.CancelledError: It was ended at once.
        """
        self._take_signals()
        redis = self._settings.redis
        reader = Reader(redis.url, redis.prefix, self._subject)
        following = asyncio.create_task(self._follow(reader))
        try:
            self._visitors.open(self._settings.kafka.brokers, self._settings.kafka.events[0])
            with screen_on(self._console) as screen:
                await self._show(screen, reader, following, seconds)
            open_for_s = self._visitors.open_for_s
            with waiting(self._console, "closing: the rest is counted"):
                await self._visitors.close()
                last = await self._counted(reader, following)
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
            await self._visitors.abandon()
            await reader.close()
        return summarize(
            self._subject,
            last,
            seconds=open_for_s,
            seed=self._seed,
            events=self._visitors.sent,
            latency=self._latency.total(),
        )

    def _take_signals(self) -> None:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()

        def interrupted() -> None:
            if self._stop.is_set() and task is not None:
                task.cancel()
            self._stop.set()

        for number in ENDING_SIGNALS:
            loop.add_signal_handler(number, interrupted)

    async def _follow(self, reader: Reader) -> None:
        """Measure the latency."""
        async with aclosing(reader.publications()) as publications:
            async for status in publications:
                self._told(status)

    async def _show(
        self, screen: Screen, reader: Reader, following: asyncio.Task[None], seconds: float | None
    ) -> None:
        url = self._parts.worker.metrics_url
        observer = Observer(self._subject, self._visitors, seconds, url, self._latency.recent)
        while not self._stop.is_set() and (seconds is None or self._visitors.open_for_s < seconds):
            snapshot = await self._read(reader, following)
            screen.show(observer.observe(snapshot, self._visitors.open_for_s))
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._stop.wait()

    async def _counted(self, reader: Reader, following: asyncio.Task[None]) -> Snapshot:
        """Return what Redis holds once all that was sent is in it, and in the windows."""
        began, times = time.monotonic(), 0
        while True:
            snapshot = await self._read(reader, following)
            times = times + 1 if self._complete(snapshot) else 0
            # Twice, because status and windows of one moment may be written one after the other.
            waited = time.monotonic() - began
            if times > 1 or (self._stop.is_set() and waited > _INTERRUPTED_WITHIN_S):
                return snapshot
            if waited > COUNTED_WITHIN_S:
                raise NotCountedError(
                    f"{self._visitors.sent:,} events were sent, of which {snapshot.status.read:,} were read"
                    f" {COUNTED_WITHIN_S:.0f} s after the last; the worker's log ends:\n"
                    f"{self._parts.worker.process.log_tail(_LOG_LINES)}"
                )
            await asyncio.sleep(LOOK_EVERY_S)

    def _complete(self, snapshot: Snapshot) -> bool:
        """Tell whether all records were read, and the sliding windows have come up to the last of them."""
        status = snapshot.status
        if status.read < self._visitors.sent:
            return False
        shown_until = (status.watermark or 0) + self._settings.time.out_of_order
        return shown_until >= self._visitors.newest_ms or not status.outcomes["counted"]

    async def _read(self, reader: Reader, following: asyncio.Task[None]) -> Snapshot:
        self._parts.check()
        self._visitors.check()
        if following.done():
            following.result()
        try:
            snapshot = await reader.read()
        except RedisError:
            self._parts.check()  # says more
            raise
        self._told(snapshot.status)
        return snapshot

    def _told(self, status: Status) -> None:
        self._latency.seen(status.read, time.time_ns() // 1_000_000)
