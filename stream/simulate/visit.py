"""What a visit does on the site, and when: the steps from the landing page to the order, or to leaving."""

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from stream.simulate.catalogue import (
    ARTICLES,
    CATEGORIES,
    PAYMENT,
    SEARCHES,
    SHARES,
    SHIPPING,
    SIGN_UP,
    Category,
    Channel,
    Country,
    Device,
    Product,
    Weighted,
)

MINUTE = 60_000
LONGEST_MS = 40 * MINUTE
"""No visit takes longer, ms."""

# Shares of visits. Cart and order are for an appetite of 1 (see `Visit.appetite`).
_BOUNCE, _CART, _BEGIN, _SHIPPING, _ORDER = 0.38, 0.17, 0.6, 0.85, 0.62
_SIGN_UP, _WISHLIST, _SHARE = 0.02, 0.05, 0.02
_MOST_PAGES = 9
_LANDING = Weighted([(0.42, "home"), (0.15, "category"), (0.35, "product"), (0.08, "blog")])
_NEXT = {
    "home": Weighted([(0.62, "category"), (0.18, "search"), (0.08, "product"), (0.04, "blog"), (0.08, "")]),
    "category": Weighted([(0.68, "product"), (0.12, "category"), (0.05, "search"), (0.15, "")]),
    "search": Weighted([(0.70, "product"), (0.12, "search"), (0.18, "")]),
    "product": Weighted([(0.28, "product"), (0.16, "category"), (0.05, "home"), (0.51, "")]),
    "blog": Weighted([(0.30, "home"), (0.25, "product"), (0.15, "blog"), (0.30, "")]),
}


@dataclass(slots=True)
class Visitor:
    """Somebody with a browser, who may come back.

    Attributes:
        id: The anonymous id.
        user_id: The account's id; empty for those without.
        device: What they browse with.
        user_agent: What it calls itself.
        country: Where they are.
        variant: Which variant of the running A/B test they see.
        consent: What they answered to the banner; ``None`` where there was none.
        visits: How many visits they have begun.
    """

    id: str
    user_id: str
    device: Device
    user_agent: str
    country: Country
    variant: str
    consent: dict[str, bool] | None
    visits: int = 0


@dataclass(slots=True)
class Visit:
    """One session of a visitor, as far as it is known when it begins.

    Attributes:
        visitor: Who.
        session_id: The client's id of it.
        start_ms: When the landing page is opened, ms since the epoch.
        channel: Where it comes from.
        returning: Whether the visitor was here before.
        path: What is done in it, in order of time.
    """

    visitor: Visitor
    session_id: str
    start_ms: int
    channel: Channel
    returning: bool
    path: list["Step"] = field(default_factory=list)

    @property
    def appetite(self) -> float:
        """How much likelier than the average this visit buys (1: as likely)."""
        habit = 1.3 if self.returning else 0.85
        return self.visitor.device.appetite * self.channel.appetite * habit


class Step(NamedTuple):
    """One event of a visit: ``after_ms`` since its start."""

    after_ms: float
    name: str
    page: str
    products: tuple[Product, ...] = ()
    props: Mapping[str, str] | None = None


class _Page:
    """A page of the walk: when it is opened, and what is done there so many ms later."""

    def __init__(self, at: float, path: str) -> None:
        self.at = at
        self.path = path
        self.acts: list[tuple[float, str, tuple[Product, ...], Mapping[str, str] | None]] = [
            (0.0, "page_view", (), None)
        ]


def steps(rng: random.Random, visit: Visit) -> list[Step]:
    """Decide what a visit does, in order of time.

    This is the one place that decides how far a visit gets; what makes a step fail for some visits from some
    time on (``visit.start_ms``, ``visit.visitor.device`` ...) cuts its result.
    """
    pages, viewed = _walk(rng)
    bought: list[Step] = []
    if viewed and rng.random() < _CART * visit.appetite:
        # Half of the carts are filled within 2 minutes of the visit's start, 9 of 10 within 15.
        cart_at = min(max(rng.lognormvariate(math.log(2 * MINUTE), 1.572), 15_000), 25 * MINUTE)
        _stretch(pages, cart_at * rng.uniform(0.4, 0.95))
        bought = _checkout(rng, visit, viewed, cart_at)
    path = [
        Step(p.at + later, name, p.path, products, props)
        for p in pages
        for later, name, products, props in p.acts
    ]
    path += bought
    path.sort(key=_after_ms)
    return path


def _after_ms(step: Step) -> float:
    return step.after_ms


def _walk(rng: random.Random) -> tuple[list[_Page], list[Product]]:
    """Return the pages that are looked at, and the products among them."""
    pages: list[_Page] = []
    viewed: list[Product] = []
    category = rng.choice(CATEGORIES)
    kind, at = _LANDING.draw(rng), 0.0
    last = 1 if rng.random() < _BOUNCE else _MOST_PAGES
    while kind:
        if kind == "category" and pages:
            category = rng.choice(CATEGORIES)
        pages.append(_open(rng, at, kind, category, viewed))
        if len(pages) == last:
            break
        kind = _NEXT[kind].draw(rng)
        at += min(rng.lognormvariate(math.log(22_000), 1.0), 10 * MINUTE)
    if at > 30 * MINUTE:
        _stretch(pages, 30 * MINUTE)
    return pages, viewed


def _open(rng: random.Random, at: float, kind: str, category: Category, viewed: list[Product]) -> _Page:
    # A page's own event follows its page_view within a moment, now and then in the same millisecond.
    soon = rng.random() * 120
    if kind == "product":
        product = category.pick(rng)
        viewed.append(product)
        page = _Page(at, product.page)
        page.acts.append((soon, "view_item", (product,), None))
        if rng.random() < _WISHLIST:
            page.acts.append((soon + rng.uniform(3_000, 20_000), "add_to_wishlist", (product,), None))
        if rng.random() < _SHARE:
            page.acts.append((soon + rng.uniform(3_000, 20_000), "share", (product,), rng.choice(SHARES)))
    elif kind == "category":
        page = _Page(at, category.page)
        page.acts.append((soon, "view_item_list", (), category.listed))
    elif kind == "search":
        page = _Page(at, "/search")
        page.acts.append((soon, "search", (), rng.choice(SEARCHES)))
    else:
        page = _Page(at, "/" if kind == "home" else rng.choice(ARTICLES))
        if rng.random() < _SIGN_UP:
            page.acts.append((rng.uniform(5_000, 40_000), "sign_up", (), SIGN_UP))
    return page


def _stretch(pages: list[_Page], last_at: float) -> None:
    """Move the pages in time so that the last one is opened ``last_at``, all else in proportion."""
    if pages[-1].at > 0:
        factor = last_at / pages[-1].at
        for page in pages:
            page.at *= factor


def _checkout(rng: random.Random, visit: Visit, viewed: list[Product], cart_at: float) -> list[Step]:
    """Return what follows the view of a product that is bought: the cart, and some or all of the checkout."""
    cart = tuple(viewed[-1 - i] for i in range(min(len(viewed), 1 + (rng.random() < 0.3))))
    path = [Step(cart_at, "add_to_cart", cart[0].page, (product,)) for product in cart]
    path.append(Step(cart_at + rng.uniform(500, 4_000), "page_view", "/cart"))
    if rng.random() >= _BEGIN:
        return path
    orders = rng.random() < _ORDER * math.sqrt(visit.visitor.device.appetite)
    if orders:  # 14 to 35 minutes after the start, and not sooner after the cart than people type
        end = max(rng.triangular(14, 35, 19) * MINUTE, cart_at + rng.uniform(2, 6) * MINUTE)
    else:
        end = cart_at + min(rng.lognormvariate(math.log(4 * MINUTE), 0.8), 12 * MINUTE)
    # The gaps stay below 25 minutes, so that a visit without a session id stays one session.
    begin = cart_at + (end - cart_at) * rng.uniform(0.3, 0.7)
    shipping = begin + (end - begin) * rng.uniform(0.2, 0.6)
    payment = shipping + (end - shipping) * rng.uniform(0.3, 0.8)
    path.append(Step(begin, "page_view", "/checkout"))
    path.append(Step(begin + rng.random() * 120, "begin_checkout", "/checkout", cart))
    if orders or rng.random() < 0.5:
        if rng.random() < _SHIPPING:
            tier = rng.choice(SHIPPING)
            path.append(Step(shipping, "add_shipping_info", "/checkout/shipping", cart, tier))
        if orders or rng.random() < 0.4:
            kind = rng.choice(PAYMENT)
            path.append(Step(payment, "add_payment_info", "/checkout/payment", cart, kind))
    if orders:
        path.append(Step(end, "page_view", "/checkout/thanks"))
        order = {"transaction_id": f"T{rng.getrandbits(40):010X}"}
        path.append(Step(end + rng.random() * 120, "purchase", "/checkout/thanks", cart, order))
    return path
