"""The exceptions to the law: where the order of arrival, or how long it took, does change a row."""

from dataclasses import replace

import msgspec
import pytest

from stream.core.definition import Definition, Dimension, Funnel, Micro, Step
from tests.core.story import Story, at_ms
from tests.core.test_journeys_long import BEGIN, SITE, Site
from tests.laws.pipeline import TOPICS
from tests.oracle import Read

DEFINITION = Definition(
    funnels=(Funnel("f", (Step("a", "a"), Step("b", "b")), within_ms=3_600_000),),
    micros=(Micro("share", "share"),),
    dimensions=(Dimension("source", "source", max_values=1),),
)
A_DAY = 24 * 60


def sessions(story: Story, clock: str, segment: str = "all") -> int | None:
    """Return the sessions of the newest row of a minute; ``None``: there is none."""
    row = story.row("f.a", clock, segment=segment)
    return None if row is None else row["sessions"]


@pytest.mark.says("Unlisted values of a dimension that overflowed (see Segments).")
def test_who_comes_first_is_admitted() -> None:
    """Of two values where one is told apart it is the one that is read first."""
    told = {}
    for first, second in (("x", "y"), ("y", "x")):
        story = Story(DEFINITION)
        for source in (first, second):
            story.at("13:00", "a", source=source, visitor_id=source)
        story.quiet("2h")
        told[first] = [sessions(story, "13:00", f"source={one}") for one in ("x", "y", "__other__")]
    assert told == {"x": [1, None, 1], "y": [None, 1, 1]}


@pytest.mark.says("Sessions of more than 2,000 step events.")
def test_the_first_two_thousand_that_are_read_count() -> None:
    """The same events, one of them read first or last: last, it is a bot's, and nobody converts."""
    converted = {}
    for place in ("first", "last"):
        story = Story(DEFINITION)
        story.at("13:00", "a")
        if place == "first":
            story.at("13:00:30", "b")
        owned, begin = story.pipeline.sessions[0], at_ms("13:00:01")
        offset = owned.position[TOPICS[0]]
        shared = [
            {"name": "share", "visitor_id": "v", "time": begin + n, "event_id": f"s{n}"} for n in range(2_000)
        ]
        reads = [
            Read(TOPICS[0], 0, offset + n, begin, msgspec.json.encode(event))
            for n, event in enumerate(shared)
        ]
        owned.apply(TOPICS[0], 0, offset, reads)
        if place == "last":
            assert story.at("13:00:30", "b") == "bot"
        story.quiet("2h")
        row = story.row("f.b", "13:00")
        assert row is not None
        converted[place] = row["converted"]
    assert converted == {"first": 1, "last": 0}


@pytest.mark.says(
    "An events topic whose first event comes hours behind what was counted without it: it finds nothing of"
    " what was forgotten ([decision 8](decisions/0008-when-state-may-go.md))."
)
def test_a_topic_that_begins_late_finds_nothing() -> None:
    """Read to its end and empty, a topic holds nothing back: its first event finds no old session."""
    story = Story(DEFINITION)
    story.at("13:00", "a")
    story.quiet("1s")
    story.at("18:00", "p", visitor_id="w")
    story.quiet("1s")
    assert story.at("13:10", "b", topic=TOPICS[1]) == "counted"
    row = story.row("f.b", "13:00")
    assert row is not None
    assert (row["sessions"], row["converted"]) == (1, 0)


@pytest.mark.says(
    "Attempts at a funnel across sessions that go on when the window in which they began, or in which they"
    " left, is no longer kept: it stays as it is (`replay` keeps every window until its attempts are over)."
)
def test_an_attempt_that_outlives_its_window() -> None:
    """An attempt of eleven days converts: the hour of that says so, that of its beginning is gone."""
    site = Site(replace(SITE, dimensions=()))
    last = 11 * A_DAY
    for minute in (*range(0, last, 300), last):
        site.say(minute, "ad" if minute < last else "demo")
        site.pipeline.now_ms += 10_000
        site.pipeline.flush_rates()
    site.say(last + 62, "ping", visitor="clock")
    site.pipeline.now_ms += 10_000
    site.pipeline.flush_rates()
    hour = 3_600_000
    assert site.pipeline.rows["trial.demo", "all", "1h", BEGIN]["converted"] == 0
    ended = BEGIN + last * 60_000
    assert site.pipeline.rows["trial.demo", "all", "1h", ended - ended % hour]["actions"] == 1
