"""Windows of the past: what the owner of the rates takes of them, and what that does to its own."""

from collections import Counter

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.core.bucket import HOUR, MINUTE
from stream.core.closed import ClosedRow
from stream.core.definition import Definition, Dimension, Micro, Pages, Times
from stream.core.delta import Code, Delta
from stream.core.labels import OTHER
from stream.core.past import Past, take_past
from stream.core.rates import Rates
from stream.core.tally import STAY_COUNT, STAY_TIME

DEFINITION = Definition(
    micros=(Micro("share", "share"),),
    dimensions=(Dimension("source", "source", max_values=2),),
    times=Times(),
    pages=Pages(max_values=2),
)
SHARE = "micro.share"
BEGIN = 1_767_603_600_000
"""When the worker's own counting begins: a full hour."""
DAY = 24 * HOUR
LATE = DEFINITION.times.late_after


def counting(*, began: int = BEGIN, watermark: int = BEGIN + HOUR) -> Rates:
    """Return rates of which one session began then, and that have come so far."""
    rates = Rates(DEFINITION)
    rates.fold(
        Delta(
            *(DEFINITION.fingerprint(), "w", 0, 1, 1, watermark, None, (0,) * 5, [("",)]),
            *([Code("enter", "session")], [(began, 0, 0, 1)], [], []),
        )
    )
    rates.pass_time()
    rates.publish()
    rates.forget()
    return rates


def past(width: int, start: int, **sessions: int) -> Past:
    """Return a window in which of so many sessions of each segment half shared."""
    segments = [
        (name.replace("__is__", "="), [n, n // 2, 0, n // 2] + [0] * 16, {}) for name, n in sessions.items()
    ]
    return Past(DEFINITION.fingerprint(), width, start, segments)


def told(start: int, pages: dict[str, int], width: int = MINUTE) -> Past:
    """Return a window in which nothing but so many stays of 2 s on each page happened."""
    stays = [(page, {STAY_TIME: 2_000 * n, STAY_COUNT: n}) for page, n in pages.items()]
    return Past(DEFINITION.fingerprint(), width, start, [], stays)


def stays(rates: Rates) -> dict[str, tuple[int, int]]:
    """Return how long and how often sessions of the last 24 hours stayed on each page."""
    return rates.pages.stays(rates.day.tallies.get("all", {}))


def shares(rows: list[ClosedRow]) -> dict[tuple[str, str, int], int]:
    """Return how many sessions each row of the micro-conversion has, by segment, size and start."""
    return {(row.segment, row.size, row.window_start): row.sessions for row in rows if row.measure == SHARE}


def test_a_window_of_the_past_is_published_as_any_other() -> None:
    """What lies before all that was counted is taken in, published and kept; again, it is the same."""
    rates = counting()
    window = past(MINUTE, BEGIN - HOUR, all=10)
    for _ in range(2):
        assert take_past(rates, window) == []
        (row,) = [row for row in rates.publish() if row.measure == SHARE]
        assert (row.window_start, row.size, row.sessions, row.converted) == (BEGIN - HOUR, "1m", 10, 5)
        assert row.mature
    assert rates.closed[0].rows([BEGIN - HOUR], ["all"])[0].sessions == 10


def test_nothing_counts_twice() -> None:
    """A window that reaches into the worker's own time, or so near that events may still come, is refused."""
    rates = counting()
    assert take_past(rates, past(HOUR, BEGIN, all=3)) is None
    assert take_past(rates, past(MINUTE, BEGIN - LATE - MINUTE + 1, all=3)) is None
    assert take_past(rates, past(MINUTE, BEGIN - LATE - MINUTE, all=3)) == []
    assert take_past(Rates(DEFINITION), past(MINUTE, BEGIN - DAY, all=3)) is None, "nothing was counted yet"


def test_what_is_too_old_to_keep_is_only_published() -> None:
    """Hours of last year become rows at once, and no memory."""
    rates = counting()
    rows = take_past(rates, past(HOUR, BEGIN - 200 * DAY, all=8))
    assert rows is not None
    assert shares(rows) == {("all", "1h", BEGIN - 200 * DAY): 8}
    assert rows[0].mature
    assert rates.levels[2].starts() == [BEGIN]
    assert rates.publish() == []


def test_a_long_window_has_the_past_in_it() -> None:
    """The last 24 hours have the minutes of the past that lie in them, and lose them when they slide on."""
    rates = counting()
    window = rates.windows[DAY]
    took = BEGIN - 2 * HOUR
    for _ in range(2):
        take_past(rates, past(MINUTE, took, all=10))
        assert window.rows["all"][0] == 10 + 1
    take_past(rates, past(MINUTE, took, all=4))
    assert window.rows["all"][0] == 4 + 1
    window.slide(took + DAY)
    assert window.rows["all"][0] == 1


def test_values_find_room_as_ever() -> None:
    """Unlisted values are admitted first come; those of the past for which there is no room are the rest."""
    rates = counting()
    window = past(
        MINUTE, BEGIN - HOUR, all=9, source__is__a=4, source__is__b=2, source__is__c=2, source__is__d=1
    )
    take_past(rates, window)
    assert shares(rates.publish()) == {
        (segment, "1m", BEGIN - HOUR): sessions
        for segment, sessions in (("all", 9), ("source=a", 4), ("source=b", 2), (f"source={OTHER}", 3))
    }
    assert rates.segments.is_partial("source=a")


def test_another_file_takes_the_place_of_the_first() -> None:
    """A window is as it was loaded last: segments that it lacks now are published as 0."""
    rates = counting()
    take_past(rates, past(MINUTE, BEGIN - HOUR, all=9, source__is__a=4))
    rates.publish()
    take_past(rates, past(MINUTE, BEGIN - HOUR, all=5, source__is__b=5))
    assert shares(rates.publish()) == {
        (segment, "1m", BEGIN - HOUR): sessions
        for segment, sessions in (("all", 5), ("source=a", 0), ("source=b", 5))
    }


@pytest.mark.parametrize("segment", ["all", f"source={OTHER}"])
def test_the_whole_and_the_rest_are_what_they_are(segment: str) -> None:
    """They need no room."""
    assert counting().segments.admit(segment) == segment


def test_pages_of_the_past_are_told_by_the_names_that_there_are() -> None:
    """They come by name and get the owner's numbers; what finds no room adds up in the rest."""
    rates = counting()
    rates.pages.number("/mine")
    take_past(rates, told(BEGIN - HOUR, {"/past": 1, "/mine": 2, "/b": 3, OTHER: 4, "/c": 5}))
    assert stays(rates) == {"/past": (2_000, 1), "/mine": (4_000, 2), OTHER: (24_000, 12)}
    assert rates.pages.changed, "names are state"
    assert rates.publish() == [], "nobody publishes pages, so a window of nothing else has no row"


def test_pages_of_what_is_only_published_take_no_room() -> None:
    """Nobody is told of pages of last year: those of today are the first to come."""
    rates = counting()
    rows = take_past(rates, told(BEGIN - 200 * DAY, {"/old": 1, "/older": 1}, HOUR))
    assert rows == []
    take_past(rates, told(BEGIN - HOUR, {"/a": 1, "/b": 1}))
    assert set(stays(rates)) == {"/a", "/b"}


def test_what_was_sent_before_there_were_pages_is_read() -> None:
    """A record without pages is a window without any."""
    old = msgspec.msgpack.encode((DEFINITION.fingerprint(), MINUTE, BEGIN - HOUR, []))
    assert msgspec.msgpack.decode(old, type=Past).pages == []


SOME_PAGES = st.dictionaries(st.sampled_from(["/a", "/b", "/c", "/d", OTHER]), st.integers(1, 5))


@given(st.lists(st.tuples(st.integers(1, 3), SOME_PAGES, st.integers(0, 2)), max_size=8))
def test_pages_are_those_of_the_windows_that_were_loaded_last(
    loaded: list[tuple[int, dict[str, int], int]],
) -> None:
    """However often windows come again, or others in their place, each counts once, as it came last."""
    rates, last = counting(), dict[int, Past]()
    names: dict[str, None] = {}
    for minutes, pages, again in loaded:
        window = last[minutes] = told(BEGIN - HOUR - minutes * MINUTE, pages)
        for _ in range(1 + again):
            assert take_past(rates, window) == []
        names |= dict.fromkeys(page for page in pages if page != OTHER)
    apart = list(names)[:2]
    wanted = Counter[str]()
    for window in last.values():
        for page, of_page in window.pages:
            wanted[page if page in apart else OTHER] += of_page[STAY_COUNT]
    assert stays(rates) == {page: (2_000 * count, count) for page, count in wanted.items()}
    rates.day.slide(BEGIN + 2 * DAY)
    assert stays(rates) == {}
