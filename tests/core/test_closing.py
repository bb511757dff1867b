"""The end of sessions: what it says of those who did not convert, and what takes it back."""

from dataclasses import replace

import pytest

from stream.core.definition import Definition, Dimension, Funnel, Micro, Step, Times
from tests.core.story import Story, at_ms
from tests.laws.pipeline import TOPICS

DEFINITION = Definition(
    funnels=(Funnel("f", (Step("a", "a"), Step("b", "b")), within_ms=3_600_000),),
    micros=(Micro("m", "m"),),
    times=Times(allowed_lateness=3_600_000),
)
COUNTS = ("sessions", "converted", "open", "actions", "ratio", "mature")


def counts(story: Story, clock: str, measure: str = "f.b", size: str = "1m") -> tuple[object, ...] | None:
    """Return the counts of the newest published row of a window."""
    row = story.row(measure, clock, size)
    return None if row is None else tuple(row[name] for name in COUNTS)


@pytest.mark.says(
    "A session closes when the watermark passes its last event + `timeout`.",
    "`open`: those of them that have not reached m and have not closed.",
    "`mature` = `open` is 0 and the watermark has passed `window_end` + `allowed_lateness`.",
)
def test_open_until_it_closes_and_mature_later() -> None:
    """At its last event + timeout a session is open, beyond it is not; mature when nothing late can come."""
    story = Story(DEFINITION)
    story.at("13:00", "a")
    story.at("13:30:09", "p", visitor_id="w")
    assert counts(story, "13:00") == (1, 0, 1, 0, 0.0, False)
    story.at("13:30:12", "p", visitor_id="w")
    assert counts(story, "13:00") == (1, 0, 0, 0, 0.0, False)
    story.at("14:01:09", "p", visitor_id="w")
    assert counts(story, "13:00") == (1, 0, 0, 0, 0.0, False)
    story.at("14:01:10", "p", visitor_id="w")
    assert counts(story, "13:00") == (1, 0, 0, 0, 0.0, True)


def test_who_may_still_convert_keeps_a_window_from_maturing() -> None:
    """A window that nothing late can reach is not mature while somebody in it may still convert."""
    story = Story(replace(DEFINITION, times=replace(DEFINITION.times, allowed_lateness=600_000)))
    story.at("13:00", "a")
    story.at("13:12", "p", visitor_id="w")
    story.at("13:20", "p")
    story.at("13:20", "p", visitor_id="w")
    assert counts(story, "13:00") == (1, 0, 1, 0, 0.0, False)
    story.at("13:51", "p", visitor_id="w")
    assert counts(story, "13:00") == (1, 0, 0, 0, 0.0, True)


@pytest.mark.says(
    "An event that still belongs to it reopens it, and what its close had counted is withdrawn."
)
def test_a_closed_session_goes_on() -> None:
    """An event within the timeout of a closed session opens it again: who left may convert after all."""
    story = Story(DEFINITION)
    story.at("13:00", "a")
    story.at("13:45", "p", visitor_id="w")
    assert counts(story, "13:00") == (1, 0, 0, 0, 0.0, False)
    story.at("13:20", "p")
    assert counts(story, "13:00") == (1, 0, 1, 0, 0.0, False), "it ends at 13:50 now"
    story.at("13:40", "b")
    assert counts(story, "13:00") == (1, 1, 0, 0, 1.0, False)
    assert counts(story, "13:40") == (0, 0, 0, 1, None, False)
    story.quiet("3h")
    assert counts(story, "13:00") == (1, 1, 0, 0, 1.0, True)


@pytest.mark.says("Its state is kept until no event that could belong to it could be other than late.")
@pytest.mark.parametrize("crashes", [False, True])
def test_what_can_still_be_reached_is_known(crashes: bool) -> None:
    """The last event that is not late finds its session, closed long since; soon after it is forgotten."""
    story = Story(DEFINITION)
    story.at("13:00", "a")
    story.at("14:30:10", "p", visitor_id="w")
    story.quiet("1s")
    if crashes:
        story.crash()
    assert story.at("13:30", "b") == "counted"
    assert counts(story, "13:00") == (1, 1, 0, 0, 1.0, True)

    story = Story(DEFINITION)
    story.at("13:00", "a")
    story.at("14:30:12", "p", visitor_id="w")
    story.quiet("1s")
    assert story.at("13:30", "b") == "late"
    assert story.visitors() == 1


@pytest.mark.says("no event that could belong to it could be other than late.")
def test_a_topic_that_is_behind_finds_its_sessions() -> None:
    """What is late in one events topic may be in time in another, hours behind: it finds its session."""
    story = Story(DEFINITION)
    story.at("13:00", "a")
    story.at("13:01", "p", visitor_id="w", topic=TOPICS[1])
    story.at("18:00", "p", visitor_id="w")
    story.quiet("1h", TOPICS[0])
    story.crash()
    assert story.at("13:20", "b") == "late"
    assert story.at("13:20", "b", topic=TOPICS[1]) == "counted"
    assert counts(story, "13:00") == (1, 1, 0, 0, 1.0, False)


@pytest.mark.says(
    "those of them that have reached m by now: a cohort, which may still grow.",
    "for windows shorter than people take to convert it is honest only when mature.",
    "is published when the watermark passes its end and again whenever its content changes;",
)
def test_a_cohort_grows_after_its_window_is_closed() -> None:
    """The row of 13:00 is published with nobody converted, and again when its two sessions convert."""
    story = Story(DEFINITION)
    story.at("13:00:10", "a", visitor_id="v1")
    story.at("13:00:20", "a", visitor_id="v2")
    assert counts(story, "13:00") is None, "the window has not ended"
    story.at("13:01:09.999", "p", visitor_id="w")
    assert counts(story, "13:00") is None, "nor has the watermark passed its end"
    story.at("13:01:10", "p", visitor_id="w")
    assert counts(story, "13:00") == (2, 0, 2, 0, 0.0, False)
    story.at("13:10", "b", visitor_id="v1")
    assert counts(story, "13:00") == (2, 1, 1, 0, 0.5, False)
    story.at("13:12", "b", visitor_id="v2")
    assert counts(story, "13:00") == (2, 2, 0, 0, 1.0, False)
    story.at("15:00", "p", visitor_id="w")
    assert counts(story, "13:00") == (2, 2, 0, 0, 1.0, True)


@pytest.mark.says("counts that fall back to 0 are published as 0;", "(absent in Redis, null in JSON,")
def test_a_window_that_lost_its_session_says_so() -> None:
    """An earlier first event takes a published session into another window: the old one says 0, not less."""
    story = Story(DEFINITION)
    story.at("13:05", "a")
    story.at("13:07", "p", visitor_id="w")
    assert counts(story, "13:05", "f.a") == (1, 1, 0, 1, 1.0, False)
    story.at("13:01", "a")
    assert counts(story, "13:05", "f.a") == (0, 0, 0, 0, None, False)
    assert counts(story, "13:01", "f.a") == (1, 1, 0, 1, 1.0, False)
    assert counts(story, "13:05", "micro.m") == (0, 0, 0, 0, None, False)


@pytest.mark.says("there is no row where there never was a session or action.")
def test_no_row_of_nothing() -> None:
    """Minutes without events, and measures whose base nobody reached, have no rows however long one waits."""
    story = Story(DEFINITION)
    story.at("13:00", "m")
    story.quiet("6h")
    found = {(measure, size, start) for measure, _, size, start in story.pipeline.rows}
    measures = ("micro.m", "session.started", "session.engaged", "session.bounced", "session.single_page")
    assert found == {(measure, size, at_ms("13:00")) for measure in measures for size in ("1m", "1h")}


@pytest.mark.says("An event that bridges two sessions merges them")
def test_a_bridge_between_closed_sessions() -> None:
    """Two sessions that had closed in two segments become one in the segment of the first."""
    definition = Definition(
        funnels=DEFINITION.funnels,
        dimensions=(Dimension("device", "device", ("mobile", "desktop")),),
        times=DEFINITION.times,
    )
    story = Story(definition)
    story.at("13:00", "a", device="mobile")
    story.at("13:40", "a", device="desktop")
    story.at("14:15", "p", visitor_id="w")
    assert counts(story, "13:40", "f.a") == (1, 1, 0, 1, 1.0, False)
    assert story.at("13:20", "b") == "counted"
    assert counts(story, "13:00") == (1, 1, 0, 0, 1.0, True)
    assert counts(story, "13:40", "f.a") == (0, 0, 0, 0, None, False)
    row = story.row("f.a", "13:40", segment="device=desktop")
    assert row is not None
    assert (row["sessions"], row["actions"]) == (0, 0)
