"""What is sent of a file's windows, and what is told of those that were taken."""

import io

import msgspec
import pytest
from rich.console import Console

from stream.backfill.command import tell
from stream.backfill.counted import PastWindows
from stream.core.bucket import HOUR, MINUTE, Slot
from stream.core.definition import Definition, Micro
from stream.core.past import Past

DEFINITION = Definition(micros=(Micro("share", "share"),))
NOW = 1_767_603_600_000
DAY = 24 * HOUR


def windows(*found: tuple[int, int]) -> PastWindows:
    """Return what is kept of windows of these widths and starts."""
    past = PastWindows(DEFINITION, NOW, Console(file=io.StringIO()))
    for width, start in found:
        past.slots(width, start, [("all", Slot([1, 0, 0, 0] * 5, {3: 4}))])
    return past


def test_windows_are_sent_in_order_and_whole() -> None:
    """What is sent is what was counted, by the definition that counted it."""
    past = windows((MINUTE, NOW - 2 * HOUR), (HOUR, NOW - 3 * HOUR))
    sent = [msgspec.msgpack.decode(record, type=Past) for record in past.records()]
    assert [(p.width, p.start) for p in sent] == [(MINUTE, NOW - 2 * HOUR), (HOUR, NOW - 3 * HOUR)]
    assert sent[0].segments == [("all", [1, 0, 0, 0] * 5, {3: 4})]
    assert {p.fingerprint for p in sent} == {DEFINITION.fingerprint()}
    past.close()


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
