"""How events arrive: late, twice, with wrong clocks, without ids, broken; in order of arrival."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from functools import lru_cache
from heapq import heappop, heappush
from typing import NamedTuple

import msgspec

from stream.core.event import REASONS, Reason
from stream.simulate.broken import broken
from stream.simulate.event import SiteEvent, happenings
from stream.simulate.loss import Losses
from stream.simulate.traffic import Traffic

CRAWLER = (
    "Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/138.0.0.0 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
)
"""The user agent of a program."""


class Arrival(NamedTuple):
    """A record as the broker gets it: its time (ms since the epoch), its key (the visitor), the event."""

    at_ms: int
    key: bytes
    value: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Disorder:
    """What happens to events between page and broker; the default is: nothing. Shares are ratios 0..1.

    None of it changes the events themselves: with any disorder the same traffic has the same ids, names and
    true times. Shares of visitors hold for all events of those visitors.

    Attributes:
        latency_ms: Mean of the network's delay, which differs from event to event.
        late: Share of events that are held back (and overtaken by others)...
        late_ms: ...by up to so much, evenly.
        too_late: Share of events that are held back for longer than any lateness that is allowed...
        too_late_ms: ...by between so and so much, evenly.
        duplicates: Share of events that are sent again...
        duplicate_ms: ...up to so much after the first time, evenly.
        without_session_id: Share of visitors whose client sends no session id.
        crawlers: Share of visitors who are programs, and say so in the user agent.
        without_dimensions: Share of events without device, source, medium, campaign and country.
        iso_times: Share of visitors whose client writes times as ISO 8601 text instead of ms.
        sent_at: Share of visitors whose client sends ``sent_at`` with each event.
        skewed: Share of those whose clock is wrong...
        skew_ms: ...by up to so much, ahead or behind.
        invalid: Broken records, beside the good ones, as a share of these.
        invalid_kinds: Why they will be rejected.
    """

    latency_ms: int = 0
    late: float = 0.0
    late_ms: int = 8_000
    too_late: float = 0.0
    too_late_ms: tuple[int, int] = (12 * 60_000, 30 * 60_000)
    duplicates: float = 0.0
    duplicate_ms: int = 30_000
    without_session_id: float = 0.0
    crawlers: float = 0.0
    without_dimensions: float = 0.0
    iso_times: float = 0.0
    sent_at: float = 0.0
    skewed: float = 0.0
    skew_ms: int = 6 * 3_600_000
    invalid: float = 0.0
    invalid_kinds: tuple[Reason, ...] = REASONS

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, float) and not 0 <= value <= 1:
                raise ValueError(f"{field.name} is a share between 0 and 1, not {value}")


IN_ORDER = Disorder()
"""Everything arrives at once, once and whole."""

EVERYDAY = Disorder(
    latency_ms=60,
    late=0.01,
    duplicates=0.003,
    without_session_id=0.05,
    without_dimensions=0.01,
    iso_times=0.7,
    sent_at=0.4,
    skewed=0.05,
    invalid=0.0005,
)
"""What a healthy site sees."""


def arrivals(
    traffic: Traffic, disorder: Disorder = IN_ORDER, losses: Losses | None = None
) -> Iterator[Arrival]:
    """Return the records of some traffic in order of arrival; endless when the traffic is.

    What the losses take is not sent; every other record is what it is without them.
    """
    post = _Post(disorder, random.Random(f"disorder {traffic.seed}"))
    pending = post.pending
    for occurred, event, visit, last in happenings(traffic):
        while pending and pending[0][0] < occurred:  # nothing that occurs from now on arrives earlier
            yield heappop(pending)[2]
        post.take(occurred, event, losses is not None and losses.takes(occurred, event, visit, last))
    while pending:
        yield heappop(pending)[2]


class _Client(NamedTuple):
    """What kind of client a visitor has."""

    key: bytes
    session_ids: bool
    crawls: bool
    iso: bool
    sent_at: bool
    skew_ms: int


class _Post:
    """The way to the broker; ``pending`` is a heap of what is on it, by arrival."""

    def __init__(self, disorder: Disorder, rng: random.Random) -> None:
        self.pending: list[tuple[int, int, Arrival]] = []
        self._disorder = disorder
        self._rng = rng
        self._encode = msgspec.json.Encoder().encode
        self._taken = 0
        # Made again for a visitor not heard of for long, since nothing but the id decides about it.
        self._client_of = lru_cache(maxsize=50_000)(self._make_client)

    def take(self, occurred: int, event: SiteEvent, lost: bool) -> None:
        """Send an event on its way; one that is lost never arrives, and changes nothing for the others."""
        disorder, chance = self._disorder, self._rng.random
        sent = self._never_arrives if lost else self._arrives
        client = self._client_of(event.visitor_id)
        if not client.session_ids:
            event.session_id = ""
        if client.crawls:
            event.user_agent = CRAWLER
        if disorder.without_dimensions and chance() < disorder.without_dimensions:
            event.device = event.source = event.medium = event.campaign = event.country = ""
        left = occurred
        if disorder.late and chance() < disorder.late:
            left += int(chance() * disorder.late_ms)
        elif disorder.too_late and chance() < disorder.too_late:
            left += self._rng.randint(*disorder.too_late_ms)
        at = left + self._latency()
        sent(at, client.key, self._stamped(event, client, occurred, left))
        if disorder.duplicates and chance() < disorder.duplicates:
            again = left + int(chance() * disorder.duplicate_ms)
            later = max(at, again + self._latency())
            sent(later, client.key, self._stamped(event, client, occurred, again))
        if disorder.invalid and chance() < disorder.invalid:
            reason = self._rng.choice(disorder.invalid_kinds)
            self._arrives(at, client.key, broken(self._rng, reason, event, at))

    def _latency(self) -> int:
        mean = self._disorder.latency_ms
        return min(int(self._rng.expovariate(1 / mean)), 20 * mean) if mean else 0

    def _stamped(self, event: SiteEvent, client: _Client, occurred: int, left: int) -> bytes:
        """Return the event as sent at ``left`` by that client, by its clock."""
        if client.sent_at:  # only these have wrong clocks: the others' times could not be put right
            event.sent_at = _time(left + client.skew_ms, client.iso)
            occurred += client.skew_ms
        event.time = _time(occurred, client.iso)
        return self._encode(event)

    def _arrives(self, at: int, key: bytes, value: bytes) -> None:
        self._taken += 1
        heappush(self.pending, (at, self._taken, Arrival(at, key, value)))

    def _never_arrives(self, at: int, key: bytes, value: bytes) -> None:
        """Take a record that is lost."""

    def _make_client(self, visitor_id: str) -> _Client:
        disorder = self._disorder
        lots = [int(visitor_id[i : i + 6], 16) / 0x1000000 for i in range(0, 30, 6)]
        skewed = lots[3] < disorder.skewed
        return _Client(
            visitor_id.encode(),
            lots[0] >= disorder.without_session_id,
            int(visitor_id[:-7:-1], 16) / 0x1000000 < disorder.crawlers,
            lots[1] < disorder.iso_times,
            lots[2] < disorder.sent_at,
            int((2 * lots[4] - 1) * disorder.skew_ms) if skewed else 0,
        )


_EPOCH = datetime(1970, 1, 1)  # without a zone, because formatting is quicker so; all times are UTC


def _time(ms: int, iso: bool) -> int | str:
    return (_EPOCH + timedelta(milliseconds=ms)).isoformat(timespec="milliseconds") + "Z" if iso else ms
