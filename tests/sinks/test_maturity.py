"""What is shown of cohorts: fields beside each rate in Redis, rows of the channel, gauges for Prometheus."""

import math
from dataclasses import replace

import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from stream.configuration import load
from stream.core.delay import bin_of
from stream.core.delta import Code, Delta
from stream.core.maturity import settling_spans
from stream.core.plans import Plans
from stream.core.rates import Rates
from stream.sinks.keys import RATE_HASH
from stream.sinks.live import LiveRates
from stream.sinks.prometheus import Metrics, Sources
from stream.sinks.redis_values import Hash
from tests.sinks.shop import BEGIN, SHOP, counted, live

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
MONTH = 31 * DAY - HOUR
CART = "mc:rate:checkout.add_to_cart"
_saas = load(preset="saas", environ={}).definition()
SAAS = replace(_saas, times=replace(_saas.times, sizes=(*_saas.times.sizes, 7 * DAY)))


def looked() -> Rates:
    """Return the rates three hours after a hundred visitors, of whom sixty put something into the cart.

    A minute after they came. Lately ten more came, on average half a minute ago; two have by now.
    """
    now = BEGIN + 3 * HOUR
    events = []
    for n in range(100):
        came = BEGIN + n * 30_000
        events += [(came, f"v{n}", "view_item")] + [(came + MINUTE, f"v{n}", "add_to_cart")] * (n % 5 < 3)
    for n in range(20):
        events.append((now - n * 10_000, f"w{n}", "view_item"))
    events += [(now - n * 10_000 + MINUTE, f"w{n}", "add_to_cart") for n in (8, 9)]
    return counted(events)


@pytest.mark.says(
    "Only measures that have delays have one.",
    "`ratio` is provisional beside it.",
    "Conversions here are steps of funnels after the first, `micro.*` and `session.engaged`.",
)
def test_a_rate_tells_what_it_will_come_to() -> None:
    """Beside a ratio of a tenth: sixty percent of old sessions converted; and of these it will be a fifth."""
    values, rows = live().windows(looked())
    found = values[f"{CART}:5m:all"]
    assert isinstance(found, Hash)
    assert float(found.fields["ratio"]) == 0.1
    assert "mature_ratio" not in found.fields, "nobody came in those five minutes"
    assert 0.14 < float(found.fields["final_ratio"]) < 0.2
    day = values[f"{CART}:24h:all"]
    assert isinstance(day, Hash)
    assert {field.name for field in RATE_HASH} - set(day.fields) == {"revenue"}
    assert float(day.fields["mature_ratio"]) == 0.6
    ratio, final = float(day.fields["ratio"]), float(day.fields["final_ratio"])
    assert ratio < final < 0.6
    (row,) = [row for row in rows if row["measure"] == "checkout.add_to_cart" and row["size"] == "24h"]
    assert (row["mature_ratio"], row["final_ratio"]) == (
        day.fields["mature_ratio"],
        day.fields["final_ratio"],
    )
    tv = values[f"{CART}:24h:device=tv%20set"]
    assert isinstance(tv, Hash)
    assert tv.fields["final_ratio"] == day.fields["final_ratio"], "a segment has the delays of all"
    for measure in ("checkout.product_view", "session.started", "session.bounced", "session.single_page"):
        untold = values[f"mc:rate:{measure}:24h:all"]
        assert isinstance(untold, Hash)
        assert not {"mature_ratio", "final_ratio"} & set(untold.fields)


def trials() -> Rates:
    """Return the rates of a site of software, of which thirty clicked an ad a month ago, 24 of whom got on.

    So did one of eight who clicked it two days ago, and one of two half an hour ago.
    """
    rates = Rates(SAAS)
    step = "trial.pricing_view"
    codes = [Code("enter", "trial"), Code("convert", step), Code("delay", step, (), bin_of(DAY))]
    known = (MONTH, 30, 24), (2 * DAY, 8, 1), (30 * MINUTE, 2, 1)
    counts = [((BEGIN - ago), (came, on, on if ago == MONTH else 0)) for ago, came, on in known]
    hits = [(time, code // 2, code, n) for time, found in counts for code, n in enumerate(found) if n]
    labels = [(device, *[""] * (len(SAAS.dimensions) - 1)) for device in ("mobile", "")]  # delays have none
    outcomes = (0,) * 5
    rates.fold(Delta(SAAS.fingerprint(), "w", 0, 1, 1, BEGIN, None, outcomes, labels, codes, hits, [], []))
    rates.pass_time()
    return rates


def test_attempts_across_sessions_are_told() -> None:
    """Of a trial of thirty days, in days and hours: what came of those of a month ago; shorter have none."""
    told = LiveRates("mc", SHOP.redis.history, (), Plans(SAAS), 600_000)
    rates = trials()
    values, rows = told.windows(rates)
    ratios = {}
    for size in ("24h", "7d"):
        for segment in ("all", "device=mobile"):
            found = values[f"mc:rate:trial.pricing_view:{size}:{segment}"]
            assert isinstance(found, Hash)
            ratios[size, segment] = {name: found.fields.get(name) for name in ("mature_ratio", "final_ratio")}
    assert ratios["24h", "all"] == {"mature_ratio": "0.8", "final_ratio": None}, "two are too young to tell"
    assert ratios["7d", "all"] == {"mature_ratio": "0.8", "final_ratio": str(2 / 8)}
    assert ratios["7d", "device=mobile"] == ratios["7d", "all"]
    (row,) = [row for row in rows if row["measure"] == "trial.pricing_view" and row["size"] == "7d"]
    assert row["final_ratio"] == "0.25"
    gauges = generate_latest(Metrics(Sources(list, dict, lambda: rates, lambda: None)).registry).decode()
    for name in ("mature", "final"):
        lines = [line for line in gauges.splitlines() if line.startswith(f"microconv_{name}_ratio{{")]
        (line,) = [n for n in lines if 'dimension="all"' in n and 'step="pricing_view"' in n and '"7d"' in n]
        assert float(line.split()[-1]) == float(ratios["7d", "all"][f"{name}_ratio"] or 0)
        (young,) = [n for n in lines if 'dimension="all"' in n and 'step="pricing_view"' in n and '"5m"' in n]
        assert math.isnan(float(young.split()[-1]))
        assert len(lines) == len(rates.measures) * len(rates.windows) * len(rates.segments.all())


def test_a_change_of_any_mature_window_is_told() -> None:
    """There is one of each settling span: also what changed only in that of attempts is told, once."""
    told, rates = LiveRates("mc", SHOP.redis.history, (), Plans(SAAS), 600_000), trials()
    told.windows(rates)
    assert told.windows(rates) == ({}, [])
    across, in_sessions = settling_spans(SAAS)[0], settling_spans(SAAS)[-1]
    for span in (across, in_sessions):
        rates.cohorts.mature[span, DAY].touch("device=mobile")
        values, _ = told.windows(rates)
        assert "mc:rate:trial.pricing_view:24h:device=mobile" in values
        assert "mc:rate:trial.pricing_view:24h:all" not in values
        assert told.windows(rates) == ({}, [])


def test_what_only_the_mature_window_has_is_told() -> None:
    """When a window is empty again its mature one still fills, and each change of it is told, once."""
    rates, told = looked(), live()
    told.windows(rates)
    assert told.windows(rates) == ({}, [])
    rates.cohorts.mature[70 * MINUTE, HOUR].touch("device=tv set")[0] += 1
    values, _ = told.windows(rates)
    assert f"{CART}:1h:device=tv%20set" in values
    assert f"{CART}:1h:all" not in values
    assert told.windows(rates) == ({}, [])
    everything = {key: value for piece in told.everything(rates) for key, value in piece.items()}
    day = everything[f"{CART}:24h:all"]
    assert isinstance(day, Hash)
    assert float(day.fields["mature_ratio"]) == 0.6


def test_gauges() -> None:
    """As the fields; NaN where they are absent."""
    rates = looked()
    metrics = Metrics(Sources(list, dict, lambda: rates, lambda: None))
    found = {
        (sample.name, sample.labels["step"], sample.labels["window"]): sample.value
        for family in text_string_to_metric_families(generate_latest(metrics.registry).decode())
        for sample in family.samples
        if sample.labels.get("dimension") == "all" and "step" in sample.labels and "window" in sample.labels
    }
    assert found["microconv_mature_ratio", "add_to_cart", "24h"] == 0.6
    assert found["microconv_final_ratio", "add_to_cart", "5m"] == pytest.approx(
        rates.cohorts.final_ratio(5 * MINUTE, "all", rates.measures.index("checkout.add_to_cart"))
    )
    assert math.isnan(found["microconv_mature_ratio", "add_to_cart", "5m"])
    for step in ("product_view", "bounced"):
        assert math.isnan(found["microconv_mature_ratio", step, "24h"])
        assert math.isnan(found["microconv_final_ratio", step, "24h"])
    assert {window for name, _, window in found if name == "microconv_final_ratio"} == {
        *("1m", "5m", "15m", "1h", "24h")
    }
    assert len(SHOP.windows.sizes) == 5
