import json
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from stream.core.agent import is_bot
from stream.core.event import REASONS, Event, Reason, Rejected
from stream.formats.canonical import parse
from stream.formats.instant import instant_ms
from stream.simulate.disorder import EVERYDAY, Arrival, Disorder, arrivals
from stream.simulate.traffic import Traffic

TRAFFIC = Traffic(start_ms=1_772_445_600_000, rate=28, sessions=2_000, seed=5)
MAX_FUTURE = 300_000

STORM = Disorder(
    latency_ms=60,
    late=0.05,
    too_late=0.01,
    duplicates=0.05,
    without_session_id=0.2,
    without_dimensions=0.05,
    iso_times=0.5,
    sent_at=0.5,
    skewed=0.3,
    invalid=0.02,
)


def read(records: list[Arrival]) -> list[tuple[int, dict[str, Any]]]:
    """Return time of arrival and fields of records that are all good."""
    return [(record.at_ms, json.loads(record.value)) for record in records]


def parsed(record: Arrival) -> Event | Rejected:
    """Return what the worker makes of a record."""
    return parse(record.value, record.at_ms, MAX_FUTURE)


def what_happened(records: list[Arrival]) -> set[tuple[str, str, str]]:
    """Return id, visitor and name of all events."""
    good = [event for record in records if isinstance(event := parsed(record), Event)]
    return {(str(event.event_id), str(event.visitor_id), event.name) for event in good}


@pytest.fixture(scope="module")
def calm() -> list[Arrival]:
    """The traffic without any disorder."""
    return list(arrivals(TRAFFIC))


def test_the_same_arguments_give_the_same_bytes() -> None:
    """Nothing but the arguments decides; another seed gives other traffic."""
    assert list(arrivals(TRAFFIC, STORM)) == list(arrivals(TRAFFIC, STORM))
    other = arrivals(replace(TRAFFIC, seed=6), STORM)
    assert next(other).key != next(arrivals(TRAFFIC, STORM)).key


@pytest.mark.parametrize("disorder", [Disorder(), EVERYDAY, STORM])
def test_records_come_in_order_of_arrival(disorder: Disorder) -> None:
    """Arrival is the order, whatever the events' own times; the key is the visitor of good events."""
    records = list(arrivals(TRAFFIC, disorder))
    times = [record.at_ms for record in records]
    assert times == sorted(times)
    for record in records:
        if isinstance(event := parsed(record), Event):
            assert record.key == str(event.visitor_id).encode()


def test_disorder_changes_how_events_arrive_and_not_what_happened(calm: list[Arrival]) -> None:
    """Late, twice, skewed, beside broken records: it is the same events."""
    storm = list(arrivals(TRAFFIC, STORM))
    assert what_happened(storm) == what_happened(calm)
    assert len(storm) > len(calm) == len(what_happened(calm))


def test_without_disorder_each_event_arrives_as_it_occurs(calm: list[Arrival]) -> None:
    """No delay: arrival is the event's time."""
    assert all(at == fields["time"] for at, fields in read(calm))


def test_wrong_clocks_are_put_right_by_sent_at(calm: list[Arrival]) -> None:
    """From a skewed clock with `sent_at` a worker reads the true time, but for the network's delay."""
    skewed = Disorder(latency_ms=60, late=0.05, duplicates=0.05, sent_at=1.0, skewed=1.0, iso_times=0.5)
    true = {fields["event_id"]: fields["time"] for _, fields in read(calm)}
    off = [at - _ms(fields["time"]) for at, fields in read(list(arrivals(TRAFFIC, skewed)))]
    assert min(off) < -3_600_000
    assert max(off) > 3_600_000
    for record in arrivals(TRAFFIC, skewed):
        event = parsed(record)
        assert isinstance(event, Event)
        assert 0 <= _ms(event.time) - true[event.event_id] <= 20 * 60


def test_shares_are_kept(calm: list[Arrival]) -> None:
    """Each kind of disorder has the share asked for; the shares of visitors hold for whole visitors."""
    count = len(calm)
    late = read(list(arrivals(TRAFFIC, Disorder(late=0.1, late_ms=8_000))))
    delays = [at - fields["time"] for at, fields in late]
    assert sum(delay > 0 for delay in delays) == pytest.approx(0.1 * count, rel=0.15)
    assert 7_000 < max(delays) <= 8_000

    too_late = read(list(arrivals(TRAFFIC, Disorder(too_late=0.1))))
    assert sum(at - fields["time"] >= 720_000 for at, fields in too_late) == pytest.approx(
        0.1 * count, rel=0.15
    )

    twice = Counter(
        fields["event_id"] for _, fields in read(list(arrivals(TRAFFIC, Disorder(duplicates=0.1))))
    )
    assert sum(twice.values()) - count == pytest.approx(0.1 * count, rel=0.15)

    bare = read(list(arrivals(TRAFFIC, Disorder(without_dimensions=0.1))))
    assert sum("device" not in fields for _, fields in bare) == pytest.approx(0.1 * count, rel=0.15)

    crawled = read(list(arrivals(TRAFFIC, Disorder(crawlers=0.1))))
    browsing = {(fields["visitor_id"], is_bot(fields["user_agent"])) for _, fields in crawled}
    assert sum(so for _, so in browsing) == pytest.approx(0.1 * len(browsing), rel=0.2)
    assert len({visitor for visitor, _ in browsing}) == len(browsing)

    anonymous = read(list(arrivals(TRAFFIC, Disorder(without_session_id=0.3, iso_times=0.6, sent_at=0.2))))
    for of_client, share in ((_no_session, 0.3), (_iso, 0.6), (_sent_at, 0.2)):
        whose = {(fields["visitor_id"], of_client(fields)) for _, fields in anonymous}
        visitors = {visitor for visitor, _ in whose}
        assert len(whose) == len(visitors)
        assert sum(so for _, so in whose) == pytest.approx(share * len(visitors), rel=0.15)


@pytest.mark.parametrize("reason", REASONS)
def test_broken_records_are_rejected_for_their_reason(calm: list[Arrival], reason: Reason) -> None:
    """Each kind of broken record is what the worker rejects for that reason; the good ones stay good."""
    records = list(arrivals(TRAFFIC, Disorder(sent_at=0.5, invalid=0.02, invalid_kinds=(reason,))))
    rejected = [found.reason for record in records if isinstance(found := parsed(record), Rejected)]
    assert set(rejected) == {reason}
    assert len(rejected) == pytest.approx(0.02 * len(calm), rel=0.3)
    assert len(records) - len(rejected) == len(calm)


def test_a_healthy_site_is_mostly_in_order() -> None:
    """In everyday traffic nothing is too late, and next to nothing is rejected."""
    rejected = Counter(isinstance(parsed(record), Rejected) for record in arrivals(TRAFFIC, EVERYDAY))
    assert 0 < rejected[True] < 0.002 * rejected[False]


def test_a_share_is_between_0_and_1() -> None:
    """A share that cannot be is refused with its name."""
    with pytest.raises(ValueError, match="duplicates"):
        Disorder(duplicates=1.5)


def _ms(time: int | str | None) -> int:
    ms = instant_ms(time)
    assert ms is not None
    return ms


def _no_session(fields: dict[str, Any]) -> bool:
    return "session_id" not in fields


def _iso(fields: dict[str, Any]) -> bool:
    return isinstance(fields["time"], str)


def _sent_at(fields: dict[str, Any]) -> bool:
    return "sent_at" in fields
