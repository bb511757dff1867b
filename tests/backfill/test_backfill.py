"""What is sent of a file's windows, and what is told of those that were taken."""

import io
from collections import Counter
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from stream.backfill.command import tell
from stream.backfill.counted import PastWindows
from stream.core.bucket import HOUR, MINUTE, Slot
from stream.core.definition import Definition, Funnel, Micro, Pages, Step
from stream.core.labels import OTHER
from stream.core.past import Past
from stream.core.tally import FIRST_PAGE, STAY_COUNT, STAY_PLACES, STAY_TIME
from stream.replay.run import replay

DEFINITION = Definition(micros=(Micro("share", "share"),))
NOW = 1_767_603_600_000
DAY = 24 * HOUR
WITH_PAGES = Definition(
    funnels=(Funnel("f", (Step("view", "view"), Step("order", "order"))),), pages=Pages(max_values=2)
)
LEFT = STAY_PLACES
"""Where it is told that sessions left the first step."""


def windows(*found: tuple[int, int]) -> PastWindows:
    """Return what is kept of windows of these widths and starts."""
    past = PastWindows(DEFINITION, NOW, Console(file=io.StringIO()))
    for width, start in found:
        past.slots(width, start, [("all", Slot([1, 0, 0, 0] * 5, {3: 4}))])
    return past


def sent(tmp_path: Path, *views: tuple[int, str]) -> tuple[PastWindows, list[Past]]:
    """Return what is kept, closed by now, and sent of visits by time and page of a view.

    After 5 min they leave on `/end`.
    """
    file = tmp_path / "past.jsonl"
    with file.open("wb") as lines:
        for number, (start, page) in enumerate(views):
            for name, on, minutes in (("view", page, 0), ("x", page, 1), ("x", "/end", 5)):
                said = {"visitor_id": f"v{number}", "name": name, "page": on}
                event = {**said, "time": start + minutes * MINUTE}
                lines.write(msgspec.json.encode(event) + b"\n")
    with closing(PastWindows(WITH_PAGES, NOW, Console(file=io.StringIO()))) as past:
        replay(WITH_PAGES, [str(file)], past)
        return past, [msgspec.msgpack.decode(record, type=Past) for record in past.records()]


def test_windows_are_sent_in_order_and_whole() -> None:
    """What is sent is what was counted, by the definition that counted it."""
    past = windows((MINUTE, NOW - 2 * HOUR), (HOUR, NOW - 3 * HOUR))
    sent = [msgspec.msgpack.decode(record, type=Past) for record in past.records()]
    assert [(p.width, p.start) for p in sent] == [(MINUTE, NOW - 2 * HOUR), (HOUR, NOW - 3 * HOUR)]
    assert sent[0].segments == [("all", [1, 0, 0, 0] * 5, {3: 4})]
    assert {p.fingerprint for p in sent} == {DEFINITION.fingerprint()}
    past.close()


def test_pages_are_sent_by_name(tmp_path: Path) -> None:
    """Numbers are of the file; a window of nothing but pages is sent, and no row of it waited for."""
    begin = NOW - 2 * HOUR
    past, windows = sent(tmp_path, (begin, "/a"))
    stay = ("/a", {STAY_TIME: 5 * MINUTE, STAY_COUNT: 1})
    left = ("/end", {LEFT: 1})
    assert [(p.width, p.start, p.pages) for p in windows] == [
        (MINUTE, begin, [stay]),
        (MINUTE, begin + MINUTE, []),
        (MINUTE, begin + 5 * MINUTE, [left]),
        (HOUR, begin, [stay, left]),
    ]
    assert all(place < FIRST_PAGE for p in windows for *_, tallies in p.segments for place in tallies)
    assert past.starts == {MINUTE: [begin, begin + MINUTE], HOUR: [begin]}
    assert past.kept == 4


def test_pages_that_find_no_room_are_sent_as_the_rest(tmp_path: Path) -> None:
    """A file tells as many pages apart as a partition does, first come."""
    begin = NOW - 2 * HOUR
    _, windows = sent(tmp_path, *((begin + n * MINUTE, f"/{page}") for n, page in enumerate("abcdefghija")))
    stays = Counter[str]()
    for window in windows:
        if window.width == HOUR:
            stays.update({page: tallies.get(STAY_COUNT, 0) for page, tallies in window.pages})
    assert +stays == Counter({"/a": 2, **dict.fromkeys(("/b", "/c", "/d", "/e", "/f", "/g"), 1), OTHER: 3})


def test_pages_of_which_nobody_is_told_are_not_sent(tmp_path: Path) -> None:
    """Windows from before the longest that slides, and a day, have none: names of then would take room."""
    _, windows = sent(tmp_path, (NOW - 3 * DAY, "/old"), (NOW - HOUR, "/new"))
    assert {page for p in windows for page, _ in p.pages} == {"/new", "/end"}
    assert {p.start for p in windows if p.start < NOW - 2 * DAY} == {NOW - 3 * DAY, NOW - 3 * DAY + MINUTE}


def test_nobody_is_sent_what_nobody_keeps() -> None:
    """Minutes go back nine days, hours a year; older hours are counted, so that it can be told."""
    past = windows(
        (MINUTE, NOW - 9 * DAY - MINUTE),
        (MINUTE, NOW - 9 * DAY),
        (HOUR, NOW - 366 * DAY - HOUR),
        (HOUR, NOW - 366 * DAY),
    )
    assert past.starts == {MINUTE: [NOW - 9 * DAY], HOUR: [NOW - 366 * DAY]}
    assert past.too_old == 1
    past.close()


@pytest.mark.parametrize(
    ("taken", "code", "says"),
    [
        ({("1h", NOW - 3 * HOUR), ("1m", NOW - 2 * HOUR)}, 0, "took 1 closed hour and 1 closed minute\n"),
        (
            {("1h", NOW - 3 * HOUR)},
            0,
            "took 1 closed hour and 0 closed minutes: the others are of a time that they have",
        ),
        (set(), 1, "no worker took any"),
    ],
)
def test_what_became_of_them_is_told(taken: set[tuple[str, int]], code: int, says: str) -> None:
    """All, some or none of the windows were taken: each is said, and only nothing is a failure."""
    said = io.StringIO()
    past = windows((MINUTE, NOW - 2 * HOUR), (HOUR, NOW - 3 * HOUR))
    assert tell(past, taken, Console(file=said, width=300, highlight=False), as_json=False) == code
    assert "sent 1 closed hour and 1 closed minute" in said.getvalue()
    assert says in said.getvalue()
    past.close()
