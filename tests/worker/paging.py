"""Says where Redis differs from the truth in what is known of pages."""

from collections.abc import Mapping
from math import isclose
from typing import Any

from stream.units import duration_text
from tests.worker.site import Site
from tests.worker.truth import Truth

DAY = 86_400_000
KINDS = ("page", "leave", "went_on")
"""Kinds of keys."""


async def read_pages(site: Site, store: Any) -> dict[str, dict[str, float]]:
    """Return all keys about pages: the numbers by page."""
    found: dict[str, dict[str, float]] = {}
    for kind in KINDS:
        async for key in store.scan_iter(f"{site.tag}:{kind}:*", count=1000):
            if kind == "page":
                found[key] = {page: float(ms) for page, ms in (await store.hgetall(key)).items()}
            else:
                found[key] = dict(await store.zrange(key, 0, -1, withscores=True))
    return found


def page_differences(
    site: Site, found: Mapping[str, Mapping[str, float]], watermark: int, truth: Truth
) -> list[str]:
    """Compare sliding windows: mean times on pages, and of a day where funnels were left."""
    wanted: dict[str, dict[str, float]] = {}
    for size_ms in site.definition().times.sizes:
        stays = truth.pages(size_ms, truth.window_end(size_ms, watermark)).stays
        means = {page: ms / count for page, (ms, count) in stays.items() if count}
        wanted[f"{site.tag}:page:{duration_text(size_ms)}"] = means
    leaving = truth.pages(DAY, truth.window_end(DAY, watermark)).leaving
    for measure, pages in leaving.items():
        for place, kind in enumerate(KINDS[1:]):
            counts = {page: float(passed[place]) for page, passed in pages.items() if passed[place]}
            wanted[f"{site.tag}:{kind}:{measure}"] = counts
    differing = []
    for key in sorted({*found, *wanted}):
        has, right = found.get(key, {}), wanted.get(key, {})
        if has.keys() != right.keys() or not all(isclose(has[page], right[page]) for page in right):
            differing.append(f"{key} is {has}, wanted {right}")
    return differing
