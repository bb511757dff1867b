"""Funnels across sessions on their own: few events in few moments, so that ties are everywhere."""

import os
from collections import Counter
from dataclasses import dataclass

import msgspec
from hypothesis import given, note, settings
from hypothesis import strategies as st

from stream.agents.rates import RatesState
from stream.core.attempt import fold, put_in_order, replay
from stream.core.definition import Condition, Definition, Dimension, Exclusion, Funnel, Step, Times
from stream.core.earning import keep
from stream.core.event import Event as CoreEvent
from stream.core.plans import Plans
from stream.core.revenue import accounts, amount_in, money_of
from stream.core.visitor import Attempt, Journey
from tests.laws.counting import unseen_revenue
from tests.laws.drawing import BEGIN
from tests.laws.maturing import mature, unlike_batch, unlike_delays
from tests.laws.paging import page_differences
from tests.laws.pipeline import TOPICS, Pipeline
from tests.laws.sessions import Shown, differences, kept
from tests.oracle import Read, compare, judge, rows
from tests.oracle.attempts import attempts_of, reached_across
from tests.oracle.money import paying, worth
from tests.oracle.rates import scope_of
from tests.oracle.record import Event

EXAMPLES = int(os.environ.get("MICROCONV_LAW_EXAMPLES") or 300)
SECOND = 1_000
ON_P = (Condition("page", ("/p",)),)
TIMES = Times(
    timeout=3 * SECOND,
    out_of_order=0,
    allowed_lateness=2 * SECOND,
    max_length=6 * SECOND,
    known_for=4 * SECOND,
)
"""Sessions of seconds: some are forgotten while their attempts go on."""
PATIENT = Times(timeout=3 * SECOND, allowed_lateness=60 * SECOND)
"""Nothing is late."""


@st.composite
def _funnels(draw: st.DrawFn) -> Funnel:
    """Draw a funnel of two to four steps, of few events, so that one often matches several steps."""
    count = draw(st.integers(2, 4))
    macro = draw(st.integers(0, count))
    steps = tuple(
        Step(
            f"s{number}",
            draw(st.sampled_from("aab" if number == 0 else "abc")),
            draw(st.sampled_from([(), (), (), ON_P])),
            number > 0 and draw(st.booleans()),
            draw(st.sampled_from([None, None, 1 * SECOND, 2 * SECOND])) if number else None,
            number == macro,
        )
        for number in range(count)
    )
    ends = st.builds(
        lambda name, where, ends: Exclusion(name, where, min(ends), max(ends)),
        st.sampled_from("xxabc"),
        st.sampled_from([(), ON_P]),
        st.sets(st.integers(0, count - 1), min_size=2, max_size=2),
    )
    return Funnel(
        "f",
        steps,
        draw(st.sampled_from([1, 2, 4])) * SECOND,
        draw(st.sampled_from(["latest", "first"])),
        exclusions=tuple(draw(st.lists(ends, max_size=1))),
        scope="visitor",
    )


@dataclass(frozen=True)
class Said:
    """What an event says; ``second`` is when it happens."""

    name: str
    second: int
    page: str
    session: str
    device: str
    value: int


_SAID = st.builds(
    Said,
    st.sampled_from("aabcx"),
    st.integers(0, 9),
    st.sampled_from(["", "/p", "/q"]),
    st.sampled_from(["", "", "s1"]),
    st.sampled_from(["", "mobile", "desktop"]),
    st.sampled_from([0, 1, 5, -2]),
)
FUNNELS = _funnels()
STORIES = st.lists(_SAID, min_size=1, max_size=9)
"""Events in the order in which they arrive."""


def by_the_oracle(number: int, said: Said) -> Event:
    """Return an event as the oracle has it."""
    fields = {"page": said.page, "device": said.device}
    at = BEGIN + said.second * SECOND
    known = {k: v for k, v in fields.items() if v}
    return Event(0, "v", said.session, f"e{number}", said.name, at, known, {"value": said.value})


@settings(deadline=None, max_examples=EXAMPLES)
@given(FUNNELS, STORIES, st.integers(0, 10))
def test_attempts_are_those_of_the_batch(funnel: Funnel, story: list[Said], horizon: int) -> None:
    """The same attempts with the same times, also when all before some time has been folded."""
    events = [by_the_oracle(number, said) for number, said in enumerate(story)]
    plans = Plans(Definition((funnel,)))
    journey = Journey([], [], [], [], [], [], [])
    for event in events:
        journey.times.append(event.time)
        journey.ids.append(event.event_id)
        journey.kinds.append(plans.kinds.of(CoreEvent(name=event.name, page=event.field("page"))))
        journey.sids.append(event.session_id)
        journey.pages.append(0)
        if money := money_of(event.numbers["value"], None):
            keep(journey, event.time, event.event_id, journey.kinds[-1], money)
    put_in_order(journey)
    journey.settled = len(events)
    journey.attempts = replay(journey, journey.settled, plans)
    for attempt in journey.attempts:
        attempt.ends = dict.fromkeys(attempt.sids, (0, 0))  # there are no sessions here
    fold(journey, BEGIN + horizon * SECOND, plans)
    found = replay(journey, journey.settled, plans)
    wanted = attempts_of(events, funnel)
    assert [attempt.state.reached for attempt in found] == [attempt.times for attempt in wanted]
    assert [brought_by(attempt) for attempt in found] == [
        sum(worth(event)["XXX"] for event in paying(attempt.took(), funnel, reached_across(attempt, funnel)))
        for attempt in wanted
    ]
    assert [attempt.sid for attempt in found] == [attempt.first.session_id for attempt in wanted]
    goal = plans.journeys[0].macro
    converted_in = [attempt.events[goal].session_id for attempt in wanted if goal in attempt.events]
    assert [attempt.sids[goal] for attempt in found if goal in attempt.state.reached] == converted_in


def brought_by(attempt: Attempt) -> int:
    """Return what an attempt brought, in millionths; all is of one account."""
    amounts = {} if attempt.state.revenue is None else attempt.state.revenue.amounts
    return sum(amount_in(amounts, account) for account in accounts(amounts))


@settings(deadline=None, max_examples=EXAMPLES)
@given(FUNNELS, STORIES, st.sampled_from([TIMES, PATIENT]), st.lists(st.sampled_from(WORK := "  .....!")))
def test_rows_are_those_of_the_batch(
    funnel: Funnel, story: list[Said], times: Times, work: list[str]
) -> None:
    """However events arrive, between flushes and crashes: rows, counters, pages say what the batch says."""
    device = Dimension("device", "device", ("mobile", "desktop"))
    definition = Definition((funnel,), (), (device,), times)
    reads = [read(number, said) for number, said in enumerate(story)]
    pipeline = Pipeline(definition, 1)
    owned = pipeline.sessions[0]
    for what in work:
        first = owned.position.get(TOPICS[0], 0)
        if what == " ":
            pipeline.flush(0)
        elif what == "!":
            owned.crash()
        elif first < len(reads):
            owned.apply(TOPICS[0], 0, first, reads[first : first + 1])
    if left := reads[(first := owned.position.get(TOPICS[0], 0)) :]:
        owned.apply(TOPICS[0], 0, first, left)
    windows: list[Shown] = []
    for seconds in (0, 2, 298):
        pipeline.let_time_pass(seconds * SECOND)
        windows += kept(pipeline)
    matured = mature(pipeline)
    pipeline.let_time_pass(24 * 3_600 * SECOND)
    windows += kept(pipeline)

    note(f"{definition}")
    judged = judge(reads, definition)
    wanted = rows(judged, definition)
    assert compare(pipeline.rows, wanted) == []
    minutes = wanted.within(scope_of(judged.counted, definition, ("1m",)))
    assert unlike_delays(pipeline, judged, definition) == []
    assert unlike_batch(matured, minutes, definition) == []
    assert differences(windows, judged, definition) == []
    assert page_differences(windows, judged, definition) == []
    state = pipeline.rates.state
    assert isinstance(state, RatesState)
    actions: Counter[tuple[str, str]] = Counter()
    for (measure, segment, _, _), row in minutes.items():
        actions[segment, measure] += row["actions"]
    for (segment, measure), n in actions.items():
        assert state.core.counters[segment][state.core.measures.index(measure)] >= n, (segment, measure)
    assert unseen_revenue(state.core, minutes) == []


def read(number: int, said: Said) -> Read:
    """Return the record of an event that arrives at once."""
    event = by_the_oracle(number, said)
    fields = {"name": event.name, "time": event.time, "visitor_id": "v", "event_id": event.event_id}
    if event.session_id:
        fields["session_id"] = event.session_id
    said_of_it = fields | dict(event.fields) | dict(event.numbers)
    return Read(TOPICS[0], 0, number, event.time, msgspec.json.encode(said_of_it))
