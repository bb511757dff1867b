"""What a pipeline knows of pages in its windows, held against the batch."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from stream.core.definition import Definition
from tests.oracle import Judged
from tests.oracle.naming import groups_of, unlisted
from tests.oracle.pages import Trail, paged, trails

FORWARD_FACTOR = 4
"""A partition tells apart so many times as many pages as the owner of the rates."""

OTHER = "__other__"
"""The rest: pages that are not told apart."""

Pair = tuple[int, int]
"""Time (ms) and stays, or how many left and how many went on."""

NOTHING = (0, 0)


class Known(Protocol):
    """A window as it was at a moment."""

    @property
    def start(self) -> int:
        """Where it begins, ms."""

    @property
    def end(self) -> int:
        """Where it ends, ms."""

    @property
    def pages(self) -> Mapping[str, Pair]:
        """The time on each page, ms, and how many stays; zeros are as good as nothing."""

    @property
    def leaving(self) -> Mapping[str, Mapping[str, Pair]]:
        """By measure and page: how many left, and how many went on; likewise."""

    @property
    def closed_until(self) -> Sequence[int]:
        """Of each partition: sessions whose last event + timeout is before this have closed, ms."""


def page_differences(windows: Iterable[Known], judged: Judged, definition: Definition) -> list[str]:
    """Return where windows differ from what the batch makes of the same records.

    Where there are more pages than are told apart, groups are exact all the same; of another page there may
    be less than there should, and what is missing is among the rest. Pages that even a partition does not
    tell apart are one to it, so that who goes from one to another stays: stays are fewer then, not shorter.
    """
    every = trails(judged, definition)
    pages = definition.pages
    count = len(unlisted(judged, definition))
    exact = groups_of(pages) if count > pages.max_values else None
    may_be_fewer = count > FORWARD_FACTOR * pages.max_values
    timeout = definition.times.timeout
    found = []
    for window in windows:

        def is_closed(trail: Trail, until: Sequence[int] = window.closed_until) -> bool:
            return trail.last + timeout < until[trail.partition]

        wanted = paged(every, window.start, window.end, is_closed)
        tables = [("stays", window.pages, wanted.stays)]
        for measure in sorted({*window.leaving, *wanted.leaving}):
            told, right = (leaving.get(measure, {}) for leaving in (window.leaving, wanted.leaving))
            tables.append((f"leaving {measure}", told, right))
        for what, told, right in tables:
            span = f"{window.start} to {window.end}"
            fewer = may_be_fewer and what == "stays"
            found += [f"{what} {span}: {wrong}" for wrong in _unlike(told, right, exact, fewer=fewer)]
    return found


def _unlike(
    found: Mapping[str, Pair], wanted: Mapping[str, Pair], exact: set[str] | None, *, fewer: bool
) -> list[str]:
    """Return what is wrong with some pages; none said to be exact: all are. ``fewer``: stays may be."""
    wrong = []
    for page in sorted({*found, *wanted}):
        has, right = found.get(page, NOTHING), wanted.get(page, NOTHING)
        if exact is None or page in exact:
            good = has == right
        else:
            good = page == OTHER or all(0 <= n <= most for n, most in zip(has, right, strict=True))
        if not good:
            wrong.append(f"{page} is {has}, wanted {right}")
    has, right = _sum(found), _sum(wanted)
    if has == right or (fewer and has[0] == right[0] and has[1] < right[1]):
        return wrong
    return [*wrong, f"all together is {has}, wanted {right}"]


def _sum(pages: Mapping[str, Pair]) -> Pair:
    return sum(first for first, _ in pages.values()), sum(second for _, second in pages.values())
