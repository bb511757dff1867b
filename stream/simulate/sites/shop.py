"""What the shop sells and who comes: products, devices, channels and countries, with their shares."""

import random
from bisect import bisect
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Generic, NamedTuple, TypeVar

SITE = "https://shop.example"

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
    """A kind of device; ``appetite`` multiplies the chance that its visitors buy."""

    name: str
    appetite: float
    user_agents: tuple[str, ...]


class Channel(NamedTuple):
    """Where a visit comes from; ``appetite`` multiplies the chance that it buys."""

    source: str
    medium: str
    campaign: str
    referrer: str
    appetite: float


class Country(NamedTuple):
    """A country and what is paid with there."""

    code: str
    currency: str


class Product(NamedTuple):
    """Something on sale; ``item`` is its entry in an event's ``items``."""

    page: str
    price: float
    item: dict[str, str | float]


class Category(NamedTuple):
    """A list of products, the popular ones first."""

    page: str
    products: tuple[Product, ...]
    listed: dict[str, str]
    """What an event says that shows it."""

    def pick(self, rng: random.Random) -> Product:
        """Return a product: the square makes the first quarter of the list half of the views."""
        return self.products[int(rng.random() ** 2 * len(self.products))]


_APPLE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
_CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0"

DEVICES = Weighted(
    [
        (
            0.58,
            Device(
                "mobile",
                0.75,
                (
                    f"{_APPLE} Version/18.5 Mobile/15E148 Safari/604.1",
                    f"{_APPLE} CriOS/138.0.7204.53 Mobile/15E148 Safari/604.1",
                    f"Mozilla/5.0 (Linux; Android 10; K) {_CHROME} Mobile Safari/537.36",
                ),
            ),
        ),
        (
            0.34,
            Device(
                "desktop",
                1.4,
                (
                    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_CHROME} Safari/537.36",
                    f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {_CHROME} Safari/537.36",
                    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
                ),
            ),
        ),
        (
            0.08,
            Device(
                "tablet",
                1.0,
                (
                    "Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
                    " Version/18.5 Mobile/15E148 Safari/604.1",
                    f"Mozilla/5.0 (Linux; Android 14; SM-X210) {_CHROME} Safari/537.36",
                ),
            ),
        ),
    ]
)

CHANNELS = Weighted(
    [
        (0.30, Channel("google", "organic", "", "https://www.google.com/", 1.0)),
        (0.10, Channel("google", "cpc", "brand_search", "https://www.google.com/", 1.3)),
        (0.06, Channel("google", "cpc", "summer_shoes", "https://www.google.com/", 0.9)),
        (0.20, Channel("direct", "", "", "", 1.2)),
        (0.10, Channel("facebook", "paid_social", "spring_sale", "https://m.facebook.com/", 0.6)),
        (0.07, Channel("instagram", "paid_social", "spring_sale", "https://l.instagram.com/", 0.55)),
        (0.07, Channel("newsletter", "email", "new_arrivals", "", 1.6)),
        (0.04, Channel("bing", "organic", "", "https://www.bing.com/", 0.9)),
        (0.03, Channel("tiktok", "social", "", "https://www.tiktok.com/", 0.4)),
        (0.03, Channel("vouchers", "referral", "partner_10", "https://vouchers.example/", 1.5)),
    ]
)

COUNTRIES = Weighted(
    [
        (0.42, Country("DE", "EUR")),
        (0.16, Country("FR", "EUR")),
        (0.14, Country("GB", "GBP")),
        (0.10, Country("NL", "EUR")),
        (0.10, Country("US", "USD")),
        (0.05, Country("AT", "EUR")),
        (0.03, Country("CH", "CHF")),
    ]
)

_GOODS = {
    "running-shoes": (89, ("Trail", "Tempo", "Marathon", "City", "Cushion", "Race")),
    "jackets": (149, ("Rain", "Down", "Wind", "Softshell", "Parka", "Fleece")),
    "backpacks": (99, ("Day", "Trek", "Commuter", "Alpine", "Travel", "Roll-top")),
    "tents": (289, ("Solo", "Dome", "Tunnel", "Family", "Bivy", "Ultralight")),
    "t-shirts": (29, ("Merino", "Basic", "Sport", "Striped", "Organic", "Long-sleeve")),
    "bottles": (19, ("Steel", "Glass", "Soft", "Insulated", "Filter", "Kids")),
}
_BRANDS = ("Nordvik", "Halde", "Pica", "Osto")


def _category(name: str, base: int, kinds: Sequence[str]) -> Category:
    products = []
    for i, kind in enumerate(kinds):
        for j, brand in enumerate(_BRANDS):
            price = base + 10 * i + 5 * j + 0.9
            item: dict[str, str | float] = {
                "item_id": f"{name[:2].upper()}-{100 * i + j:04d}",
                "item_name": f"{brand} {kind}",
                "item_brand": brand,
                "item_category": name,
                "price": price,
                "quantity": 1,
            }
            products.append(Product(f"/p/{name}/{brand}-{kind}".lower(), price, item))
    return Category(f"/c/{name}", tuple(products), {"item_list_name": name})


CATEGORIES = tuple(_category(name, base, kinds) for name, (base, kinds) in _GOODS.items())
ARTICLES = (
    "/blog/how-to-choose-running-shoes",
    "/blog/packing-light",
    "/blog/care-for-down",
    "/blog/first-tent",
)
SEARCHES = tuple(
    {"search_term": term}
    for term in (
        "rain jacket",
        "trail shoes",
        "gift",
        "30l backpack",
        "tent 2 person",
        "merino",
        "bottle",
        "sale",
    )
)
SHARES = tuple({"method": method} for method in ("whatsapp", "mail", "link"))
SIGN_UP = {"method": "newsletter"}
SHIPPING = tuple({"shipping_tier": tier} for tier in ("standard", "standard", "express"))
PAYMENT = tuple({"payment_type": kind} for kind in ("card", "paypal", "invoice"))

EVENT_NAMES = frozenset(
    {
        *("page_view", "view_item_list", "view_item", "search", "sign_up", "add_to_wishlist", "share"),
        *("add_to_cart", "begin_checkout", "add_shipping_info", "add_payment_info", "purchase"),
    }
)
"""All that events of this shop are called."""

VARIANTS = ("express", "control")
"""Of the A/B test that runs."""

FIELD_VALUES: Mapping[str, tuple[str, ...]] = {
    "device": tuple(device.name for device in DEVICES.rows),
    "source": tuple(channel.source for channel in CHANNELS.rows),
    "medium": tuple(channel.medium for channel in CHANNELS.rows if channel.medium),
    "campaign": tuple(channel.campaign for channel in CHANNELS.rows if channel.campaign),
    "country": tuple(country.code for country in COUNTRIES.rows),
    "variant": VARIANTS,
    "user_type": ("new", "returning"),
}
"""What this shop can say in fields that have few values."""
