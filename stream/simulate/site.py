"""What a simulated site is: all that tells one site's traffic from another's, as data."""

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from stream.core.channel import channel_of
from stream.simulate.catalogue import Act, Coming, Country, Device, Page, Product, Topic, Way, Weighted
from stream.simulate.people import COUNTRIES
from stream.simulate.rhythm import Rhythm
from stream.simulate.visit import MINUTE, Step, Visit, Walk

Errand = Callable[[random.Random, Visit, Walk, list[Product]], list[Step]]
"""Decides what a visit does besides looking at pages, and may change when it looks at them."""


@dataclass(frozen=True, kw_only=True)
class Site:
    """A site, its pages and its visitors.

    Attributes:
        name: What kind of site it is, in a word.
        address: Scheme and host.
        devices: What visitors browse with.
        countries: Where they are.
        variants: Of the A/B test that runs, two.
        first: How first visits begin.
        again: How later visits do.
        topics: What visits are interested in; a new one when a page of :data:`TOPIC` is opened.
        pages: The kinds of pages by name.
        next: The kind of page that follows each kind; empty: the visit ends.
        bounce: Share of visits that see one page only.
        most_pages: No visit looks at more, but for what acts open.
        dwell_ms: How long a page is looked at, the median...
        dwell_spread: ...and the standard deviation of the logarithm.
        errand: What is done besides; ``None``: nothing.
        errand_names: The events of the errand.
        begins: What, when it does not happen, keeps from all that ``goes_on`` says.
        goes_on: What nobody does who was kept from it.
        events_per_visit: Mean events of a visit: turns a rate of events into one of visits (a test holds it
            to the model).
        visits_per_visitor: Mean visits of a visitor.
        rest_ms: So long visitors stay away at least between two visits...
        rest_more_ms: ...and so much longer, the median; 0: no longer...
        rest_spread: ...and the standard deviation of its logarithm.
        rhythm: How its traffic changes in the course of day and week.
        demo_pace: How many times faster than in life the demo goes, so that people convert while one looks.
    """

    name: str
    address: str
    devices: Weighted[Device]
    countries: Weighted[Country] = COUNTRIES
    variants: tuple[str, str]
    first: Coming
    again: Coming
    topics: tuple[Topic, ...] = (Topic("/", (), {}),)
    pages: Mapping[str, Page]
    next: Mapping[str, Weighted[str]]
    bounce: float
    most_pages: int = 9
    dwell_ms: float = 22_000
    dwell_spread: float = 1.0
    errand: Errand | None = None
    errand_names: frozenset[str] = frozenset()
    begins: Way
    goes_on: Way
    events_per_visit: float
    visits_per_visitor: float
    rest_ms: int = 35 * MINUTE  # longer than the gap that usually ends a session
    rest_more_ms: float = 0.0
    rest_spread: float = 0.0
    rhythm: Rhythm
    demo_pace: int = 60

    def coming(self, returning: bool) -> Coming:
        """Return how a visit begins."""
        return self.again if returning else self.first

    @cached_property
    def event_names(self) -> frozenset[str]:
        """All that events of this site are called."""
        shown = {page.shows for page in self.pages.values() if page.shows}
        done = {name for page in self.pages.values() for name in _names(page.acts)}
        return frozenset({"page_view", *shown, *done, *self.errand_names})

    @cached_property
    def field_values(self) -> Mapping[str, tuple[str, ...]]:
        """What this site can say in fields that have few values."""
        channels = (*self.first.channels.rows, *self.again.channels.rows)
        every = {
            "device": [device.name for device in self.devices.rows],
            "source": [channel.source for channel in channels],
            "medium": [channel.medium for channel in channels],
            "campaign": [channel.campaign for channel in channels],
            "country": [country.code for country in self.countries.rows],
            "variant": self.variants,
            "user_type": ("new", "returning"),
            "channel": [channel_of(c.source, c.medium, c.campaign, c.referrer, "") for c in channels],
        }
        return {field: tuple(dict.fromkeys(filter(None, values))) for field, values in every.items()}


def _names(acts: tuple[Act, ...]) -> Iterator[str]:
    for act in acts:
        yield act.name
        yield from _names(act.then)
