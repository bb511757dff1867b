"""How the metrics of :mod:`stream.sinks.metrics` are read.

Counters come from durable state, so a restart does not set them back; gauges are read from the windows as
they are when Prometheus asks. Nothing here is called on the hot path but the histograms, once a flush.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from math import nan
from typing import NamedTuple

from prometheus_client import CollectorRegistry, Gauge, Histogram
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from stream import __version__
from stream.core.cell import new_row
from stream.core.currency import currency_name
from stream.core.event import OUTCOMES, REASONS
from stream.core.facts import facts
from stream.core.rate import rate
from stream.core.rates import Rates
from stream.core.revenue import MILLION, accounts, amount_in, currency_of, measure_of
from stream.core.segment import ALL
from stream.core.timing import timings
from stream.sinks.measure import measure_label, segment_label
from stream.sinks.metrics import (
    BUCKETS,
    BUILD_INFO,
    BUILD_INFO_HELP,
    BUILD_INFO_LABELS,
    HISTOGRAMS,
    INTENTS,
    METRICS,
    STATS,
    Family,
)
from stream.units import duration_text


class InputSample(NamedTuple):
    """One input partition: records by outcome and reason since ever, watermark (ms), records behind.

    ``outcomes`` and ``rejected`` are ``None`` where the records are judged elsewhere.
    """

    topic: str
    partition: int
    outcomes: Mapping[str, int] | None
    rejected: Mapping[str, int] | None
    watermark: int | None
    lag: int | None


class Sources(NamedTuple):
    """Where a scrape reads: all are called at each scrape, in the loop's thread.

    ``rates`` returns ``None`` on workers that do not own them; ``redis_lag`` too.
    """

    inputs: Callable[[], Iterable[InputSample]]
    open_sessions: Callable[[], Mapping[int, int]]
    rates: Callable[[], Rates | None]
    redis_lag: Callable[[], float | None]


class Metrics:
    """The worker's metrics.

    Attributes:
        registry: What is exposed.
    """

    def __init__(self, sources: Sources) -> None:
        self.registry = CollectorRegistry()
        self.registry.register(WorkerCollector(sources))
        histograms = {
            name: Histogram(name, found.help, found.labels, buckets=BUCKETS, registry=self.registry)
            for name, found in HISTOGRAMS.items()
        }
        self._transaction = histograms["microconv_transaction_seconds"]
        self._flush = histograms["microconv_flush_seconds"]
        self._publish = histograms["microconv_event_to_publish_seconds"]
        info = Gauge(BUILD_INFO, BUILD_INFO_HELP, BUILD_INFO_LABELS, registry=self.registry)
        info.labels(__version__).set(1)

    def transaction(self, topology: str, seconds: float) -> None:
        """Observe for how long a transaction was open."""
        self._transaction.labels(topology).observe(seconds)

    def flush(self, topology: str, seconds: float, rows: int) -> None:  # noqa: ARG002 - the engine tells it
        """Observe how long a flush took."""
        self._flush.labels(topology).observe(seconds)

    def published(self, seconds: float) -> None:
        """Observe how old the oldest event of a flush was when its rates could be seen."""
        self._publish.observe(seconds)


class WorkerCollector(Collector):
    """Reads the worker's state at each scrape."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    def describe(self) -> Iterable[Metric]:
        """Return nothing: what is exposed depends on what this worker owns."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yield all metrics of :data:`stream.sinks.metrics.METRICS` that this worker has samples for."""
        families: dict[str, Family] = {
            name: found.kind(name, found.help, labels=found.labels) for name, found in METRICS.items()
        }
        self._collect_inputs(families)
        for partition, count in self._sources.open_sessions().items():
            families["microconv_open_sessions"].add_metric([str(partition)], count)
        lag = self._sources.redis_lag()
        if lag is not None:
            families["microconv_redis_lag_seconds"].add_metric([], lag)
        rates = self._sources.rates()
        if rates is not None:
            _collect_counters(rates, families)
            _collect_revenue(rates, families)
            _collect_windows(rates, families)
            _collect_tallies(rates, families)
        return iter([family for family in families.values() if family.samples])

    def _collect_inputs(self, families: Mapping[str, Family]) -> None:
        for found in self._sources.inputs():
            place = [found.topic, str(found.partition)]
            if found.outcomes is not None:
                for outcome in OUTCOMES:
                    count = found.outcomes.get(outcome, 0)
                    families["microconv_events"].add_metric([*place, outcome], count)
            if found.rejected is not None:
                for reason in REASONS:
                    count = found.rejected.get(reason, 0)
                    families["microconv_rejected"].add_metric([*place, reason], count)
            if found.watermark is not None:
                families["microconv_watermark_timestamp_seconds"].add_metric(place, found.watermark / 1000)
            if found.lag is not None:
                families["microconv_lag_events"].add_metric(place, found.lag)


def _collect_counters(rates: Rates, families: Mapping[str, Family]) -> None:
    nothing = [0] * len(rates.measures)
    for segment in rates.segments.all():
        label = segment_label(segment)
        counts = rates.counters.get(segment, nothing)
        families["microconv_sessions"].add_metric(label, counts[rates.plans.started])
        for measure, count in zip(rates.measures, counts, strict=True):
            families["microconv_step_sessions"].add_metric([*measure_label(measure), *label], count)
    for dimension, sessions in rates.segments.overflow.items():
        families["microconv_segment_overflow"].add_metric([dimension], sessions)


def _collect_revenue(rates: Rates, families: Mapping[str, Family]) -> None:
    """Collect revenue: of each funnel in the currencies that there were, in every segment."""
    known = accounts(rates.revenue.get(ALL, {}))
    for segment in rates.segments.all():
        label, amounts = segment_label(segment), rates.revenue.get(segment, {})
        for account in known:
            funnel = measure_label(rates.measures[measure_of(account)]).funnel
            place = [funnel, currency_name(currency_of(account)), *label]
            families["microconv_revenue"].add_metric(place, amount_in(amounts, account) / MILLION)


def _collect_windows(rates: Rates, families: Mapping[str, Family]) -> None:
    nothing = new_row(len(rates.measures))
    segments = [(segment, segment_label(segment)) for segment in rates.segments.all()]
    for size, window in rates.windows.items():
        for segment, label in segments:
            row = window.rows.get(segment, nothing)
            for number, measure in enumerate(rates.measures):
                found = rate(row, number)
                place = [*measure_label(measure), duration_text(size), *label]
                for name, value in (
                    ("conversion_ratio", found.ratio),
                    ("flow_ratio", found.flow_ratio),
                    ("mature_ratio", rates.cohorts.mature_ratio(size, segment, number)),
                    ("final_ratio", rates.cohorts.final_ratio(size, segment, number)),
                    ("window_sessions", found.sessions),
                    ("window_converted", found.converted),
                    ("window_open_sessions", found.open),
                    ("window_actions", found.actions),
                ):
                    families[f"microconv_{name}"].add_metric(place, _or_nan(value))


def _collect_tallies(rates: Rates, families: Mapping[str, Family]) -> None:
    nothing = new_row(len(rates.measures))
    segments = [(segment, segment_label(segment)) for segment in rates.segments.all()]
    for size, window in rates.windows.items():
        for segment, label in segments:
            row, tallies = window.rows.get(segment, nothing), window.tallies.get(segment, {})
            found = facts(row, tallies, rates.plans)
            place = [duration_text(size), *label]
            families["microconv_engagement_ratio"].add_metric(place, _or_nan(found.engagement_ratio))
            families["microconv_bounce_ratio"].add_metric(place, _or_nan(found.bounce_ratio))
            for stat in STATS:
                for intent, spread in zip(INTENTS, (found.duration, found.high_intent_duration), strict=True):
                    value = _or_nan(getattr(spread, stat)) / 1000
                    families["microconv_session_duration_seconds"].add_metric([stat, intent, *place], value)
                score = _or_nan(getattr(found.score, stat))
                families["microconv_intent_score"].add_metric([stat, *place], score)
            for funnel, timing in timings(row, tallies, rates.plans).items():
                for stat in STATS:
                    value = _or_nan(getattr(timing.time, stat)) / 1000
                    families["microconv_time_to_conversion_seconds"].add_metric([funnel, stat, *place], value)


def _or_nan(value: float | None) -> float:
    return nan if value is None else value
