"""What time it is: watermarks by the inputs' own events, and what their passing does."""

import pytest

from stream.agents.rates import RatesState
from stream.core.clock import PartitionClock
from stream.core.definition import Definition, Micro, Times
from tests.core.story import Story, at_ms
from tests.laws.pipeline import TOPICS

ONE, OTHER = TOPICS
DEFINITION = Definition(micros=(Micro("m", "m"),), times=Times())


@pytest.mark.says("Watermark of an input partition: `newest - out_of_order + idle`")
def test_the_watermark_follows_the_newest_event() -> None:
    """Ten seconds behind the newest counted event; what is read behind it does not move it."""
    story = Story(DEFINITION)
    assert story.watermark() is None
    story.at("13:00", "m")
    assert story.watermark() == at_ms("12:59:50")
    story.at("12:55", "m")
    assert story.watermark() == at_ms("12:59:50")
    story.quiet("5m")
    assert story.watermark() == at_ms("13:04:50")


@pytest.mark.says(
    "`idle` runs only while the partition is read to its end, and begins at 0 when a worker takes it over."
)
def test_only_idle_time_is_added() -> None:
    """Time that passes while more is to be read counts for nothing, nor does what another worker waited."""
    story = Story(DEFINITION)
    story.at("13:00", "m")
    story.pipeline.now_ms += 3_600_000
    story.flush(0)
    assert story.watermark() == at_ms("12:59:50"), "it was not read to its end for an hour"
    story.quiet("1m")
    assert story.watermark() == at_ms("13:00:50")
    story.crash()
    story.quiet("30s")
    assert story.watermark() == at_ms("13:00:50"), (
        "thirty seconds of the next worker are less than the minute"
    )
    story.quiet("40s")
    assert story.watermark() == at_ms("13:01:00")


@pytest.mark.says("`idle` runs only while the partition is read to its end")
def test_idle_time_begins_anew_after_reading() -> None:
    """Who has read something begins to wait again, also where the end is reached at once."""
    clock = PartitionClock((ONE,), Times())
    clock.inputs[ONE].newest = at_ms("13:00")
    marks = []
    for now, reads in ((0, False), (60_000, False), (61_000, True), (90_000, False), (123_000, False)):
        if reads:
            clock.read(ONE)
        clock.tick(now, {ONE: True})
        marks.append(clock.watermark)
    waited = ["12:59:50", "13:00:50", "13:00:50", "13:00:50", "13:00:52"]
    assert marks == [at_ms(mark) for mark in waited]


@pytest.mark.says("A partition's watermark never falls")
def test_the_watermark_never_falls() -> None:
    """Events after an idle time are behind it; it waits for them, also in the hands of another worker."""
    story = Story(DEFINITION)
    story.at("13:00", "m")
    story.quiet("10m")
    assert story.at("13:01", "m") == "counted"
    assert story.watermark() == at_ms("13:09:50")
    story.crash()
    story.at("13:05", "m")
    assert story.watermark() == at_ms("13:09:50")
    story.at("12:40", "m", topic=OTHER)
    assert story.watermark() == at_ms("13:09:50"), "nor for another input whose first event is older"
    inputs = story.clock().inputs
    assert [inputs[topic].watermark for topic in TOPICS] == [at_ms("13:09:50"), at_ms("12:39:50")]


@pytest.mark.says("partitions that never had an event do not count; the global watermark is the least.")
def test_the_least_counts() -> None:
    """Of inputs and of partitions the one that is furthest behind decides; unused ones decide nothing."""
    story = Story(DEFINITION, partitions=3)

    def reached() -> int | None:
        state = story.pipeline.rates.state
        assert isinstance(state, RatesState)
        return state.core.watermark

    for partition in range(3):
        story.flush(partition)
    assert reached() is None
    story.at("13:00", "m")
    assert reached() == at_ms("12:59:50")
    story.at("12:30", "m", topic=OTHER, partition=1)
    story.at("13:30", "m", partition=1)
    story.at("13:20", "m")
    assert story.watermark(1) == at_ms("12:29:50")
    assert reached() == at_ms("12:59:50"), "the global one does not fall, either"
    story.at("13:10", "m", topic=OTHER, partition=1)
    assert reached() == at_ms("13:09:50")


@pytest.mark.says("Nothing jumps to the wall clock, so history can be replayed.")
def test_history_keeps_its_own_time() -> None:
    """Whatever the clock of the machine shows, events of long ago close what they would have closed then."""
    story = Story(DEFINITION)
    story.pipeline.now_ms = 10**15
    story.at("13:00", "m")
    story.quiet("0s")
    assert story.watermark() == at_ms("12:59:50")
    assert story.row("micro.m", "13:00") is None
    story.at("13:01:10", "m")
    assert story.row("micro.m", "13:00") is not None


@pytest.mark.says("The watermark closes windows and sessions; it never makes an event late.")
def test_an_event_behind_the_watermark_counts() -> None:
    """After hours of silence windows and sessions are closed; what then comes from before still counts."""
    story = Story(DEFINITION)
    story.at("13:00", "p")
    story.quiet("5h")
    closed = story.row("micro.m", "13:00")
    assert closed is not None
    assert (closed["sessions"], closed["converted"], closed["open"], closed["mature"]) == (1, 0, 0, True)
    assert story.at("12:51", "p", visitor_id="w") == "counted"
    before = story.row("micro.m", "12:51")
    assert before is not None
    assert (before["sessions"], before["open"], before["mature"]) == (1, 0, True), "closed as it begins"
    assert story.at("13:05", "m") == "counted"
    changed = story.row("micro.m", "13:00")
    assert changed is not None
    assert (changed["sessions"], changed["converted"]) == (1, 1)
