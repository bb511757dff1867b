"""What a visit does on a site, and when: from page to page, as the site's catalogue has it."""

import math
import random
from collections.abc import Sequence
from typing import TypeVar

from stream.simulate.catalogue import PRODUCT, TOPIC, Act, Page, Product, Topic
from stream.simulate.site import Site
from stream.simulate.visit import MINUTE, OpenPage, Step, Visit, Walk

T = TypeVar("T")

_LONGEST_WALK = 30 * MINUTE


def steps(rng: random.Random, visit: Visit, site: Site) -> list[Step]:
    """Decide what a visit does, in order of time.

    This is the one place that decides how far a visit gets; what makes a step fail for some visits from some
    time on (``visit.start_ms``, ``visit.visitor.device`` ...) cuts its result.
    """
    walk, viewed = _walk(rng, visit, site)
    besides = site.errand(rng, visit, walk, viewed) if site.errand is not None else []
    path = [act._replace(after_ms=page.at + act.after_ms) for page in walk for act in page.acts]
    path += besides
    path.sort(key=_after_ms)
    return path


def _after_ms(step: Step) -> float:
    return step.after_ms


def _walk(rng: random.Random, visit: Visit, site: Site) -> tuple[Walk, list[Product]]:
    """Return the pages that are looked at, and the products among them."""
    walk, viewed = Walk(), list[Product]()
    topic = rng.choice(site.topics)
    kind = visit.channel.landing or site.coming(visit.returning).landing.draw(rng)
    at = 0.0
    last = 1 if rng.random() < site.bounce else site.most_pages
    while kind:
        page = site.pages[kind]
        if page.of == TOPIC and walk:
            topic = rng.choice(site.topics)
        opened, busy = _open(rng, at, page, topic, viewed, visit.appetite)
        walk.append(opened)
        if len(walk) == last:
            break
        kind = site.next[kind].draw(rng)
        at += busy + min(rng.lognormvariate(math.log(site.dwell_ms), site.dwell_spread), 10 * MINUTE)
    if at > _LONGEST_WALK:
        walk.stretch(_LONGEST_WALK)
    return walk, viewed


def _open(
    rng: random.Random, at: float, page: Page, topic: Topic, viewed: list[Product], appetite: float
) -> tuple[OpenPage, float]:
    """Return an opened page with what is done there, and for how long that keeps the visitor, ms."""
    # A page's own event follows its page_view within a moment, now and then in the same millisecond.
    soon = rng.random() * 120
    products: tuple[Product, ...] = ()
    if page.of == PRODUCT:
        product = topic.pick(rng)
        viewed.append(product)
        products, path = (product,), product.page
    else:
        path = _one(rng, page.paths) if page.paths else topic.page
    opened = OpenPage(at, path)
    if page.shows:
        props = _one(rng, page.props) if page.props else topic.listed if page.of == TOPIC else None
        opened.acts.append(Step(soon, page.shows, path, products, props))
    began = soon if page.shows else 0.0
    busy = _do(rng, opened, page.acts, began, path, products, appetite)
    return opened, busy


def _do(
    rng: random.Random,
    opened: OpenPage,
    acts: Sequence[Act],
    at: float,
    path: str,
    products: tuple[Product, ...],
    appetite: float,
    *,
    waits: bool = False,
) -> float:
    """Do some of the acts and of what follows; return when the last is done for which the visitor waits."""
    busy = 0.0
    for act in acts:
        if rng.random() < (act.chance * appetite if act.keen else act.chance):
            when, where = at + rng.uniform(*act.after), act.page or path
            props = _one(rng, act.props) if act.props else None
            opened.acts.append(Step(when, act.name, where, products, props, act.value))
            if act.then or waits:
                then = _do(rng, opened, act.then, when, where, products, appetite, waits=True)
                busy = max(busy, when, then)
    return busy


def _one(rng: random.Random, several: Sequence[T]) -> T:
    return several[0] if len(several) == 1 else rng.choice(several)
