"""How fine the past is kept, and by what windows slide."""

from dataclasses import replace

import pytest

from stream.core.bucket import level_of
from stream.core.cell import SESSIONS
from stream.core.definition import Definition, Funnel, Micro, Step, Times
from stream.core.rates import Rates
from tests.core.test_rates import BEGIN, ENTER, delta

SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
SIZES = (MINUTE, HOUR, 2 * HOUR, 3 * HOUR, DAY, 8 * DAY, 9 * DAY)


@pytest.mark.says(
    "Panes of 10 s are kept for 2 h, minutes for 8 d, hours for 9 d or a day longer than the longest window,"
)
def test_the_past_gets_coarser() -> None:
    """Of a session that began long ago its pane is known for two hours, its minute for eight days."""
    rates = Rates(Definition(micros=(Micro("share", "share"),), times=Times(sizes=SIZES)))
    assert max(SIZES) == 9 * DAY
    ages = (
        0,
        2 * HOUR - MINUTE,
        2 * HOUR + MINUTE,
        8 * DAY - HOUR,
        8 * DAY + HOUR,
        10 * DAY,
        10 * DAY + 2 * HOUR,
    )
    known = []
    for seq, age in enumerate(ages):
        hits = ((BEGIN, ENTER, 1),) if not age else ()
        rates.fold(delta(seq + 1, BEGIN + age, *hits))
        rates.pass_time()
        rates.forget()
        starts = [BEGIN - BEGIN % width for width in (10 * SECOND, MINUTE, HOUR)]
        slots = [level.look(start, "all") for level, start in zip(rates.levels, starts, strict=True)]
        known.append([slot is not None and slot.cells[SESSIONS] == 1 for slot in slots])
    minute, hour, nothing = [False, True, True], [False, False, True], [False] * 3
    assert known == [[True] * 3, [True] * 3, minute, minute, hour, hour, nothing]


@pytest.mark.says("or two days longer than the longest `within` across sessions,")
def test_hours_are_kept_for_attempts_across_sessions() -> None:
    """An hour is kept for longer than an attempt that began in it lasts without a new step 0."""
    trial = Funnel("trial", (Step("a", "a"), Step("b", "b")), 30 * DAY)
    for scope, kept in (("visitor", 32 * DAY), ("session", 9 * DAY)):
        rates = Rates(Definition((replace(trial, scope=scope),), (Micro("share", "share"),)))
        rates.fold(delta(1, BEGIN, (BEGIN, ENTER, 1)))
        known = []
        for seq, age in enumerate((kept - HOUR, kept + 2 * HOUR)):
            rates.fold(delta(2 + seq, BEGIN + age))
            rates.pass_time()
            rates.forget()
            known.append(rates.levels[2].look(BEGIN - BEGIN % HOUR, "all") is not None)
        assert known == [True, False], scope


@pytest.mark.says("a longer window slides by the coarsest of them in it.")
def test_what_windows_slide_by() -> None:
    """Up to two hours a window slides by panes, up to eight days by minutes, longer by hours."""
    assert [level_of(size) for size in SIZES] == [0, 0, 0, 1, 1, 1, 2]
    rates = Rates(Definition(micros=(Micro("share", "share"),), times=Times(sizes=SIZES)))
    now = BEGIN + 9 * DAY + 25 * SECOND
    rates.fold(delta(1, now, (now - 9 * DAY, ENTER, 1), (now - 5 * HOUR, ENTER, 1), (now, ENTER, 1)))
    rates.pass_time()
    rates.settle()
    ends = {size: (window.end or 0) - now for size, window in rates.windows.items()}
    by_pane, by_minute = 15 * SECOND, 35 * SECOND  # now + out_of_order is :35, so its pane ends at :40
    assert ends == dict(zip(SIZES, [by_pane] * 3 + [by_minute] * 3 + [ends[9 * DAY]], strict=True))
    assert (now + ends[9 * DAY]) % HOUR == 0
    sessions = {size: window.rows["all"][SESSIONS] for size, window in rates.windows.items()}
    assert sessions == dict(zip(SIZES, (1, 1, 1, 1, 2, 2, 2), strict=True))
