"""The demo's site: simulated visitors, much quicker than real ones, whose events are sent as they act."""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from stream.simulate.disorder import EVERYDAY, Arrival, arrivals
from stream.simulate.rhythm import Rhythm
from stream.simulate.sink.kafka import to_kafka
from stream.simulate.site import Site
from stream.simulate.sites import SHOP
from stream.simulate.traffic import Traffic, live

_OPENS_MS = 5 * 24 * 3_600_000 + 10 * 3_600_000  # ten in the morning of a Tuesday
_FIRST_AFTER_MS = 300  # the producer needs a moment to start; nothing is to wait for that
_END_WITHIN_S = 1.0


def traffic_of(rate: float, seed: int, began_ms: int, site: Site = SHOP) -> Traffic:
    """Return visits in full swing at ``began_ms``, ten in the morning, at ``rate`` events per second."""
    swing = live(rate, now_ms=began_ms, seed=seed, pace=site.demo_pace, site=site)
    opening_ms = swing.start_ms + (began_ms - swing.start_ms) * site.demo_pace
    return replace(swing, rhythm=_day_from(opening_ms, site.rhythm))


def _day_from(opening_ms: int, daily: Rhythm) -> Rhythm:
    """Return the rhythm of the day that is 1 when the site opens, which the traffic calls ``opening_ms``."""
    level = daily(_OPENS_MS)
    return lambda at_ms: daily(at_ms - opening_ms + _OPENS_MS) / level


class Visitors:
    """Send events, with all the disorder of real traffic, until the site is closed.

    Args:
        site: What they visit.
        rate: Events per second at the start; it changes with the site's day.
        seed: Decides all that is left to chance.
        arrived: Told the Kafka timestamp (ms since the epoch) of each record, in order, before it is sent.

    Attributes:
        site: What they visit.
        began_ms: When it opened, ms since the epoch.
        sent: Records handed to the producer; after `close` all of them are acknowledged.
        newest_ms: The greatest Kafka timestamp of these.
    """

    def __init__(self, site: Site, rate: float, seed: int, arrived: Callable[[int], None]) -> None:
        self.site = site
        self._rate = rate
        self._seed = seed
        self._arrived = arrived
        self._until_ms: float = float("inf")
        self._sending: asyncio.Task[int] | None = None
        self.began_ms = self.newest_ms = self.sent = 0

    @property
    def open_for_s(self) -> float:
        """How long it has been open, seconds; 0 before."""
        return max(0, _now_ms() - self.began_ms) / 1000

    def clock_ms(self) -> int:
        """Return what the site's own clock shows, ms since the beginning of its Thursday."""
        return _OPENS_MS + int(self.open_for_s * 1000) * self.site.demo_pace

    def open(self, brokers: str, topic: str) -> None:
        """Begin to send to an existing topic."""
        self.began_ms = _now_ms() + _FIRST_AFTER_MS
        records = arrivals(traffic_of(self._rate, self._seed, self.began_ms, self.site), EVERYDAY)
        self._sending = asyncio.create_task(
            to_kafka(self._noted(records), brokers, topic, live=True, progress=self._progressed)
        )

    def check(self) -> None:
        """Raise what ended the sending, if anything did.

        Raises:
            KafkaError: The broker cannot be reached, or refuses.
        """
        if self._sending is not None and self._sending.done() and not self._sending.cancelled():
            self._sending.result()

    async def close(self) -> None:
        """Send nothing from now on, and wait until the broker has all that was sent.

        Raises:
            KafkaError: The broker cannot be reached, or refuses.
        """
        if self._sending is None:
            return
        self._until_ms = _now_ms()
        done, _ = await asyncio.wait({self._sending}, timeout=_END_WITHIN_S)
        if not done:  # nobody has come since who could notice
            self._sending.cancel()
            await asyncio.wait({self._sending})
        self.check()

    async def abandon(self) -> None:
        """Stop sending, whatever becomes of it."""
        if self._sending is not None:
            self._sending.cancel()
            await asyncio.wait({self._sending}, timeout=_END_WITHIN_S)

    def _noted(self, records: Iterable[Arrival]) -> Iterator[Arrival]:
        for record in records:
            if record.at_ms > self._until_ms:
                return
            self._arrived(record.at_ms)
            yield record

    def _progressed(self, sent: int, at_ms: int) -> None:
        self.sent, self.newest_ms = sent, at_ms


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
