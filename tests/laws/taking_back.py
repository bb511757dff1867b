"""What an event does to what had been counted: it is taken back, or completed."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from stream.core.definition import Definition, Times
from tests.oracle import Judged
from tests.oracle.attempts import across, attempts_of
from tests.oracle.leaving import Leaving, leavings_in
from tests.oracle.matching import matches, steps_of
from tests.oracle.reaching import reached
from tests.oracle.record import Event
from tests.oracle.visits import Session, sessions_of

TAKING_BACK = (
    "an exclusion that arrives late and takes a conversion back",
    "an event that is no step, arrives late and breaks a strict attempt",
    "an unordered funnel completed out of order",
    "an unordered funnel completed by what arrives late",
    "a bounce taken back by a late event",
    "a single page that gets its second late",
    "an attempt that had left and goes on in a later session",
    "an attempt that had left where a late event of another session says that it had not",
    "an attempt that had left in a session that is opened again",
)


def taking_back(judged: Judged, definition: Definition) -> Iterator[str]:
    """Yield what the events do, in the order they were counted, to what was counted of their sessions."""
    topics = [
        read.topic
        for read, verdict in zip(judged.reads, judged.verdicts, strict=True)
        if verdict.outcome == "counted"
    ]
    known: dict[tuple[int, str], list[Event]] = defaultdict(list)
    newest: dict[int, dict[str, int]] = defaultdict(dict)
    for event, topic in zip(judged.counted, topics, strict=True):
        before = known[event.partition, event.visitor]
        watermark = _watermark(newest[event.partition], definition.times)
        if any(other.time > event.time for other in before):
            yield from _late(event, before, definition, watermark)
        yield from _left_no_more(event, before, definition, watermark)
        yield from _completed(event, before, definition)
        before.append(event)
        newest[event.partition][topic] = max(event.time, newest[event.partition].get(topic, event.time))


def _watermark(newest: dict[str, int], times: Times) -> int:
    """Return the watermark of a partition that was never idle, ms."""
    return min(newest.values(), default=0) - times.out_of_order


def _late(event: Event, before: list[Event], definition: Definition, watermark: int) -> Iterator[str]:
    """What an event does that something of its visitor has overtaken."""
    now = _session_with(event, [*before, event], definition)
    had = [session for session in sessions_of(before, definition) if session.events[0] in now.events]
    times = reached(now, definition)
    lost = {measure for session in had for measure in reached(session, definition).keys() - times.keys()}
    f, _, strict = definition.funnels[:3]
    if matches(event, f.exclusions[0]) and any(measure.startswith("f.") for measure in lost):
        yield "an exclusion that arrives late and takes a conversion back"
    if not steps_of(event, strict.steps) and any(measure.startswith("strict.") for measure in lost):
        yield "an event that is no step, arrives late and breaks a strict attempt"
    for session in had:
        if session.events[-1].time + definition.times.timeout >= watermark:
            continue
        old = reached(session, definition)
        if "session.bounced" in old and "session.engaged" in times:
            yield "a bounce taken back by a late event"
        if "session.single_page" in old and "session.single_page" not in times:
            yield "a single page that gets its second late"


def _left_no_more(
    event: Event, before: Sequence[Event], definition: Definition, watermark: int
) -> Iterator[str]:
    """What an event does to where attempts had left, in sessions that had closed."""
    now = sessions_of([*before, event], definition)
    still = {left for session in now for left in _left(session, [*before, event], definition)}
    for session in sessions_of(before, definition):
        if session.events[-1].time + definition.times.timeout >= watermark:
            continue
        if all(left in still for left in _left(session, before, definition)):
            continue
        if session.events[0] in _session_with(event, [*before, event], definition).events:
            yield "an attempt that had left in a session that is opened again"
        elif any(other.time > event.time for other in before):
            yield "an attempt that had left where a late event of another session says that it had not"
        else:
            yield "an attempt that had left and goes on in a later session"


def _left(session: Session, events: Sequence[Event], definition: Definition) -> Iterator[Leaving]:
    """Yield where attempts of a visitor's events left, of those that got furthest in a session."""
    for funnel in filter(across, definition.funnels):
        attempts = attempts_of(events, funnel)
        for leaves in leavings_in(session, attempts, funnel, definition.pages):
            if not leaves.went_on:
                yield leaves


def _completed(event: Event, before: Sequence[Event], definition: Definition) -> Iterator[str]:
    """Whether an event is the last that an unordered funnel needed, and what it was."""
    now = _session_with(event, [*before, event], definition)
    times = reached(now, definition)
    measure = "unordered.e"
    without = Session(tuple(e for e in now.events if e is not event), {})
    if measure not in times or (without.events and measure in reached(without, definition)):
        return
    if event.name != "e":
        yield "an unordered funnel completed out of order"
    if event.time < times[measure]:
        yield "an unordered funnel completed by what arrives late"


def _session_with(event: Event, events: Sequence[Event], definition: Definition) -> Session:
    return next(s for s in sessions_of(events, definition) if any(e is event for e in s.events))
