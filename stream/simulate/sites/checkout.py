"""What visits to the shop do besides looking at pages: they fill a cart, and some order."""

import math
import random

from stream.simulate.catalogue import Product
from stream.simulate.visit import MINUTE, Step, Visit, Walk

ERRAND_NAMES = frozenset(
    {"add_to_cart", "begin_checkout", "add_shipping_info", "add_payment_info", "purchase"}
)
"""What the events of it are called."""

# Shares of visits. Cart and order are for an appetite of 1 (see `Visit.appetite`).
_CART, _BEGIN, _SHIPPING, _ORDER = 0.17, 0.6, 0.85, 0.62
_TIERS = tuple({"shipping_tier": tier} for tier in ("standard", "standard", "express"))
_PAYMENT = tuple({"payment_type": kind} for kind in ("card", "paypal", "invoice"))


def checkout(rng: random.Random, visit: Visit, walk: Walk, viewed: list[Product]) -> list[Step]:
    """Return what follows the views of products, if anything; the pages are then looked at before that."""
    if not viewed or rng.random() >= _CART * visit.appetite:
        return []
    # Half of the carts are filled within 2 minutes of the visit's start, 9 of 10 within 15.
    cart_at = min(max(rng.lognormvariate(math.log(2 * MINUTE), 1.572), 15_000), 25 * MINUTE)
    walk.stretch(cart_at * rng.uniform(0.4, 0.95))
    return _buy(rng, visit, viewed, cart_at)


def _buy(rng: random.Random, visit: Visit, viewed: list[Product], cart_at: float) -> list[Step]:
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
            tier = rng.choice(_TIERS)
            path.append(Step(shipping, "add_shipping_info", "/checkout/shipping", cart, tier))
        if orders or rng.random() < 0.4:
            kind = rng.choice(_PAYMENT)
            path.append(Step(payment, "add_payment_info", "/checkout/payment", cart, kind))
    if orders:
        path.append(Step(end, "page_view", "/checkout/thanks"))
        order = {"transaction_id": f"T{rng.getrandbits(40):010X}"}
        path.append(Step(end + rng.random() * 120, "purchase", "/checkout/thanks", cart, order))
    return path
