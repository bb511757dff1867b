"""The law where topics are not keyed by visitor: the way to the visitor changes nothing."""

from collections import Counter
from dataclasses import dataclass, replace
from unittest.mock import patch

import msgspec
import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from stream.agents.forwarded import ForwardedSessionsState
from stream.core.clock import InputClock
from stream.core.log import SCAN_LIMIT
from stream.core.sources import Source
from stream.engine.partitioner import partition_of
from tests.laws.defined import DEFINITION, MINUTE, TIMES
from tests.laws.drawing import BEGIN
from tests.laws.pipeline import TOPICS
from tests.laws.scattered import events
from tests.laws.test_law import EXAMPLES, uncounted
from tests.laws.unkeyed import UnkeyedPipeline
from tests.oracle import Judged, Read, compare, judge_unkeyed, rows
from tests.oracle.rates import scope_of

PARTITIONS = dict(zip(TOPICS, (3, 2), strict=True))
SOURCES = [(topic, number) for topic, count in PARTITIONS.items() for number in range(count)]
HOMES = 2
BROKEN = (None, b"", b"{", b'{"name": "a"}', b'{"name": "a", "visitor_id": "v0", "time": "soon"}')

Todo = dict[Source, list[Read]]


@dataclass(frozen=True)
class Sent:
    """A record as it is written, to any source, with the time that tells when it arrives."""

    arrives: int
    source: Source
    value: bytes | None


@st.composite
def arrivals(draw: st.DrawFn) -> Todo:
    """Draw what the sources hold: events spread over all, some again or at other times, some broken."""
    source = st.sampled_from(SOURCES)
    sent = []
    for event in draw(events()):
        delay = draw(st.integers(0, TIMES.late_after))
        sent.append(Sent(event.time + delay, draw(source), event.value))
    for first in draw(st.lists(st.sampled_from(sent), max_size=8)):
        longest = draw(st.sampled_from([TIMES.late_after, 20 * MINUTE]))
        again = replace(first, source=draw(source), arrives=first.arrives + draw(st.integers(0, longest)))
        if draw(st.booleans()):
            event = msgspec.json.decode(first.value or b"")
            event["time"] += draw(st.integers(-2 * MINUTE, 6 * MINUTE))
            again = replace(again, value=msgspec.json.encode(event))
        sent.append(again)
    broken = draw(st.lists(st.sampled_from(BROKEN), max_size=3))
    sent += [Sent(BEGIN + draw(st.integers(0, 45 * MINUTE)), draw(source), value) for value in broken]
    todo: Todo = {one: [] for one in SOURCES}
    for record in sorted(sent, key=lambda record: record.arrives):
        reads = todo[record.source]
        reads.append(Read(*record.source, len(reads), BEGIN + 90 * MINUTE, record.value))
    return todo


@pytest.mark.timeout(60 + EXAMPLES // 5)
@settings(deadline=None, max_examples=EXAMPLES // 4)  # most of the law is held without the repartition, too
@given(arrivals(), st.data())
def test_the_law_behind_a_repartition(todo: Todo, data: st.DataObject) -> None:
    """Any spread over sources, chunking, idling, flush, crash or way of delivery: all is the batch's."""
    with patch("stream.core.partition.SCAN_LIMIT", data.draw(st.sampled_from([SCAN_LIMIT, 1]))):
        holds(todo, data)


def holds(todo: Todo, data: st.DataObject) -> None:
    """Bring the records through a pipeline in drawn steps, and compare what comes out with the oracle."""
    pipeline = UnkeyedPipeline(DEFINITION, HOMES, PARTITIONS)
    marks: dict[int, int] = {}
    for step in data.draw(st.lists(st.integers(0, 15), min_size=10, max_size=80)):
        source = data.draw(st.sampled_from(SOURCES))
        home = data.draw(st.integers(0, HOMES - 1))
        if step < 4:
            first = pipeline.sources[source].position.get(source[0], 0)
            if chunk := todo[source][first : first + data.draw(st.integers(1, 6))]:
                pipeline.read_source(source, chunk)
        elif step < 7:
            done = pipeline.sources[source].position.get(source[0], 0) == len(todo[source])
            at_end = done and data.draw(st.booleans())
            pipeline.now_ms += data.draw(st.integers(0, 10 * MINUTE)) if at_end else 0
            pipeline.flush_source(source, at_end)
        elif step < 9:
            pipeline.deliver(source, home)
        elif step < 11:
            pipeline.read(home, data.draw(st.integers(1, 20)))
        elif step == 11:
            pipeline.flush(home)
            watermark = state_of(pipeline, home).core.clock.watermark
            assert watermark is None or watermark >= marks.get(home, watermark), "it never falls"
            marks |= {} if watermark is None else {home: watermark}
        elif step == 12:
            pipeline.crash_source(source, again=data.draw(st.booleans()))
        elif step == 13:
            pipeline.sessions[home].crash()
        elif data.draw(st.booleans()):
            pipeline.flush_rates()
        else:
            pipeline.rates.crash()
    for source, reads in todo.items():
        first = pipeline.sources[source].position.get(source[0], 0)
        if reads[first:]:
            pipeline.read_source(source, reads[first:])
    pipeline.let_time_pass(2 * 86_400_000)

    judged = judge_unkeyed(in_order(pipeline, todo), DEFINITION)
    for read, verdict in zip(judged.reads, judged.verdicts, strict=True):
        note(f"{read.topic}-{read.partition}-{read.offset} {read.value!r}: {verdict}")
    wanted = rows(judged, DEFINITION)
    assert compare(pipeline.rows, wanted) == []
    assert uncounted(pipeline, wanted.within(scope_of(judged.counted, DEFINITION, ("1m",)))) == []
    assert set_aside(pipeline) == wanted_aside(judged)
    outcomes = Counter(verdict.outcome for verdict in judged.verdicts)
    assert sum((Counter(pipeline.outcomes(home)) for home in range(HOMES)), Counter()) == outcomes
    least = min(clock.watermark for clock in clocks(pipeline) if clock.watermark is not None)
    assert {state_of(pipeline, home).core.clock.watermark for home in range(HOMES)} == {least}


def clocks(pipeline: UnkeyedPipeline) -> list[InputClock]:
    """Return the clocks of all sources, as their own agents have them."""
    return [owned.state.clock.inputs[topic] for (topic, _), owned in pipeline.sources.items()]  # type: ignore[attr-defined]  # a RepartitionState


def state_of(pipeline: UnkeyedPipeline, home: int) -> ForwardedSessionsState:
    """Return the state of a partition of visitors."""
    state = pipeline.sessions[home].state
    assert isinstance(state, ForwardedSessionsState)
    return state


def in_order(pipeline: UnkeyedPipeline, todo: Todo) -> list[Read]:
    """Return all records in the order in which the partitions of visitors have them, each once, as sent.

    Each lies in its visitor's partition.
    """
    found: dict[tuple[str, int, int], Read] = {}
    for home, chunk, i in pipeline.forwarded():
        place = chunk.topic, chunk.partition, chunk.offsets[i]
        sent = todo[place[:2]][place[2]]
        as_read = chunk.values[i], chunk.keys[i], chunk.timestamps[i]
        assert as_read == (sent.value, b"key", sent.timestamp_ms)
        if b'"visitor_id":"' in (sent.value or b""):
            visitor = msgspec.json.decode(sent.value or b"")["visitor_id"]
            assert partition_of(visitor.encode(), HOMES) == home
        found.setdefault(place, sent)
    assert len(found) == sum(map(len, todo.values()))
    return list(found.values())


def set_aside(pipeline: UnkeyedPipeline) -> Counter[tuple[str, ...]]:
    """Return what was set aside: where to, and where it was read."""
    names = ("reason", "topic", "partition", "offset", "time")
    return Counter(
        (record.topic, *(dict(record.headers)[name].decode() for name in names))
        for record in pipeline.set_aside
    )


def wanted_aside(judged: Judged) -> Counter[tuple[str, ...]]:
    """Return what should be."""
    return Counter(
        (v.outcome, v.reason or "late", r.topic, str(r.partition), str(r.offset), str(r.timestamp_ms))
        for r, v in zip(judged.reads, judged.verdicts, strict=True)
        if v.outcome in ("rejected", "late")
    )
