"""What catalogues of sites are made of: who comes, from where, to which pages, and what is done there.

Times are ms, chances are ratios 0..1.
"""

import random
from bisect import bisect
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")


class Weighted(Generic[T]):
    """Rows of which one is drawn with a probability in proportion to its weight."""

    def __init__(self, rows: Sequence[tuple[float, T]]) -> None:
        total = sum(weight for weight, _ in rows)
        self.rows = tuple(row for _, row in rows)
        self._upto = [upto / total for upto in accumulate(weight for weight, _ in rows)][:-1]

    def draw(self, rng: random.Random) -> T:
        """Return one of the rows."""
        return self.rows[bisect(self._upto, rng.random())]


class Device(NamedTuple):
    """A kind of device; ``appetite`` multiplies the chance that its visitors convert."""

    name: str
    appetite: float
    user_agents: tuple[str, ...]


class Channel(NamedTuple):
    """Where a visit comes from.

    Attributes:
        source: Field of the events.
        medium: Field of the events.
        campaign: Field of the events.
        referrer: Of the first page.
        appetite: Multiplies the chance that the visit converts.
        landing: The kind of page that it leads to; empty: any that visits begin with.
    """

    source: str
    medium: str
    campaign: str
    referrer: str
    appetite: float
    landing: str = ""


class Country(NamedTuple):
    """A country and what is paid with there."""

    code: str
    currency: str


class Product(NamedTuple):
    """Something on sale; ``item`` is its entry in an event's ``items``."""

    page: str
    price: float
    item: dict[str, str | float]


class Topic(NamedTuple):
    """What a visit is interested in: a list of products, the popular ones first.

    ``listed`` is what an event says that shows the list.
    """

    page: str
    products: tuple[Product, ...]
    listed: Mapping[str, str]

    def pick(self, rng: random.Random) -> Product:
        """Return a product: the square makes the first quarter of the list half of the views."""
        return self.products[int(rng.random() ** 2 * len(self.products))]


class Act(NamedTuple):
    """Something that may be done on a page.

    Attributes:
        name: The event.
        chance: How likely it is, each time the page is opened (or what leads to it is done).
        after: Between how many ms later.
        props: One of these properties goes with it; none: no properties.
        keen: Whether those with more appetite do it more often.
        page: Where it happens, if that is another page; what follows happens there, too.
        then: What may follow. Whoever does something that something may follow waits for that.
        value: What it is worth in the currency of the visitor; 0: it tells no value.
    """

    name: str
    chance: float
    after: tuple[float, float]
    props: Sequence[Mapping[str, str]] = ()
    keen: bool = False
    page: str = ""
    then: tuple["Act", ...] = ()
    value: float = 0.0


class Page(NamedTuple):
    """A kind of page.

    Attributes:
        paths: One of these; none: that of the topic, or of a product.
        of: Whether it is about the visit's topic as a whole, or a product of it.
        shows: An event that comes with its ``page_view``; empty: none.
        props: One of these properties goes with that; none: what the topic says.
        acts: What may be done there.
    """

    paths: tuple[str, ...] = ()
    of: str = ""
    shows: str = ""
    props: Sequence[Mapping[str, str]] = ()
    acts: tuple[Act, ...] = ()


TOPIC, PRODUCT = "topic", "product"
"""What pages can be about."""


class Coming(NamedTuple):
    """How a first visit begins, or a later one.

    Attributes:
        channels: Where it comes from.
        landing: The kinds of pages that it begins with, unless the channel leads to one.
        habit: Multiplies the chance that it converts.
    """

    channels: Weighted[Channel]
    landing: Weighted[str]
    habit: float


class Way(NamedTuple):
    """What is done only on the way to a goal: events by name, pages by the beginning of their path."""

    names: frozenset[str] = frozenset()
    pages: tuple[str, ...] = ()

    def has(self, name: str, page: str) -> bool:
        """Whether an event is part of it."""
        return name in self.names or page.startswith(self.pages)
