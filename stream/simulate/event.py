"""The canonical event as a site's pages send it, and the events of all visits in order of time."""

import random
from collections.abc import Iterator, Mapping
from heapq import heappop, heappush, heapreplace
from itertools import chain
from typing import Any, NamedTuple

import msgspec

from stream.simulate.traffic import Traffic, visits
from stream.simulate.visit import Step, Visit


class SiteEvent(msgspec.Struct, omit_defaults=True, gc=False):
    """A record of the topic ``site-events``; empty fields are left out.

    ``time`` and ``sent_at`` are ms since the epoch or ISO 8601 text.
    """

    event_id: str
    name: str
    time: int | str
    visitor_id: str
    sent_at: int | str | None = None
    user_id: str = ""
    session_id: str = ""
    page: str = ""
    referrer: str = ""
    device: str = ""
    source: str = ""
    medium: str = ""
    campaign: str = ""
    country: str = ""
    variant: str = ""
    user_agent: str = ""
    value: float | None = None
    currency: str = ""
    items: list[dict[str, Any]] | None = None
    consent: dict[str, bool] | None = None
    props: Mapping[str, str] | None = None


def new_id(rng: random.Random) -> str:
    """Return an id in the form of a random UUID."""
    bits = f"{rng.getrandbits(128):032x}"
    return f"{bits[:8]}-{bits[8:12]}-4{bits[13:16]}-8{bits[17:20]}-{bits[20:]}"


class Happening(NamedTuple):
    """An event when it happens (ms since the epoch), the visit, and whether nothing more happens in that."""

    at_ms: int
    event: SiteEvent
    visit: Visit
    last: bool


def events(traffic: Traffic) -> Iterator[tuple[int, SiteEvent]]:
    """Return the events of some traffic with their time (ms since the epoch), in order of it."""
    return ((happening.at_ms, happening.event) for happening in happenings(traffic))


def happenings(traffic: Traffic) -> Iterator[Happening]:
    """Return the events of some traffic with what they are part of, in order of time.

    Events of visits that are under way are made when their time comes: until then only the steps are kept.
    """
    rng = random.Random(f"events {traffic.seed}")
    under_way: list[tuple[int, int, _UnderWay]] = []  # a heap by the time of the next step
    for number, visit in enumerate(chain(visits(traffic), (None,))):
        while under_way and (visit is None or under_way[0][0] < visit.start_ms):
            at, nth, going = under_way[0]
            event = going.step(at, new_id(rng))
            yield Happening(at, event, going.visit, not going.left)
            if going.left:
                heapreplace(under_way, (going.next_ms(), nth, going))
            else:
                heappop(under_way)
        if visit is not None:
            going = _UnderWay(visit, traffic.site.address, traffic.pace)
            going.skip(traffic.silent_until_ms)
            if going.left:
                heappush(under_way, (going.next_ms(), number, going))


class _UnderWay:
    """A visit and what is left of it."""

    __slots__ = ("_address", "_pace", "_page", "_referrer", "left", "visit")

    def __init__(self, visit: Visit, address: str, pace: float) -> None:
        self.visit = visit
        self._address = address
        self._pace = pace
        self._page = ""
        self._referrer = visit.channel.referrer
        self.left: list[Step] = visit.path[::-1]

    def next_ms(self) -> int:
        return self.visit.start_ms + int(self.left[-1].after_ms / self._pace)

    def skip(self, until_ms: int) -> None:
        """Go on to that time."""
        while self.left and self.next_ms() < until_ms:
            self._arrive(self.left.pop().page)

    def step(self, at: int, event_id: str) -> SiteEvent:
        """Go one step on, and return it as an event."""
        visit, step = self.visit, self.left.pop()
        visitor, channel = visit.visitor, visit.channel
        self._arrive(step.page)
        value, currency, items = None, "", None
        if step.value:
            value, currency = step.value, visitor.country.currency
        if step.products:
            value = round(sum(product.price for product in step.products), 2)
            currency, items = visitor.country.currency, [product.item for product in step.products]
        return SiteEvent(
            event_id,
            step.name,
            at,
            visitor.id,
            None,
            visitor.user_id,
            visit.session_id,
            self._page,
            self._referrer,
            visitor.device.name,
            channel.source,
            channel.medium,
            channel.campaign,
            visitor.country.code,
            visitor.variant,
            visitor.user_agent,
            value,
            currency,
            items,
            visitor.consent,
            step.props,
        )

    def _arrive(self, page: str) -> None:
        if page != self._page:
            if self._page:
                self._referrer = self._address + self._page
            self._page = page
