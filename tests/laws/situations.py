"""The special situations that some records make, found by the batch's own means: is the law tried on them?"""

from bisect import insort
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise

from stream.core.definition import Definition, Times
from stream.core.labels import FORWARD_FACTOR
from tests.laws.browsing import BROWSING, browsing
from tests.laws.converting import CONVERTING, converting
from tests.laws.deciding import DECIDING, deciding
from tests.laws.defined import MINUTE
from tests.laws.earning import EARNING, earning
from tests.laws.journeys import JOURNEYS, journeys
from tests.laws.leaving import LEAVING, leaving
from tests.laws.pipeline import TOPICS
from tests.laws.taking_back import TAKING_BACK, taking_back
from tests.oracle import Judged, Read
from tests.oracle.record import Event, RejectedError, event_of
from tests.oracle.visits import Session, overflowed, sessions_of, split

SITUATIONS = (
    "a record that is counted",
    "a record that is bot",
    "a record that is duplicate",
    "a record that is late",
    "a record that is rejected: bad_time",
    "a record that is rejected: future_time",
    "an event that bridges two sessions",
    "an event that becomes a session's first",
    "... and moves its window",
    "... and its dimensions",
    "an event that splits a session by max_length",
    "an end by max_length",
    "exactly max_length",
    "a millisecond more than max_length",
    "a gap of exactly the timeout",
    "a gap a millisecond longer than the timeout",
    "a visitor with and without session_id",
    "a visitor in several sessions at once",
    "a visitor who is found to be new",
    "a visitor who is found to be returning",
    "a tie of two names",
    "a tie of one name",
    "an id that counts again",
    "an id made of what the event says",
    "a time put right by sent_at",
    "a time ahead of its arrival",
    "an arrival that the event tells",
    "several events topics",
    "a topic that is never used",
    "a partition that is never used",
    "two inputs hours apart",
    "a dimension that overflows",
    "a value that a partition does not tell apart",
    "a cross",
    "a device that the user agent tells",
    "a channel that the referrer tells",
    "a referrer that says nothing",
    "a session that does not say where it came from",
    *DECIDING,
    *EARNING,
    *TAKING_BACK,
    *JOURNEYS,
    *CONVERTING,
    *BROWSING,
    *LEAVING,
)
"""All that :func:`situations` can find. Some faults show in one of them alone."""

Ordered = list[tuple[int, str, Event]]


def situations(judged: Judged, definition: Definition) -> Iterator[str]:
    """Yield the names of the situations in records that were read and judged; some more than once."""
    for verdict in judged.verdicts:
        yield f"a record that is {verdict}"
    yield from taking_back(judged, definition)
    yield from journeys(judged, definition)
    yield from converting(judged, definition)
    yield from browsing(judged, definition)
    yield from leaving(judged, definition)
    groups: dict[tuple[str, str], Ordered] = defaultdict(list)
    ids: set[tuple[str, str]] = set()
    for event in judged.counted:
        before = groups[event.visitor, event.session_id]
        yield from _arriving(event, [e for *_, e in before], definition.times)
        insort(before, (event.time, event.event_id, event), key=lambda entry: entry[:2])
        if (event.visitor, event.event_id) in ids:
            yield "an id that counts again"
        ids.add((event.visitor, event.event_id))
    yield from _of_time(judged.reads, definition.times)
    yield from _of_inputs(judged.reads)
    if "plan" in overflowed(judged.counted, definition):
        yield "a dimension that overflows"
    plans: dict[int, set[str]] = defaultdict(set)
    for event in judged.counted:
        plans[event.partition].add(event.field("props.plan"))
    if any(len(found - {""}) > FORWARD_FACTOR for found in plans.values()):
        yield "a value that a partition does not tell apart"
    visitors: dict[str, list[Event]] = defaultdict(list)
    for event in judged.counted:
        visitors[event.visitor].append(event)
    for events in visitors.values():
        sessions = sessions_of(events, definition)
        yield from _of_a_visitor(sessions, definition.times)
        for session in sessions:
            yield from _of_a_session(session, definition)


def _arriving(event: Event, before: list[Event], times: Times) -> Iterator[str]:
    """What an event does to the sessions of its id when it is counted."""
    was, now = split(before, times), split([*before, event], times)
    if len(now) < len(was):
        yield "an event that bridges two sessions"
    if len(now) > len(was) + 1 or (len(now) == len(was) + 1 and any(len(s) > 1 for s in now if event in s)):
        yield "an event that splits a session by max_length"
    its_own = next(session for session in now if event in session)
    old = next((s for s in was if s[0] in its_own), None)
    if old is not None and its_own[0] is event:
        yield "an event that becomes a session's first"
        if event.time // MINUTE != old[0].time // MINUTE:
            yield "... and moves its window"
        if (said := event.field("device")) and said != _first(old, "device"):
            yield "... and its dimensions"


def _first(session: list[Event], field: str) -> str:
    return next((said for e in session if (said := e.field(field))), "")


def _of_time(reads: Sequence[Read], times: Times) -> Iterator[str]:
    for read in reads:
        try:
            event = event_of(read, times.max_future)
        except RejectedError:
            continue
        if b'"sent_at"' in (read.value or b""):
            yield "a time put right by sent_at"
        elif event.time == read.timestamp_ms and str(event.time).encode() not in (read.value or b""):
            yield "a time ahead of its arrival"
        if b'"received_at"' in (read.value or b""):
            yield "an arrival that the event tells"
        if b'"event_id"' not in (read.value or b""):
            yield "an id made of what the event says"


def _of_inputs(reads: Sequence[Read]) -> Iterator[str]:
    used = {(read.topic, read.partition) for read in reads}
    if {partition for _, partition in used} != {0, 1}:
        yield "a partition that is never used"
    if {topic for topic, _ in used} == {*TOPICS}:
        yield "several events topics"
        arrivals = {read.topic: read.timestamp_ms for read in reads}
        if abs(arrivals[TOPICS[0]] - arrivals[TOPICS[1]]) > 120 * MINUTE:
            yield "two inputs hours apart"
    else:
        yield "a topic that is never used"


def _of_a_visitor(sessions: list[Session], times: Times) -> Iterator[str]:
    ids = {session.events[0].session_id for session in sessions}
    if "" in ids and len(ids) > 1:
        yield "a visitor with and without session_id"
    ordered = sorted(sessions, key=lambda session: session.start)
    if any(later.start <= earlier.events[-1].time for earlier, later in pairwise(ordered)):
        yield "a visitor in several sessions at once"
    for sid in ids:
        for earlier, later in pairwise(s for s in ordered if s.events[0].session_id == sid):
            gap = later.start - earlier.events[-1].time
            if gap == times.timeout + 1:
                yield "a gap a millisecond longer than the timeout"
            if gap <= times.timeout:
                yield "an end by max_length"
            if later.start - earlier.start == times.max_length + 1:
                yield "a millisecond more than max_length"


def _of_a_session(session: Session, definition: Definition) -> Iterator[str]:
    events = session.events
    if any(b.time - a.time == definition.times.timeout for a, b in pairwise(events)):
        yield "a gap of exactly the timeout"
    if any(event.time - session.start == definition.times.max_length for event in events):
        yield "exactly max_length"
    if any(a.time == b.time and a.name != b.name for a, b in pairwise(events)):
        yield "a tie of two names"
    if any(a.time == b.time and a.name == b.name for a, b in pairwise(events)):
        yield "a tie of one name"
    if not _first(list(events), "user_type"):
        yield f"a visitor who is found to be {session.values['user_type']}"
    if "where_from" in session.values:
        yield "a cross"
    if session.values.get("device") == "tablet":  # no event says so itself
        yield "a device that the user agent tells"
    if session.values["channel"] in ("Organic Search", "AI Assistant", "Referral"):  # likewise
        yield "a channel that the referrer tells"
    if session.values["channel"] == "Direct":
        own = any(event.field("referrer") for event in events)
        yield ("a referrer that says nothing" if own else "a session that does not say where it came from")
    yield from deciding(session, definition)
    yield from earning(session, definition)
