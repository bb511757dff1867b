"""When a record arrived: what its event says, else its own timestamp; and where neither tells."""

from collections import Counter
from itertools import product
from typing import Any

import msgspec

from stream.core.definition import Definition, Micro
from tests.laws.pipeline import Pipeline
from tests.oracle import Read, compare, judge, rows

NOON = 1_767_614_400_000
HOUR = 3_600_000
LATEST = 253_402_300_799_999
NO_TIMESTAMP = -1
DEFINITION = Definition(micros=(Micro("share", "share"),))


def read(offset: int, timestamp: int, **fields: Any) -> Read:
    """Return an event of a visitor of its own."""
    event = {"name": "share", "visitor_id": f"v{offset}", "time": NOON, **fields}
    return Read("site-events", 0, offset, timestamp, msgspec.json.encode(event))


def verdicts(reads: list[Read]) -> tuple[Pipeline, list[str]]:
    """Return what became of records, all in one chunk, which is what the batch says."""
    pipeline = Pipeline(DEFINITION, 1)
    pipeline.run([reads])
    judged = judge(reads, DEFINITION)
    assert compare(pipeline.rows, rows(reads, DEFINITION)) == []
    assert Counter(pipeline.outcomes(0)) == Counter(verdict.outcome for verdict in judged.verdicts)
    return pipeline, [str(verdict) for verdict in judged.verdicts]


def test_without_any_arrival_nothing_is_corrected() -> None:
    """Neither timestamp nor ``received_at``: the event's time stands, however far ahead it is."""
    reads = [
        read(0, NO_TIMESTAMP),
        read(1, NO_TIMESTAMP, sent_at=NOON + 5 * HOUR),
        read(2, NO_TIMESTAMP, time=NOON + 9 * HOUR, received_at=NOON + 9 * HOUR - 60_000),
        read(3, NO_TIMESTAMP, time=NOON + 9 * HOUR, received_at=NOON),
        read(4, NO_TIMESTAMP, time=NOON + 8 * HOUR, sent_at=NOON + 9 * HOUR, received_at=NOON + 9 * HOUR),
        read(5, NO_TIMESTAMP, time=NOON + 9 * HOUR),
    ]
    pipeline, found = verdicts(reads)
    assert found == ["counted", "counted", "counted", "rejected: future_time", "late", "counted"]
    (rejected,) = [record for record in pipeline.set_aside if record.topic == "rejected"]
    assert dict(rejected.headers)["time"] == b"-1"


def test_a_record_without_a_timestamp_changes_nothing_for_its_neighbours() -> None:
    """In one chunk with others, each is judged by its own."""
    reads = [read(0, NOON), read(1, NO_TIMESTAMP, time=NOON + HOUR), read(2, NOON, time=NOON + HOUR)]
    assert verdicts(reads)[1] == ["counted", "counted", "rejected: future_time"]


def test_any_mixture_of_times_is_judged_as_the_batch_does() -> None:
    """All of timestamp, ``received_at``, ``sent_at`` and time at the ends of what is a time, and beyond."""
    said = (None, 0, NOON, LATEST, LATEST + 1)
    stamps = (NO_TIMESTAMP, 0, NOON, LATEST - 1, LATEST, LATEST + 1, 1 << 62)
    reads = []
    for stamp, received, sent, time in product(stamps, said, said, said):
        fields = {"received_at": received, "sent_at": sent, "time": time}
        reads.append(read(len(reads), stamp, **fields))
    for one in reads:  # one by one: else nearly all are late, behind one of the year 9999
        alone = Read(one.topic, 0, 0, one.timestamp_ms, one.value)
        state = Pipeline(DEFINITION, 1)
        state.sessions[0].apply(one.topic, 0, 0, [alone])
        state.flush(0)
        wanted = judge([alone], DEFINITION).verdicts[0]
        assert state.outcomes(0) == {wanted.outcome: 1}, one
        if wanted.reason:
            (rejected,) = state.set_aside
            assert dict(rejected.headers)["reason"].decode() == wanted.reason, one
