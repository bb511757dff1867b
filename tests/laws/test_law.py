"""The law: no order, duplication, chunking, idling or crash changes what is published in the end."""

import os
from collections import Counter
from dataclasses import dataclass
from unittest.mock import patch

import msgspec
from hypothesis import given, note, settings
from hypothesis import strategies as st

from stream.agents.rates import RatesState
from stream.core.definition import Condition, Definition, Dimension, Funnel, Micro, Step, Times
from stream.core.visitor import SCAN_LIMIT
from tests.laws.pipeline import TOPICS, Pipeline
from tests.oracle import Read, Rows, compare, judge, rows

EXAMPLES = int(os.environ.get("MICROCONV_LAW_EXAMPLES") or (5_000 if os.environ.get("CI") else 100))
"""How often the law is tried; some faults needed thousands of tries to be found."""

MINUTE = 60_000
BEGIN = 1_767_603_600_000  # 2026-01-05 09:00 UTC
TIMES = Times(
    timeout=5 * MINUTE,
    max_length=12 * MINUTE,
    out_of_order=10_000,
    allowed_lateness=4 * MINUTE,
    max_future=MINUTE,
    known_for=20 * MINUTE,
)
DEFINITION = Definition(
    funnels=(
        Funnel(
            "f",
            (
                Step("a", "a"),
                Step("b", "b", optional=True, within_ms=2 * MINUTE),
                Step("c", "c", optional=True),
                Step("d", "d", within_ms=3 * MINUTE),
                Step("a2", "a"),
            ),
            within_ms=6 * MINUTE,
        ),
        Funnel("g", (Step("b", "b"), Step("c", "c", where=(Condition("page", ("/x*",)),))), reentry="first"),
    ),
    micros=(Micro("any", "d"), Micro("of", "c", of="f.d"), Micro("ofof", "e", of="micro.of")),
    dimensions=(
        Dimension("device", "device", ("mobile", "desktop"), 5),
        Dimension("user_type", "user_type", ("new", "returning"), 5),
        Dimension("both", cross=("device", "user_type")),
    ),
    times=TIMES,
)


@dataclass(frozen=True)
class Sent:
    """An event as a client sends it, to one of the topics, possibly twice."""

    topic: int
    partition: int
    time: int
    value: bytes


@st.composite
def events(draw: st.DrawFn) -> list[Sent]:
    """Draw events of a few visitors over some three quarters of an hour, in no order at all."""
    sent: list[Sent] = []
    for number in range(draw(st.integers(1, 25))):
        visitor = draw(st.integers(0, 2))
        time = BEGIN + draw(
            st.one_of(
                st.integers(0, 45 * 60).map(lambda s: s * 1_000),
                st.integers(0, 9).map(lambda m: m * 5 * MINUTE),  # exactly at the limits
                st.integers(0, 45).map(lambda m: m * MINUTE + 1),
            )
        )
        event = {"name": draw(st.sampled_from("aabbccdde")), "time": time, "visitor_id": f"v{visitor}"}
        event["event_id"] = f"e{draw(st.integers(0, 9))}{number}"
        if sid := draw(st.sampled_from(["", "", "s1", "s2"])):
            event["session_id"] = sid
        for field, values in (
            ("page", ["", "/x1", "/y"]),
            ("device", ["", "mobile", "desktop"]),
            ("user_type", ["", "", "", "new"]),
        ):
            if value := draw(st.sampled_from(values)):
                event[field] = value
        sent.append(Sent(draw(st.integers(0, 1)), visitor % 2, time, msgspec.json.encode(event)))
    return sent


@st.composite
def arrivals(draw: st.DrawFn) -> list[Read]:
    """Draw an order of arrival, with duplicates; mostly within the lateness, sometimes beyond."""
    sent = draw(events())
    delayed = [(s.time + draw(st.integers(0, TIMES.late_after)), s) for s in sent]
    longest = draw(st.sampled_from([TIMES.late_after, TIMES.late_after, 20 * MINUTE]))
    again = draw(st.lists(st.sampled_from(sent), max_size=8))
    delayed += [(s.time + draw(st.integers(0, longest)), s) for s in again]
    delayed.sort(key=lambda pair: pair[0])
    offsets: Counter[tuple[int, int]] = Counter()
    reads = []
    for _, s in delayed:
        place = s.topic, s.partition
        reads.append(Read(TOPICS[s.topic], s.partition, offsets[place], BEGIN + 90 * MINUTE, s.value))
        offsets[place] += 1
    return reads


def uncounted(pipeline: Pipeline, wanted: Rows) -> list[str]:
    """Return the counters that are less than what in the end reached their measure in their segment."""
    reached: Counter[tuple[str, str]] = Counter()
    for (measure, segment, _, _), row in wanted.items():
        reached[measure, segment] += row["actions"]
    state = pipeline.rates.state
    assert isinstance(state, RatesState)
    core = state.core
    found = {
        (measure, segment): counts[number]
        for segment, counts in core.counters.items()
        for number, measure in enumerate(core.measures)
    }
    return [f"{key}: {found.get(key, 0)} < {n}" for key, n in reached.items() if found.get(key, 0) < n]


@settings(deadline=None, max_examples=EXAMPLES)
@given(arrivals(), st.data())
def test_the_law(reads: list[Read], data: st.DataObject) -> None:
    """Any order, duplication, split into chunks, idling, flush or crash: the rows are those of the batch."""
    with patch("stream.core.partition.SCAN_LIMIT", data.draw(st.sampled_from([SCAN_LIMIT, 1]))):
        holds(reads, data)


def holds(reads: list[Read], data: st.DataObject) -> None:
    """Bring the records through a pipeline in drawn steps, and compare what comes out with the oracle."""
    pipeline = Pipeline(DEFINITION, 2)
    todo = {
        (topic, partition): [r for r in reads if (r.topic, r.partition) == (topic, partition)]
        for topic in TOPICS
        for partition in range(2)
    }
    in_order: list[Read] = []  # as each partition took them for good
    taken: dict[int, list[Read]] = {0: [], 1: []}
    steps = data.draw(st.lists(st.integers(0, 9), min_size=10, max_size=60))
    for step in steps:
        partition = data.draw(st.integers(0, 1))
        owned = pipeline.sessions[partition]
        if step < 6:
            topic = data.draw(st.sampled_from(TOPICS))
            first = owned.position.get(topic, 0)
            chunk = todo[topic, partition][first : first + data.draw(st.integers(1, 6))]
            if chunk:
                owned.apply(topic, partition, first, chunk)
                taken[partition] += chunk
        elif step < 8:
            at_end = data.draw(st.booleans()) and all(
                owned.position.get(topic, 0) == len(todo[topic, partition]) for topic in TOPICS
            )
            pipeline.now_ms += data.draw(st.integers(0, 10 * MINUTE)) if at_end else 0
            pipeline.flush(partition, at_end)
            in_order += taken[partition]
            taken[partition] = []
        elif step == 8:
            owned.crash()
            taken[partition] = []
        elif data.draw(st.booleans()):
            pipeline.flush_rates()
        else:
            pipeline.rates.crash()
    for (topic, partition), rest in todo.items():
        owned = pipeline.sessions[partition]
        first = owned.position.get(topic, 0)
        if rest[first:]:
            owned.apply(topic, partition, first, rest[first:])
            taken[partition] += rest[first:]
    in_order += taken[0] + taken[1]
    pipeline.let_time_pass(2 * 86_400_000)
    for read in in_order:
        note(f"{read.topic}-{read.partition} {read.value!r}")
    assert compare(pipeline.rows, rows(in_order, DEFINITION)) == []
    assert uncounted(pipeline, rows(in_order, DEFINITION, ("1m",))) == []
    judged = judge(in_order, DEFINITION)
    expected = Counter(verdict.outcome for verdict in judged.verdicts)
    assert Counter(pipeline.outcomes(0)) + Counter(pipeline.outcomes(1)) == expected
