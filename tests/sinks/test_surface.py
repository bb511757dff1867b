"""The public surface: names that users, dashboards and other programs hold on to."""

import math

import msgspec
import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from stream.agents.rates import RatesState, RatesTopics
from stream.agents.show import Show
from stream.core.closed import ROW_FIELDS, ClosedRow
from stream.core.event import EVENT_FIELDS, Event
from stream.core.fields import Field
from stream.core.rates import Rates
from stream.sinks.keys import CHANNELS, FENCE_HASH, RATE_HASH, STATUS_HASH
from stream.sinks.prometheus import InputSample, Metrics, Sources
from stream.sinks.redis_fence import SCRIPT
from stream.sinks.redis_values import Hash, Names, Scored, Value
from tests.sinks.shop import BEGIN, SHOP, live, shopping


def names(fields: tuple[Field, ...]) -> set[str]:
    """Return the names of fields."""
    return {field.name for field in fields}


@pytest.mark.says(
    "`from_previous` = converted / the previous non-optional step's converted; `drop_off` = 1 - that."
)
def test_a_rate_in_redis_has_the_fields_of_the_contract() -> None:
    """A hash per measure, size and segment; ratios are 0..1, also against the step before."""
    values, rows = live().windows(shopping(8))
    cart = values["mc:rate:checkout.add_to_cart:5m:all"]
    assert isinstance(cart, Hash)
    fields = dict(cart.fields)
    assert {k: fields[k] for k in ("sessions", "converted", "open", "actions")} == {
        "sessions": "8",
        "converted": "4",
        "open": "4",
        "actions": "4",
    }
    assert {k: fields[k] for k in ("ratio", "flow_ratio", "from_previous", "drop_off")} == {
        "ratio": "0.5",
        "flow_ratio": "0.5",
        "from_previous": "0.5",
        "drop_off": "0.5",
    }
    assert int(fields["window_end"]) - int(fields["window_start"]) == 300_000
    ahead = {"mature_ratio", "final_ratio"}  # of which there is nothing to tell yet
    assert set(fields) == names(RATE_HASH) - {"revenue"} - ahead, "it is no macro step"
    order = values["mc:rate:checkout.order:24h:device=tv%20set"]
    assert isinstance(order, Hash)
    assert order.fields["from_previous"] == "1.0", "against begin_checkout: shipping is optional"
    assert set(order.fields) == names(RATE_HASH) - ahead
    assert order.fields["revenue"] == '{"EUR":"25.00"}'
    assert {row["segment"] for row in rows} == {"all"}


def test_what_is_told_of_fields_is_what_there_is() -> None:
    """The tables of fields name those that are written and read, in their order where there is one."""
    rates, told = shopping(4), live()
    status = told.status(rates, BEGIN, 0)["mc:status"]
    assert isinstance(status, Hash)
    assert set(status.fields) == names(STATUS_HASH)
    assert [field.name for field in ROW_FIELDS] == list(ClosedRow.__struct_fields__)
    assert names(EVENT_FIELDS) == set(Event.__struct_fields__)
    for field in FENCE_HASH:
        assert f"'{field.name}'" in SCRIPT


@pytest.mark.says("A rate of no sessions is no data (absent in Redis")
def test_no_data_is_absent() -> None:
    """A rate of no sessions has counts of 0 and no ratio."""
    rates = shopping(1)
    values, _ = live().windows(rates)
    share = values["mc:rate:browse.category:1m:all"]
    assert isinstance(share, Hash)
    assert share.fields["sessions"] == "0"
    assert "ratio" not in share.fields


def test_what_did_not_change_is_not_told_again() -> None:
    """Each change is told once; everything only when asked for."""
    rates, told = shopping(8), live()
    told.windows(rates)
    assert told.windows(rates) == ({}, [])
    everything = {key: value for piece in told.everything(rates) for key, value in piece.items()}
    assert "mc:rate:checkout.order:1h:all" in everything
    assert isinstance(everything["mc:segments:device"], Names)


def test_closed_minutes_are_kept_for_what_alerts_watch() -> None:
    """The history has one JSON a closed minute for `all` and for watched dimensions, and for no other."""
    row = ClosedRow(
        "checkout.order", "all", "1m", BEGIN, BEGIN + 60_000, 1, 0, 1, 0, 0.0, 0.0, 0.0, 0.8, {}, False, False
    )
    rows = [
        row,
        msgspec.structs.replace(row, segment="device=mobile"),
        msgspec.structs.replace(row, segment="source=google"),
        msgspec.structs.replace(row, size="1h"),
    ]
    found = live().history(rows, BEGIN + 60_000)
    assert set(found) == {"mc:history:checkout.order:all", "mc:history:checkout.order:device=mobile"}
    history = found["mc:history:checkout.order:all"]
    assert isinstance(history, Scored)
    assert msgspec.json.decode(history.members[BEGIN] or "")["sessions"] == 1
    assert history.keep_from == BEGIN + 60_000 - SHOP.redis.history


def exposed(rates: Rates | None) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Return what a scrape finds."""
    sample = InputSample("site-events", 3, {"counted": 5}, {"not_json": 2}, BEGIN, 7)
    metrics = Metrics(Sources(lambda: [sample], lambda: {3: 4}, lambda: rates, lambda: 0.25))
    metrics.published(0.2)
    metrics.transaction("sessions", 0.01)
    metrics.flush("sessions", 0.01, 5)
    text = generate_latest(metrics.registry).decode()
    return {
        (s.name, tuple(sorted(s.labels.items()))): s.value
        for family in text_string_to_metric_families(text)
        for s in family.samples
    }


def key(name: str, **labels: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Return a sample's key."""
    return name, tuple(sorted(labels.items()))


@pytest.mark.says("NaN in Prometheus), never 0.")
def test_metrics_have_the_names_and_labels_of_the_contract() -> None:
    """Counters and gauges by funnel, step, window, dimension and value."""
    found = exposed(shopping(8))
    step = {"funnel": "checkout", "step": "add_to_cart", "dimension": "all", "value": "all"}
    assert found[key("microconv_conversion_ratio", window="5m", **step)] == 0.5
    assert found[key("microconv_window_sessions", window="24h", **step)] == 8
    assert found[key("microconv_step_sessions_total", **step)] == 4
    assert found[key("microconv_sessions_total", dimension="device", value="mobile")] == 4
    revenue = {"funnel": "checkout", "currency": "EUR", "dimension": "device"}
    assert found[key("microconv_revenue_total", value="tv set", **revenue)] == 25
    assert found[key("microconv_revenue_total", value="mobile", **revenue)] == 0, "known, and none yet"
    assert found[key("microconv_events_total", topic="site-events", partition="3", outcome="counted")] == 5
    assert found[key("microconv_events_total", topic="site-events", partition="3", outcome="late")] == 0
    assert found[key("microconv_rejected_total", topic="site-events", partition="3", reason="not_json")] == 2
    assert found[key("microconv_lag_events", topic="site-events", partition="3")] == 7
    assert (
        found[key("microconv_watermark_timestamp_seconds", topic="site-events", partition="3")]
        == BEGIN / 1000
    )
    assert found[key("microconv_open_sessions", partition="3")] == 4
    assert found[key("microconv_redis_lag_seconds")] == 0.25
    assert found[key("microconv_segment_overflow_total", dimension="source")] == 0
    assert found[key("microconv_event_to_publish_seconds_count")] == 1
    nothing = {"funnel": "micro", "step": "share", "dimension": "device", "value": "tablet"}
    assert math.isnan(found[key("microconv_conversion_ratio", window="1m", **nothing)])
    assert found[key("microconv_step_sessions_total", **nothing)] == 0, "known label sets start at 0"


def test_only_the_owner_exposes_the_rates() -> None:
    """A worker without the rates says nothing of them, so that nobody adds them up twice."""
    names = {name for name, _ in exposed(None)}
    assert "microconv_events_total" in names
    assert not {"microconv_sessions_total", "microconv_conversion_ratio"} & names


class Sink:
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.offers: list[tuple[dict[str, Value], tuple[int, int]]] = []
        self.messages: list[tuple[str, str]] = []
        self.rebuilds = 0

    def offer(self, changes: dict[str, Value], fence: tuple[int, int]) -> None:
        """Remember an offer."""
        self.offers.append((dict(changes), fence))

    def announce(self, channel: str, message: str) -> None:
        """Remember a message."""
        self.messages.append((channel, message))

    def request_rebuild(self) -> None:
        """Remember that it was asked for."""
        self.rebuilds += 1

    def release(self) -> None:
        """Remember it as an end."""
        self.rebuilds = -1


def test_values_are_told_with_their_flush_and_not_too_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each offer carries the flush it stands for; a second one within 150 ms waits."""
    sink, clock, seen = Sink(), [0.0], []
    show = Show(live(), sink, lambda: clock[0], lambda: BEGIN + 500, seen.append, 10_000)
    state = RatesState(SHOP.definition(), RatesTopics("rates", "history"), lambda *_: 0, lambda: BEGIN, show)
    state.restored()
    monkeypatch.setattr(state, "core", shopping(4))
    show.committed(state, 1, [], [BEGIN])
    clock[0] = 100.0
    show.committed(state, 2, [], [BEGIN + 100])
    assert [fence for _, fence in sink.offers] == [(BEGIN, 1)]
    clock[0] = 200.0
    show.committed(state, 3, [], [])
    assert [fence for _, fence in sink.offers] == [(BEGIN, 1), (BEGIN, 3)]
    assert seen == [0.5, 0.4]
    assert sink.messages[0][0] == "mc:rates"
    message = msgspec.json.decode(sink.messages[0][1])
    assert set(message) == names(CHANNELS["rates"].fields)
    assert message["flush"] == 1
    assert any("mc:status" in piece for piece in show.rebuild())
    assert sink.rebuilds == 1, "a new owner begins with everything"
    state.released()
    assert (sink.rebuilds, list(show.rebuild())) == (-1, []), "who has lost the rates has nothing to write"
