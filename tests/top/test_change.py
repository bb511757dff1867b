from hypothesis import given
from hypothesis import strategies as st

from stream.board.speed import SPEED_OVER_S, Speed
from stream.board.values import Minute, Rate
from stream.board.words import count, span
from stream.top.change import Change, flow_change, sessions_change

MINUTE = 60_000
START = 1_000 * MINUTE


def minutes(*counts: tuple[int, int]) -> dict[int, Minute]:
    """Return minutes with (sessions, actions), the last one just before the window."""
    first = START - len(counts) * MINUTE
    return {first + n * MINUTE: Minute(first + n * MINUTE, s, a, None) for n, (s, a) in enumerate(counts)}


def test_the_window_before_is_of_the_same_size() -> None:
    """Of a longer history the minutes of the window just before count; of a shorter one what there is."""
    now = Rate(sessions=1_000, actions=200)
    history = minutes((1_000, 900), (10, 1), (10, 1))
    assert flow_change(now, history, START, 2 * MINUTE) == Change(1.0, False)
    assert flow_change(now, minutes((1_000, 400)), START + 5_000, 2 * MINUTE) == Change(-0.5, True)


def test_there_is_no_change_without_a_before() -> None:
    """Without sessions in either window, without actions before, or of a whole day, nothing is told."""
    now = Rate(sessions=100, actions=20)
    assert flow_change(now, {}, START, MINUTE) is None
    assert flow_change(now, minutes((100, 0)), START, MINUTE) is None
    assert flow_change(Rate(), minutes((100, 10)), START, MINUTE) is None
    assert flow_change(now, minutes((100, 10)), START, 24 * 60 * MINUTE) is None


def test_sessions_need_the_whole_window_before() -> None:
    """A history that has just begun would make any traffic a rise; a window under way counts for its part."""
    now = Rate(sessions=190)
    assert sessions_change(now, minutes((100, 0)), START, 2 * MINUTE, 2 * MINUTE) is None
    found = sessions_change(now, minutes((100, 0), (100, 0)), START, 2 * MINUTE, 114_000)
    assert found is not None
    assert abs(found.relative) < 1e-9


@given(st.integers(0, 10_000), st.integers(1, 10_000), st.integers(1, 10_000), st.integers(1, 10_000))
def test_a_fall_is_a_fall(actions: int, sessions: int, actions_before: int, sessions_before: int) -> None:
    """The sign of a change is that of the difference, and nothing falls by more than all."""
    history = minutes((sessions_before, actions_before))
    found = flow_change(Rate(sessions=sessions, actions=actions), history, START, MINUTE)
    assert found is not None
    assert found.relative >= -1
    difference = actions * sessions_before - actions_before * sessions
    assert abs(found.relative) < 1e-9 if difference == 0 else (found.relative < 0) == (difference < 0)


def test_a_state_that_begins_anew_has_no_negative_speed() -> None:
    """When the count of records falls, the speed is measured from there on."""
    speed = Speed()
    assert speed.per_s() is None
    for second in range(10):
        speed.seen(second * 100, second)
    assert speed.per_s() == 100
    speed.seen(5, 10)
    assert speed.per_s() is None
    speed.seen(55, 10 + SPEED_OVER_S)
    assert speed.per_s() == 10


@given(st.integers(0, 10**13))
def test_words_are_short(number: int) -> None:
    """A count has at most nine characters and a span at most nine, up to years."""
    assert len(count(number)) <= 9
    assert len(span(min(number, 10**11))) <= 9
    assert [span(ms) for ms in (230, 48_000, 300_000, 7_200_000)] == ["0.2 s", "48 s", "5 min", "2 h"]
