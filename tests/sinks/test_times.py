"""What is shown of the time to conversion: a hash in Redis for each such funnel, gauges for Prometheus."""

import math

import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from stream.core.rates import Rates
from stream.sinks.keys import TIME_HASH
from stream.sinks.prometheus import Metrics, Sources
from stream.sinks.redis_values import Hash
from tests.sinks.shop import BEGIN, counted, live

MINUTE = 60_000
BUYING = ("view_item", "add_to_cart", "begin_checkout", "purchase")
TV = (("dimension", "device"), ("value", "tv set"))
ALL = (("dimension", "all"), ("value", "all"))


def bought() -> Rates:
    """Return the rates when three visitors on a tv set bought 2, 2 and 6 minutes after the cart.

    The first of them had been there an hour before. All sessions are still open.
    """
    events = [(BEGIN, "v0", "page_view")]
    for n, pace in enumerate((1, 1, 3)):
        for place, name in enumerate(BUYING):
            events.append((BEGIN + (60 + pace * place) * MINUTE, f"v{n}", name))
    return counted(events)


def test_the_hash_has_the_fields_of_the_contract() -> None:
    """For each size and segment, at once when somebody converts: times in ms, percentiles within 2 %."""
    values, _ = live().windows(bought())
    found = values["mc:time:checkout:1h:device=tv%20set"]
    assert isinstance(found, Hash)
    assert set(found.fields) == {field.name for field in TIME_HASH}
    fields = {name: float(text) for name, text in found.fields.items()}
    assert fields["window_end"] - fields["window_start"] == 60 * MINUTE
    assert (fields["conversions"], fields["count"]) == (3, 3)
    assert fields["mean"] == pytest.approx(10 / 3 * MINUTE)
    assert fields["p50"] == pytest.approx(2 * MINUTE, rel=0.02)
    assert fields["p90"] == pytest.approx(6 * MINUTE, rel=0.02)
    assert fields["touchpoints_mean"] == pytest.approx(4 / 3)
    assert fields["micro_conversions_mean"] == 2
    assert not [key for key in values if key.startswith("mc:time:browse:")], "it has no macro step"


def test_what_there_is_no_data_of_is_absent() -> None:
    """In a window without conversions there are counts of 0, and nothing else; also when written anew."""
    rates = bought()
    everything = {key: value for piece in live().everything(rates) for key, value in piece.items()}
    empty = everything["mc:time:checkout:5m:device=mobile"]
    assert isinstance(empty, Hash)
    assert set(empty.fields) == {"window_start", "window_end", "conversions", "count"}
    assert (empty.fields["conversions"], empty.fields["count"]) == ("0", "0")
    told, _ = live().windows(rates)
    assert {key: told[key] for key in told if key.startswith("mc:time:")}.items() <= everything.items()


def test_gauges() -> None:
    """Seconds by funnel, statistic, window and segment; NaN where nobody converted."""
    rates = bought()
    metrics = Metrics(Sources(list, dict, lambda: rates, lambda: None))
    found = {
        tuple(sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(generate_latest(metrics.registry).decode())
        for sample in family.samples
        if sample.name == "microconv_time_to_conversion_seconds"
    }

    def gauge(segment: tuple[tuple[str, str], ...], **labels: str) -> float:
        return found[tuple(sorted((*segment, *labels.items())))]

    for segment in (TV, ALL):
        for stat, seconds in (("mean", 200), ("p50", 120), ("p90", 360)):
            value = gauge(segment, funnel="checkout", stat=stat, window="1h")
            assert value == pytest.approx(seconds, rel=0.02 if stat != "mean" else 1e-9)
    assert gauge(ALL, funnel="checkout", stat="mean", window="5m") == 360, "only the newest order"
    mobile = (("dimension", "device"), ("value", "mobile"))
    assert math.isnan(gauge(mobile, funnel="checkout", stat="p50", window="1h"))
    assert {dict(labels)["funnel"] for labels in found} == {"checkout"}
