"""How many keys and series there can be: counted from the tables, and by filling everything up."""

from collections.abc import Iterator

import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from stream.core.closed import ClosedRow
from stream.core.currency import currency_number
from stream.core.definition import Definition, Dimension, Funnel, Micro, Step, Times
from stream.core.plans import Plans
from stream.core.rates import Rates
from stream.core.revenue import account_of, add_to
from stream.core.segment import Segments
from stream.sinks.keys import KEYS
from stream.sinks.live import LiveRates
from stream.sinks.metrics import LABELS, TOPOLOGIES, exposed
from stream.sinks.prometheus import InputSample, Metrics, Sources
from stream.sinks.volume import volume

SMALL = Definition(
    funnels=(Funnel("checkout", (Step("cart", "add_to_cart"), Step("order", "purchase", macro=True))),),
    micros=(Micro("share", "share"),),
    dimensions=(
        Dimension("device", "device", ("mobile", "desktop", "tablet"), 5),
        Dimension("source", "source", (), 3),
        Dimension("listed", "props.plan", ("a", "b", "c", "c"), 2),
        Dimension("both", cross=("device", "source"), max_values=4),
    ),
    times=Times(sizes=(60_000, 300_000)),
)
WATCHED = ("all", "device", "source=google", "source=bing", "both=mobile/google")


def fill(segments: Segments) -> None:
    """Bring more values than there is room for, of every dimension."""
    for labels in (("mobile", "google", "a"), ("tablet", "bing", "b")):
        segments.of(labels)
    for n in range(40):
        segments.of((f"device{n}", f"source{n}", f"plan{n}"))


def full(*currencies: str) -> Rates:
    """Return rates with every segment that there can be, at a time, and revenue in so many currencies."""
    rates = Rates(SMALL)
    fill(rates.segments)
    for currency in currencies:
        add_to(rates.revenue.setdefault("all", {}), account_of(1, currency_number(currency)), 5)
    for window in (*rates.windows.values(), rates.day):
        window.slide(0)
    return rates


def rows(rates: Rates) -> Iterator[ClosedRow]:
    """Yield a closed minute of each measure and segment."""
    for segment in rates.segments.all():
        for measure in rates.measures:
            yield ClosedRow(
                measure, segment, "1m", 0, 60_000, 0, 0, 0, 0, None, None, None, None, None, True, False
            )


def scrape(*, partitions: int, rates: Rates | None) -> int:
    """Return how many series a worker exposes."""
    samples = [InputSample("site-events", n, {}, {}, 0, 0) for n in range(partitions)]
    opened = dict.fromkeys(range(partitions), 0)
    metrics = Metrics(Sources(lambda: samples, lambda: opened, lambda: rates, lambda: 0.0 if rates else None))
    for topology in TOPOLOGIES:
        metrics.transaction(topology, 0.01)
        metrics.flush(topology, 0.01, 1)
    text = generate_latest(metrics.registry).decode()
    return sum(len(family.samples) for family in text_string_to_metric_families(text))


@pytest.mark.says("So nobody grows memory, Redis or Prometheus by sending new values.")
def test_no_more_segments_than_were_told() -> None:
    """However many values arrive, listed and admitted ones and the rest come to the number that is told."""
    segments = Segments(SMALL.dimensions)
    fill(segments)
    assert len(segments.all()) == volume(SMALL, WATCHED).segments == 1 + 9 + 4 + 6 + 5


@pytest.mark.parametrize("partitions", [0, 1, 8])
def test_a_scrape_finds_as_many_series_as_were_told(partitions: int) -> None:
    """With every segment there, who owns all exposes what is told; who does not own the rates, the rest."""
    told = volume(SMALL, WATCHED)
    assert scrape(partitions=partitions, rates=full("EUR")) == told.all_series(partitions)
    euros_only = scrape(partitions=partitions, rates=full("EUR"))
    assert scrape(partitions=partitions, rates=full("EUR", "USD")) == euros_only + told.series_a_currency
    assert scrape(partitions=partitions, rates=None) == told.all_series(partitions) - told.series["rates"]


def test_redis_gets_as_many_keys_as_were_told() -> None:
    """With every segment there, each kind of key is there as often as told; histories of what is watched."""
    told, rates = volume(SMALL, WATCHED), full()
    live = LiveRates("mc", 1_000_000, WATCHED, Plans(SMALL), 600_000)
    keys = {key for piece in live.everything(rates) for key in piece}
    keys |= {*live.status(rates, 0, 0), live.keys.fence, *live.history(list(rows(rates)), 60_000)}
    found = dict.fromkeys(KEYS, 0)
    for key in keys:
        kind = key.split(":")[1]
        found[next(pattern for pattern in KEYS if pattern.split(":")[0] == kind)] += 1

    assert found == told.keys
    assert told.keys["history:{measure}:{segment}"] == 7 * (1 + 9 + 2 + 1)
    assert told.keys["session:{size}:{segment}"] == 2 * 25
    assert told.keys["time:{funnel}:{size}:{segment}"] == 2 * 25, "of the one funnel with a macro step"
    assert told.hashes() == (7 + 1 + 1) * 2 * 25 + 2 + 2


def test_what_one_measure_costs() -> None:
    """Another measure makes as many hashes and series as are told of one."""
    more = Definition(
        SMALL.funnels, (*SMALL.micros, Micro("search", "search")), SMALL.dimensions, SMALL.times
    )
    before, after = volume(SMALL, WATCHED), volume(more, WATCHED)
    assert after.hashes() - before.hashes() == before.hashes_a_measure
    assert after.all_series(1) - before.all_series(1) == before.series_a_measure


def test_every_label_is_explained() -> None:
    """No metric has a label of which the table does not say what it means, and none is explained in vain."""
    assert {label for metric in exposed() for label in metric.labels} == set(LABELS)
