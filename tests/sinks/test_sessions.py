"""What is shown of the sessions of a window: a hash in Redis, gauges for Prometheus."""

import math

import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from stream.core.rates import Rates
from stream.sinks.keys import SESSION_HASH
from stream.sinks.prometheus import Metrics, Sources
from stream.sinks.redis_values import Hash
from tests.sinks.shop import BEGIN, counted, live

MINUTE = 60_000
SHORT, LONG = ("view_item_list", "select_item"), ("view_promotion", "page_view", "page_view", "add_to_cart")
TV = (("dimension", "device"), ("value", "tv set"))
ALL = (("dimension", "all"), ("value", "all"))


def visited() -> Rates:
    """Return the rates when sessions of 1, 1 and (with intent) 4 minutes on a tv set have closed."""
    events = [
        (BEGIN + minute * MINUTE, f"v{n}", name)
        for n, names in enumerate((SHORT, SHORT, ("view_item", *LONG)))
        for minute, name in enumerate(names)
    ]
    events.append((BEGIN + 45 * MINUTE, "other", "page_view"))
    return counted(events, elsewhere="other")


def test_the_hash_has_the_fields_of_the_contract() -> None:
    """One for each size and segment: counts and means exact, percentiles within 2 %, durations in ms."""
    values, _ = live().windows(visited())
    found = values["mc:session:1h:device=tv%20set"]
    assert isinstance(found, Hash)
    assert set(found.fields) == {field.name for field in SESSION_HASH}
    fields = {name: float(text) for name, text in found.fields.items() if name != "revenue_per_session"}
    assert found.fields["revenue_per_session"] == "{}", "they bought nothing"
    assert fields["window_end"] - fields["window_start"] == 60 * MINUTE
    assert (fields["sessions"], fields["closed"], fields["engaged"], fields["bounced"]) == (3, 3, 3, 0)
    assert (fields["engagement_ratio"], fields["bounce_ratio"]) == (1, 0)
    assert fields["duration_mean"] == 2 * MINUTE
    assert fields["duration_p50"] == pytest.approx(MINUTE, rel=0.02)
    assert fields["duration_p90"] == pytest.approx(4 * MINUTE, rel=0.02)
    assert fields["high_intent_duration_mean"] == 4 * MINUTE
    assert fields["page_views_mean"] == pytest.approx(2 / 3)
    assert fields["click_through"] == pytest.approx(2 / 3)
    assert fields["score_mean"] == pytest.approx(0.1)
    assert (fields["score_p50"], fields["score_p90"]) == (0, pytest.approx(0.3, rel=0.02))


def test_what_there_is_no_data_of_is_absent() -> None:
    """Of a window whose only session is open there are counts; of an empty one, zeros and no ratio."""
    rates = visited()
    everything = {key: value for piece in live().everything(rates) for key, value in piece.items()}
    begun = everything["mc:session:1m:all"]
    assert isinstance(begun, Hash)
    assert {"closed", "bounce_ratio"} <= set(begun.fields)
    assert (begun.fields["sessions"], begun.fields["closed"]) == ("1", "0")
    assert not {
        name for name in begun.fields if name.startswith(("duration", "high", "score", "page", "click"))
    }
    empty = everything["mc:session:5m:device=mobile"]
    assert isinstance(empty, Hash)
    assert set(empty.fields) == {
        *("window_start", "window_end", "sessions", "closed", "engaged", "bounced", "single_page")
    }


@pytest.mark.says("What there is no data of is absent (NaN in Prometheus), never 0:")
def test_gauges() -> None:
    """Durations in seconds by statistic and intent, ratios, scores; NaN where there is nothing to tell of."""
    rates = visited()
    metrics = Metrics(Sources(list, dict, lambda: rates, lambda: None))
    found = {
        (sample.name.removeprefix("microconv_"), tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(generate_latest(metrics.registry).decode())
        for sample in family.samples
    }

    def gauge(name: str, segment: tuple[tuple[str, str], ...], **labels: str) -> float:
        return found[name, tuple(sorted((*segment, *labels.items())))]

    for stat, intent, seconds in (
        ("mean", "all", 120),
        ("p50", "all", 60),
        ("p90", "all", 240),
        ("mean", "high", 240),
        ("p50", "high", 240),
    ):
        value = gauge("session_duration_seconds", TV, stat=stat, intent=intent, window="1h")
        assert value == pytest.approx(seconds, rel=0.02 if stat != "mean" else 1e-9)
    assert gauge("engagement_ratio", TV, window="1h") == 1
    assert gauge("bounce_ratio", TV, window="24h") == 0
    assert gauge("intent_score", TV, stat="mean", window="1h") == pytest.approx(0.1)
    assert math.isnan(gauge("session_duration_seconds", ALL, stat="mean", intent="all", window="1m"))
    assert math.isnan(gauge("intent_score", ALL, stat="p90", window="1m"))
    mobile = (("dimension", "device"), ("value", "mobile"))
    assert math.isnan(gauge("bounce_ratio", mobile, window="1h"))
    assert math.isnan(gauge("engagement_ratio", mobile, window="1h"))
