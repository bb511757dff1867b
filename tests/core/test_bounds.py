"""What keeps state small: bots, forgetting, ids that go away."""

from dataclasses import replace

import msgspec
import pytest

from stream.agents.sessions import SessionsState
from stream.core.definition import Condition, Definition, Dimension, Micro, Times
from stream.core.event import Event
from stream.core.labels import LabelReader
from stream.core.pages import PageReader
from stream.core.plans import Plans
from tests.core.story import Story
from tests.core.weight import weight
from tests.laws.pipeline import Pipeline
from tests.oracle import Read

MINUTE = 60_000
BEGIN = 1_767_603_600_000
DEFINITION = Definition(
    micros=(Micro("share", "share"),),
    dimensions=(Dimension("user_type", "user_type", ("new", "returning")),),
    times=Times(known_for=120 * MINUTE),
)


def read(offset: int, minute: float, visitor: str, name: str = "share", topic: str = "site-events") -> Read:
    """Return an event of a visitor, so many minutes after the beginning."""
    time = BEGIN + int(minute * MINUTE)
    event = {"name": name, "time": time, "visitor_id": visitor, "event_id": f"{visitor}{offset}"}
    return Read(topic, 0, offset, time, msgspec.json.encode(event))


def run(reads: list[Read], chunk: int = 500) -> Pipeline:
    """Bring events to one partition, with both topics read to their ends after each chunk."""
    pipeline = Pipeline(DEFINITION, 1)
    for first in range(0, len(reads), chunk):
        part = reads[first : first + chunk]
        pipeline.sessions[0].apply("site-events", 0, first, part)
        pipeline.flush(0, at_end=True)
    return pipeline


def state_of(pipeline: Pipeline) -> SessionsState:
    """Return the state of the only partition."""
    state = pipeline.sessions[0].state
    assert isinstance(state, SessionsState)
    return state


@pytest.mark.says(
    "or its session has already had 2,000 step events; such an event is in no window and no session.",
)
def test_after_two_thousand_step_events_a_session_is_a_bot() -> None:
    """The 2,001st step event of a session, and everything after it, is in no window."""
    reads = [read(n, n / 1000, "v") for n in range(2_000)]
    reads += [read(2_000, 2.1, "v"), read(2_001, 2.2, "v", "look"), read(2_002, 2.3, "w")]
    pipeline = run(reads)
    assert pipeline.outcomes(0) == {"counted": 2_001, "bot": 2}
    pipeline.let_time_pass(2 * 86_400_000)
    minute = pipeline.rows["micro.share", "all", "1m", BEGIN + 2 * MINUTE]
    assert (minute["sessions"], minute["actions"]) == (1, 1), "the session of w, and nothing of the bot"


@pytest.mark.says("judged in this order: rejected, bot, late, duplicate, counted.")
def test_a_bot_is_one_before_its_events_are_late_or_doubled() -> None:
    """What a bot's session sends is a bot's, also what is late by now or sent again; not what is broken."""
    story = Story(replace(DEFINITION, times=Times(allowed_lateness=5 * MINUTE)))
    pipeline = story.pipeline
    times = [read(n, n / 1000, "v") for n in range(2_000)]
    pipeline.sessions[0].apply("site-events", 0, 0, times)
    assert pipeline.outcomes(0) == {"counted": 2_000}
    first, last = "09:00", "09:01:59.940"
    assert story.at(last, "share", event_id="v1999") == "bot", "it is a duplicate, too"
    assert story.at("09:20", "share", visitor_id="w") == "counted"
    assert story.at(first, "share") == "bot", "it is late, too"
    assert story.at(first, "share", visitor_id="w") == "late"
    assert story.at(last, "share", time="yesterday") == "rejected"


def test_visitors_are_forgotten_when_nothing_late_can_reach_them() -> None:
    """Hours later neither memory nor changelog knows visitors, their ids, or their sessions."""
    reads = [read(n, n / 10, f"v{n}") for n in range(1_000)]  # 100 minutes
    reads += [read(1_000 + n, 400 + n, "w") for n in range(3)]
    pipeline = run(reads, chunk=50)
    pipeline.flush(0, at_end=True)
    state = state_of(pipeline)
    assert len(state.core.visitors) == 1
    assert len(pipeline.sessions[0].log) < 10


def test_who_was_there_is_remembered_for_as_long_as_it_counts() -> None:
    """A visitor who comes back within known_for is returning, although the session before is forgotten."""
    reads = [read(0, 0, "v"), read(1, 100, "w"), read(2, 101, "v"), read(3, 300, "w"), read(4, 301, "v")]
    pipeline = run(reads, chunk=1)
    pipeline.let_time_pass(2 * 86_400_000)
    counts = {
        (segment, start): row["sessions"]
        for (_, segment, size, start), row in pipeline.rows.items()
        if size == "1m" and segment != "all"
    }
    at = lambda minute: BEGIN + minute * MINUTE  # noqa: E731 - a name for a short sum
    assert counts[("user_type=new", at(0))] == 1
    assert counts[("user_type=returning", at(101))] == 1
    assert counts[("user_type=new", at(301))] == 1, "three hours later nobody remembers"


def test_a_bridge_to_an_old_session_makes_one_new_visitor() -> None:
    """A late event that joins a session to the one before it leaves one session, begun by a new visitor."""
    reads = [read(n, minute, "v") for n, minute in enumerate((0, 25, 56, 50))]
    pipeline = run(reads, chunk=1)
    pipeline.let_time_pass(2 * 86_400_000)
    found = {
        (segment, start): row["sessions"]
        for (_, segment, size, start), row in pipeline.rows.items()
        if size == "1m" and row["sessions"]
    }
    assert found == {("all", BEGIN): 1, ("user_type=new", BEGIN): 1}


def test_a_restart_does_not_judge_again_what_is_forgotten() -> None:
    """After a crash a session stays a returning visitor's, though the session before it is forgotten."""
    pipeline = Pipeline(DEFINITION, 1)
    for offset, (minute, session) in enumerate(((0, ""), (1, "s"), (31, ""), (90, "s"), (91, ""))):
        one = read(offset, minute, "v")
        value = msgspec.json.encode(msgspec.json.decode(one.value or b"") | {"session_id": session})
        pipeline.sessions[0].apply("site-events", 0, offset, [replace(one, value=value)])
        if minute == 90:
            pipeline.flush(0, at_end=True)
            pipeline.sessions[0].crash()
    pipeline.let_time_pass(2 * 86_400_000)
    found = pipeline.rows["micro.share", "user_type=returning", "1m", BEGIN + MINUTE]
    assert found["sessions"] == 1


@pytest.mark.says(
    "`returning` iff another session of the visitor began earlier within `known_for`, else `new`."
)
def test_who_is_back_stays_so_when_the_session_is_computed_again() -> None:
    """The session before is forgotten when an event out of order comes: the visitor has still been there."""
    minutes = (0, 100, 115, 130, 145, 144)
    pipeline = run([read(n, minute, "v", "look") for n, minute in enumerate(minutes)], chunk=1)
    assert state_of(pipeline).core.clock.horizon > BEGIN + 100 * MINUTE
    reads = [read(len(minutes), 143, "v")]
    pipeline.sessions[0].apply("site-events", 0, len(minutes), reads)
    pipeline.let_time_pass(2 * 86_400_000)
    found = pipeline.rows["micro.share", "user_type=returning", "1m", BEGIN + 100 * MINUTE]
    assert (found["sessions"], found["converted"]) == (1, 1)


def test_a_visitor_with_many_events_costs_no_more_than_its_events() -> None:
    """Thirty thousand page views of one visitor write rows in proportion to them, not to their square."""
    pipeline = Pipeline(DEFINITION, 1)
    written = 0
    for first in range(0, 30_000, 1_000):
        part = [read(first + n, (first + n) / 300, "v", "look") for n in range(1_000)]
        pipeline.sessions[0].apply("site-events", 0, first, part)
        state = state_of(pipeline)
        state.tick(0, {"site-events": True, "app-events": True})
        flush = state.flush(1 + first // 1_000)
        written += sum(len(value or b"") for _, value in flush.rows)
    assert written < 30_000 * 600


def test_long_texts_are_read_but_not_remembered() -> None:
    """Pages and labels of a thousand characters, each another, fill no memory of what was said before."""
    page_is_help = (Condition("page", ("/help/*",)),)
    definition = replace(
        DEFINITION,
        micros=(Micro("help", "page_view", page_is_help),),
        dimensions=(Dimension("campaign", "campaign"),),
    )
    pages, labels, kinds = (
        PageReader(definition.pages),
        LabelReader(definition.dimensions),
        Plans(definition).kinds,
    )
    sizes = set()
    for n in range(300):
        said = f"/help/{'x' * 900}{n}"
        event = Event(name="page_view", page=said, campaign=said)
        assert labels.of(event) == (said[:100],)
        assert pages.name(said) == "/help/*"
        assert pages.of(said) == pages.of(said)
        assert kinds.of(event) == kinds.of(Event(name="page_view", page="/help/us"))
        sizes.add(weight(pages) + weight(labels) + weight(kinds))
    assert len(sizes) == 1, "each as long as the others"
