from hypothesis import given
from hypothesis import strategies as st

from stream.demo.latency import Latency, Percentiles


def test_records_are_matched_in_order_of_arrival() -> None:
    """When Redis tells of n records, the n that arrived first are in it, each since then and not before."""
    latency = Latency()
    for at_ms in (1_000, 1_010, 1_020, 1_030):
        latency.arrived(at_ms)
    assert latency.total() is None
    latency.seen(2, 1_100)
    assert latency.total() == Percentiles(records=2, p50_ms=90, p99_ms=100)
    latency.seen(2, 1_500)
    assert latency.total() == Percentiles(records=2, p50_ms=90, p99_ms=100)
    latency.seen(4, 1_520)
    assert latency.total() == Percentiles(records=4, p50_ms=100, p99_ms=500)


def test_only_what_arrived_is_measured() -> None:
    """A count beyond the arrivals (a record is read before its arrival is noted) waits for them."""
    latency = Latency()
    latency.arrived(0)
    latency.seen(3, 50)
    assert latency.total() == Percentiles(1, 50, 50)
    latency.arrived(10)
    latency.seen(3, 70)
    assert latency.total() == Percentiles(2, 50, 60)


@given(st.lists(st.integers(0, 5_000), min_size=1, max_size=300))
def test_percentiles_are_those_of_the_nearest_rank(took: list[int]) -> None:
    """Half of the records took no longer than p50, 99 of 100 no longer than p99; both are measured values."""
    latency = Latency()
    for number, ms in enumerate(took):
        latency.arrived(0)
        latency.seen(number + 1, ms)
    found = latency.total()
    assert found is not None
    assert found == latency.recent()
    assert found.records == len(took)
    for value, share in ((found.p50_ms, 0.5), (found.p99_ms, 0.99)):
        assert value in took
        assert sum(ms <= value for ms in took) >= share * len(took)
        assert sum(ms < value for ms in took) < share * len(took)


def test_recent_is_not_total() -> None:
    """A slow beginning is forgotten by the recent figures, and not by the total."""
    latency = Latency()
    for number in range(6_000):
        latency.arrived(0)
        latency.seen(number + 1, 900 if number < 2_000 else 100)
    recent, total = latency.recent(), latency.total()
    assert recent is not None
    assert total is not None
    assert (recent.p50_ms, recent.p99_ms) == (100, 100)
    assert (total.p50_ms, total.p99_ms) == (100, 900)
