"""What the law says of pages can be broken: windows that are not as the batch has them are told."""

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import msgspec
import pytest

from stream.core.definition import Definition, Funnel, PageGroup, Pages, Step
from tests.laws.paging import Pair, page_differences
from tests.oracle import Judged, Read, judge

NOON = 1_767_614_400_000
HOUR = 3_600_000
ALL_CLOSED = (NOON + 2 * HOUR,)
STEPS = (Step("view", "view"), Step("order", "order"))
ROOMY = Definition(
    funnels=(Funnel("f", STEPS),),
    pages=Pages((PageGroup("shop", ("/s*",)),), max_values=2),
)
CROWDED = replace(ROOMY, pages=replace(ROOMY.pages, max_values=1))


class Window(NamedTuple):
    """A window that is made up."""

    pages: Mapping[str, Pair]
    leaving: Mapping[str, Mapping[str, Pair]]
    start: int = NOON
    end: int = NOON + HOUR
    closed_until: tuple[int, ...] = ALL_CLOSED


RIGHT = Window(
    {"shop": (60_000, 1), "/a": (120_000, 1), "/b": (30_000, 1)}, {"f.view": {"/b": (1, 0), "shop": (0, 1)}}
)


def visit() -> Judged:
    """Return a session that views, and leaves in the end; and one that orders."""
    told = [
        ("v", 0, "view", "/s1"),
        ("v", 60, "p", "/a"),
        ("v", 180, "p", "/b"),
        ("v", 210, "p", ""),
        ("w", 0, "view", "/s2"),
        ("w", 0, "order", ""),
    ]
    reads = []
    for offset, (visitor, seconds, name, page) in enumerate(told):
        event = {"visitor_id": visitor, "name": name, "page": page, "time": NOON + 1_000 * seconds}
        reads.append(Read("t", 0, offset, NOON + HOUR, msgspec.json.encode(event)))
    return judge(reads, ROOMY)


def test_what_the_batch_has_is_right() -> None:
    """As long as all pages are told apart there is one right answer, in which zeros may stand."""
    zeros = RIGHT._replace(
        pages={**RIGHT.pages, "/c": (0, 0)}, leaving={**RIGHT.leaving, "f.order": {"/a": (0, 0)}}
    )
    assert page_differences([RIGHT, zeros], visit(), ROOMY) == []


@pytest.mark.parametrize(
    "pages",
    [
        {},
        {**RIGHT.pages, "/a": (120_001, 1)},
        {**RIGHT.pages, "/a": (120_000, 2)},
        {**RIGHT.pages, "__other__": (1, 1)},
        {"shop": (60_000, 1), "/a": (120_000, 1), "__other__": (30_000, 1)},
    ],
)
def test_what_the_batch_has_not_is_told(pages: dict[str, Pair]) -> None:
    """Too much, too little, or in the rest: it is told where all pages are told apart."""
    assert page_differences([RIGHT._replace(pages=pages)], visit(), ROOMY) != []


@pytest.mark.parametrize(
    "leaving",
    [{}, {"f.view": {"/b": (0, 1), "shop": (1, 0)}}, {**RIGHT.leaving, "f.order": {"/b": (1, 0)}}],
)
def test_who_left_elsewhere_is_told(leaving: dict[str, dict[str, Pair]]) -> None:
    """Nobody left, the wrong ones left, or some left from where nobody was."""
    assert page_differences([RIGHT._replace(leaving=leaving)], visit(), ROOMY) != []


def test_what_is_in_the_rest_is_right_where_pages_are_many() -> None:
    """Any part of a page may be among the rest then, as long as nothing is lost."""
    all_of_b = {"shop": (60_000, 1), "/a": (120_000, 1), "__other__": (30_000, 1)}
    both = {"shop": (60_000, 1), "__other__": (150_000, 2)}
    left = {"f.view": {"__other__": (1, 0), "shop": (0, 1)}}
    windows = [RIGHT, RIGHT._replace(pages=all_of_b), RIGHT._replace(pages=both, leaving=left)]
    assert page_differences(windows, visit(), CROWDED) == []


@pytest.mark.parametrize(
    "pages",
    [
        {"shop": (60_000, 1), "/a": (120_000, 1)},
        {"shop": (60_000, 1), "/a": (150_000, 2)},
        {"__other__": (210_000, 3)},
        {"shop": (60_000, 1), "/a": (180_000, 1), "/b": (-30_000, 1)},
    ],
)
def test_what_is_lost_is_told_where_pages_are_many(pages: dict[str, Pair]) -> None:
    """Neither may a page be lost, nor another have it, nor a group be among the rest."""
    assert page_differences([RIGHT._replace(pages=pages)], visit(), CROWDED) != []


def test_only_sessions_that_have_closed_are_in_it() -> None:
    """Of a session that may still go on nothing is there, and nothing outside the window."""
    nothing = Window({}, {})
    timeout = ROOMY.times.timeout
    last = NOON + 210_000
    open_still = nothing._replace(leaving={"f.view": {"shop": (0, 1)}}, closed_until=(last + timeout,))
    assert page_differences([open_still], visit(), ROOMY) == []
    assert page_differences([RIGHT._replace(closed_until=(last + timeout + 1,))], visit(), ROOMY) == []
    later = nothing._replace(start=NOON + 210_000, leaving={"f.view": {"/b": (1, 0)}})
    assert page_differences([later], visit(), ROOMY) == []
    assert page_differences([nothing._replace(start=NOON + 210_001)], visit(), ROOMY) == []


def test_attempts_across_sessions_go_on_at_once_and_leave_when_that_session_has_closed() -> None:
    """In the windows of both times; a session that may still go on holds back where it left, and no more."""
    definition = replace(ROOMY, funnels=(Funnel("j", (*STEPS, Step("paid", "paid")), scope="visitor"),))
    timeout = definition.times.timeout
    gone_on = Window({}, {"j.view": {"shop": (0, 1)}}, closed_until=(NOON + timeout,))
    left = RIGHT._replace(leaving={"j.view": {"/b": (1, 0), "shop": (0, 1)}, "j.order": {"shop": (1, 0)}})
    assert page_differences([gone_on, left], visit(), definition) == []
    too_early = gone_on._replace(leaving=left.leaving)
    for wrong in (too_early, gone_on._replace(leaving={}), left._replace(leaving=gone_on.leaving)):
        assert page_differences([wrong], visit(), definition) != []
