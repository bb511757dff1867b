from collections.abc import Mapping

from stream.board.speed import SPEED_OVER_S
from stream.board.values import Rate, Status
from stream.core.segment import ALL
from stream.demo.board import MOST_SAMPLES, SAMPLE_S, Observer
from stream.demo.reading import NOW, Snapshot
from stream.demo.visitors import Visitors
from stream.simulate.sites import SHOP
from tests.demo.boards import SUBJECT

MOBILE = "device=mobile"


def observer() -> Observer:
    """Return the observer of an endless demo whose latency is not known yet."""
    visitors = Visitors(SHOP, 80, 1, lambda _: None)
    return Observer(SUBJECT, visitors, None, "http://127.0.0.1:1/metrics", lambda: None)


def reading(read: int, flow_of_mobile: float | None = None) -> Snapshot:
    """Return a reading of so many records, with one segment."""
    outcomes: Mapping[str, int] = {"counted": read - 1, "rejected": 1}
    rates = {(SUBJECT.sample, NOW, MOBILE): Rate(sessions=10, flow_ratio=flow_of_mobile)}
    return Snapshot(Status(outcomes), rates, {"device": [MOBILE]})


def test_the_speed_is_that_of_the_last_seconds() -> None:
    """Records per second, whatever became of them, are those of the last seconds, not of the whole demo."""
    watched = observer()
    first = watched.observe(reading(1), 0.0)
    assert first.events_per_s == 0.0
    for quarter in range(1, 41):
        quick = watched.observe(reading(1 + quarter * 25), quarter / 4)
    assert round(quick.events_per_s) == 100
    for quarter in range(1, 4 * int(SPEED_OVER_S) + 1):
        slow = watched.observe(reading(1_001 + quarter), 10 + quarter / 4)
    assert round(slow.events_per_s) == 4


def test_courses_have_a_value_every_few_seconds() -> None:
    """However often Redis is read, a course grows by one flow ratio per `SAMPLE_S`, and not for ever."""
    watched = observer()
    for quarter in range(81):
        seen = watched.observe(reading(1, quarter / 100), quarter / 4)
    assert seen.courses == {MOBILE: (0.0, 0.2, 0.4, 0.6, 0.8)}
    for sample in range(2 * MOST_SAMPLES):
        seen = watched.observe(reading(1), 25 + sample * SAMPLE_S)
    assert len(seen.courses[MOBILE]) == MOST_SAMPLES


def test_what_is_not_there_is_a_rate_of_nothing() -> None:
    """A measure that Redis has no hash of has no sessions and no ratio."""
    assert reading(1).rate(SUBJECT.goal, NOW, ALL) == Rate()
    assert reading(1).sessions(SUBJECT) == 0
    assert Rate.from_hash({}) == Rate()
    found = Rate.from_hash({"sessions": "8", "converted": "2", "ratio": "0.25", "flow_ratio": "1.5"})
    assert found == Rate(8, 2, 0.25, 1.5)
