"""An online shop: the catalogue of preset ``ecommerce``."""

from collections.abc import Sequence

from stream.simulate.catalogue import (
    PRODUCT,
    TOPIC,
    Act,
    Channel,
    Coming,
    Page,
    Product,
    Topic,
    Way,
    Weighted,
)
from stream.simulate.people import devices
from stream.simulate.rhythm import weekly
from stream.simulate.site import Site
from stream.simulate.sites.checkout import ERRAND_NAMES, checkout

_CHANNELS = Weighted(
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

_GOODS = {
    "running-shoes": (89, ("Trail", "Tempo", "Marathon", "City", "Cushion", "Race")),
    "jackets": (149, ("Rain", "Down", "Wind", "Softshell", "Parka", "Fleece")),
    "backpacks": (99, ("Day", "Trek", "Commuter", "Alpine", "Travel", "Roll-top")),
    "tents": (289, ("Solo", "Dome", "Tunnel", "Family", "Bivy", "Ultralight")),
    "t-shirts": (29, ("Merino", "Basic", "Sport", "Striped", "Organic", "Long-sleeve")),
    "bottles": (19, ("Steel", "Glass", "Soft", "Insulated", "Filter", "Kids")),
}
_BRANDS = ("Nordvik", "Halde", "Pica", "Osto")


def _topic(name: str, base: int, kinds: Sequence[str]) -> Topic:
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
    return Topic(f"/c/{name}", tuple(products), {"item_list_name": name})


_ARTICLES = (
    "/blog/how-to-choose-running-shoes",
    "/blog/packing-light",
    "/blog/care-for-down",
    "/blog/first-tent",
)
_SEARCHES = tuple(
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
_SHARES = tuple({"method": method} for method in ("whatsapp", "mail", "link"))
_SIGN_UP = ({"method": "newsletter"},)

_LANDING = Weighted([(0.42, "home"), (0.15, "category"), (0.35, "product"), (0.08, "blog")])
_ON_PRODUCT = (3_000, 20_000)
_SUBSCRIBES = (Act("sign_up", 0.02, (5_000, 40_000), _SIGN_UP),)
_BUYING = Way(frozenset({"add_to_cart"}), ("/cart", "/checkout"))

SHOP = Site(
    name="shop",
    address="https://shop.example",
    devices=devices(mobile=(0.58, 0.75), desktop=(0.34, 1.4), tablet=(0.08, 1.0)),
    variants=("express", "control"),
    first=Coming(_CHANNELS, _LANDING, habit=0.85),
    again=Coming(_CHANNELS, _LANDING, habit=1.3),
    topics=tuple(_topic(name, base, kinds) for name, (base, kinds) in _GOODS.items()),
    pages={
        "home": Page(("/",), acts=_SUBSCRIBES),
        "category": Page(of=TOPIC, shows="view_item_list"),
        "search": Page(("/search",), shows="search", props=_SEARCHES),
        "product": Page(
            of=PRODUCT,
            shows="view_item",
            acts=(Act("add_to_wishlist", 0.05, _ON_PRODUCT), Act("share", 0.02, _ON_PRODUCT, _SHARES)),
        ),
        "blog": Page(_ARTICLES, acts=_SUBSCRIBES),
    },
    next={
        "home": Weighted(
            [(0.62, "category"), (0.18, "search"), (0.08, "product"), (0.04, "blog"), (0.08, "")]
        ),
        "category": Weighted([(0.68, "product"), (0.12, "category"), (0.05, "search"), (0.15, "")]),
        "search": Weighted([(0.70, "product"), (0.12, "search"), (0.18, "")]),
        "product": Weighted([(0.28, "product"), (0.16, "category"), (0.05, "home"), (0.51, "")]),
        "blog": Weighted([(0.30, "home"), (0.25, "product"), (0.15, "blog"), (0.30, "")]),
    },
    bounce=0.38,
    errand=checkout,
    errand_names=ERRAND_NAMES,
    begins=_BUYING,
    goes_on=_BUYING,
    events_per_visit=4.7,
    visits_per_visitor=2.4,
    rhythm=weekly(  # quiet at night, a hump at noon, most at 20 h
        by_hour=(
            *(0.42, 0.26, 0.18, 0.15, 0.17, 0.28, 0.52, 0.80, 1.00, 1.12, 1.20, 1.26),
            *(1.33, 1.30, 1.22, 1.20, 1.24, 1.33, 1.46, 1.62, 1.70, 1.56, 1.08, 0.60),
        ),
        by_weekday=(1.04, 0.97, 0.95, 0.97, 0.92, 0.98, 1.17),
    ),
)
