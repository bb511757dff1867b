"""From a source to its visitor's partition and into its sessions: one story each."""

import msgspec
import pytest

from stream.agents.aside import HEADERS, LATE_HEADERS
from stream.agents.fingerprint import KeyedByChangedError
from stream.agents.sessions import SessionsState, SessionsTopics
from stream.configuration import load
from stream.engine.api import PartitionState
from tests.laws.pipeline import TOPICS
from tests.laws.unkeyed import UnkeyedPipeline
from tests.oracle import Read

SHOP = load(preset="ecommerce", environ={}).definition()
TIMES = SHOP.times
BEGIN = 1_767_603_600_000
ONE, TWO, OTHER = (TOPICS[0], 0), (TOPICS[0], 1), (TOPICS[1], 0)


def pipeline() -> UnkeyedPipeline:
    """Return two topics, of two partitions and of one, and one partition of visitors."""
    return UnkeyedPipeline(SHOP, 1, {TOPICS[0]: 2, TOPICS[1]: 1})


def event(number: int, time: int, **fields: object) -> bytes:
    """Return the bytes of an event."""
    return msgspec.json.encode(
        {"name": "share", "time": time, "visitor_id": f"v{number}", "event_id": f"e{number}", **fields}
    )


def put(made: UnkeyedPipeline, source: tuple[str, int], *values: bytes) -> None:
    """Let a source forward these, in one flush, and the partition of visitors take all that it can read."""
    first = made.sources[source].position.get(source[0], 0)
    reads = [Read(*source, first + i, BEGIN + 86_400_000, value) for i, value in enumerate(values)]
    if reads:
        made.read_source(source, reads)
    made.flush_source(source, at_end=not values)
    made.deliver(source, 0)
    made.read(0, 1_000)
    made.flush(0)


def watermark(made: UnkeyedPipeline) -> int | None:
    """Return the watermark of the partition of visitors."""
    state = made.sessions[0].state
    assert isinstance(state, SessionsState)
    return state.core.clock.watermark


def test_late_is_judged_by_the_source_alone() -> None:
    """What is late in one source is in time in another one that is not so far."""
    made = pipeline()
    put(made, ONE, event(1, BEGIN + TIMES.late_after + 1), event(2, BEGIN))
    put(made, TWO, event(3, BEGIN))

    assert made.outcomes(0) == {"counted": 2, "late": 1}


def test_an_event_of_somebody_else_makes_late() -> None:
    """The newest event of a source counts for all its visitors, also where it is a duplicate here."""
    made = pipeline()
    new = event(1, BEGIN + TIMES.late_after + 1)
    put(made, ONE, new)
    put(made, TWO, new, event(2, BEGIN))

    assert made.outcomes(0) == {"counted": 1, "duplicate": 1, "late": 1}


def test_a_program_makes_nothing_late() -> None:
    """An event whose user agent is a crawler's is a bot, and its time moves its source no further on."""
    made = pipeline()
    put(made, ONE, event(1, BEGIN), event(2, BEGIN + 86_400_000, user_agent="Googlebot/2.1"))
    put(made, ONE, event(3, BEGIN))

    assert made.outcomes(0) == {"counted": 2, "bot": 1}
    put(made, TWO)
    put(made, OTHER)
    assert watermark(made) == BEGIN - TIMES.out_of_order


def test_nobody_has_a_watermark_until_all_sources_were_heard_of() -> None:
    """A source that may still hold old events holds windows back; one that is empty does not."""
    made = pipeline()
    put(made, ONE, event(1, BEGIN + 60_000))
    put(made, TWO, event(2, BEGIN))
    assert watermark(made) is None

    put(made, OTHER)
    assert watermark(made) == BEGIN - TIMES.out_of_order
    made.now_ms += 5_000
    put(made, TWO)
    assert watermark(made) == BEGIN - TIMES.out_of_order, "idle begins when it is first seen at its end"
    made.now_ms += 5_000
    put(made, TWO)
    assert watermark(made) == BEGIN - TIMES.out_of_order + 5_000


def test_what_is_forwarded_again_is_taken_once_also_after_a_restart() -> None:
    """Without transactions a successor publishes the last flush again, whoever reads it by then."""
    made = pipeline()
    put(made, ONE, event(1, BEGIN), b"broken")
    made.sessions[0].crash()
    made.crash_source(ONE, again=True)
    made.deliver(ONE, 0)
    put(made, ONE, event(2, BEGIN))

    assert made.outcomes(0) == {"counted": 2, "rejected": 1}


def test_what_is_set_aside_names_where_it_was_written() -> None:
    """Headers are those of the tables, with topic, partition, offset and time of the source."""
    made = pipeline()
    put(made, TWO, event(1, BEGIN + TIMES.late_after + 1), b"broken", event(2, BEGIN))

    rejected, late = made.set_aside
    assert [name for name, _ in rejected.headers] == [field.name for field in HEADERS]
    assert [name for name, _ in late.headers] == [field.name for field in LATE_HEADERS]
    for record, offset, value in ((rejected, "1", b"broken"), (late, "2", event(2, BEGIN))):
        headers = {name: text.decode() for name, text in record.headers}
        assert (headers["topic"], headers["partition"], headers["offset"]) == (TOPICS[0], "1", offset)
        assert headers["time"] == str(BEGIN + 86_400_000)
        assert (record.value, record.partition) == (value, 0)


def test_records_of_a_topic_that_is_read_no_more_hold_nothing_back() -> None:
    """What was forwarded of a topic before it was taken out is counted, and its time counts no more."""
    before = pipeline()
    put(before, OTHER, event(1, BEGIN - 3_600_000))
    after = UnkeyedPipeline(SHOP, 1, {TOPICS[0]: 2})
    after.published = before.published
    after.read(0, 10)
    put(after, ONE, event(2, BEGIN))
    put(after, TWO)

    assert after.outcomes(0) == {"counted": 2}
    assert watermark(after) == BEGIN - TIMES.out_of_order


@pytest.mark.parametrize("now", ["none", "visitor"])
def test_state_of_the_other_kind_is_refused(now: str) -> None:
    """What was counted with one keyed_by is not continued with the other; the sentence says what to do."""
    topics = SessionsTopics(("clicks",), "commands", "deltas", "rejected", "late")
    keyed: PartitionState = SessionsState(SHOP, topics, 0, 1)
    unkeyed = pipeline().sessions[0].state
    old, new = (keyed, unkeyed) if now == "none" else (unkeyed, keyed)

    (state,) = [row for row in old.flush(1).rows if row[0][:1] == b"s"]
    with pytest.raises(KeyedByChangedError, match=f'now it is "{now}"; go back, or give kafka.group a new'):
        new.restore(*state)
