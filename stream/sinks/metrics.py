"""All metrics for Prometheus in one table: name, meaning, labels, and which worker exposes them."""

from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily

Family = CounterMetricFamily | GaugeMetricFamily

SEGMENT = ("dimension", "value")
STEP = ("funnel", "step", *SEGMENT)
REVENUE = ("funnel", "currency", *SEGMENT)
WINDOW = ("funnel", "step", "window", *SEGMENT)
SESSIONS = ("window", *SEGMENT)
CONVERSIONS = ("funnel", "stat", *SESSIONS)
INPUT = ("topic", "partition")

LABELS: Mapping[str, str] = {
    "funnel": "a funnel, `micro` or `session`",
    "step": "a step of it, or a secondary action",
    "currency": "as ISO 4217 names it; `XXX`: none, or no such",
    "window": "length of the sliding window, such as `5m`",
    "stat": "`mean`, `p50` or `p90`; these are within 2 % of the exact ones",
    "intent": "`all` sessions, or those of `high` intent: with a micro-conversion",
    "dimension": "the segment's dimension; `all` for the whole",
    "value": "its value, `__other__` for those beyond its bound; `all` for the whole",
    "topic": "a topic of events, or the one they are repartitioned to",
    "partition": "number of a partition",
    "outcome": "what became of a record",
    "reason": "why a record was rejected",
    "topology": "`sessions`, `rates`, or `repartition-` and a topic of events",
    "version": "of microconv",
}
"""What the labels mean."""

STATS = ("mean", "p50", "p90")
"""Values of the label ``stat``."""

INTENTS = ("all", "high")
"""Values of the label ``intent``."""

TOPOLOGIES = ("sessions", "rates")
"""Values of the label ``topology`` where topics are keyed by visitor."""

Owner = Literal["rates", "partition", "worker"]

OWNERS: Mapping[Owner, str] = {
    "rates": "the worker that owns the rates",
    "partition": "the worker that owns the partition",
    "worker": "every worker",
}
"""Who exposes a metric. So that nobody adds numbers up twice, mostly one alone does."""


class Definition(NamedTuple):
    """A metric that is read at a scrape: its kind, what it tells, its labels, who exposes it."""

    kind: type[Family]
    help: str
    labels: tuple[str, ...]
    owner: Owner


class Observed(NamedTuple):
    """A histogram, in seconds: what it tells, and its labels; every worker exposes its own."""

    help: str
    labels: tuple[str, ...] = ()


METRICS: Mapping[str, Definition] = {
    "microconv_events": Definition(
        CounterMetricFamily, "Records read, by what became of them.", (*INPUT, "outcome"), "partition"
    ),
    "microconv_rejected": Definition(
        CounterMetricFamily, "Records rejected, by reason.", (*INPUT, "reason"), "partition"
    ),
    "microconv_sessions": Definition(CounterMetricFamily, "Sessions begun.", SEGMENT, "rates"),
    "microconv_step_sessions": Definition(
        CounterMetricFamily, "Sessions that reached a measure.", STEP, "rates"
    ),
    "microconv_revenue": Definition(
        CounterMetricFamily,
        "Revenue of the funnel's macro step, in units of the currency: of each session the most that it had.",
        REVENUE,
        "rates",
    ),
    "microconv_segment_overflow": Definition(
        CounterMetricFamily,
        "Sessions whose value found no room among those told apart.",
        ("dimension",),
        "rates",
    ),
    "microconv_conversion_ratio": Definition(
        GaugeMetricFamily,
        "Share (0..1) of the window's relevant sessions that converted by now.",
        WINDOW,
        "rates",
    ),
    "microconv_flow_ratio": Definition(
        GaugeMetricFamily,
        "Sessions that converted in the window, per relevant session of the window.",
        WINDOW,
        "rates",
    ),
    "microconv_mature_ratio": Definition(
        GaugeMetricFamily,
        "The same of the newest window of that length whose sessions (attempts) had their time to convert.",
        WINDOW,
        "rates",
    ),
    "microconv_final_ratio": Definition(
        GaugeMetricFamily,
        "Share (0..1) of the window's relevant sessions that will have converted in the end, as expected.",
        WINDOW,
        "rates",
    ),
    "microconv_window_sessions": Definition(
        GaugeMetricFamily, "Relevant sessions of the window.", WINDOW, "rates"
    ),
    "microconv_window_converted": Definition(
        GaugeMetricFamily, "Relevant sessions of the window that converted by now.", WINDOW, "rates"
    ),
    "microconv_window_open_sessions": Definition(
        GaugeMetricFamily,
        "Relevant sessions of the window that have not converted and still may.",
        WINDOW,
        "rates",
    ),
    "microconv_window_actions": Definition(
        GaugeMetricFamily,
        "Sessions that converted in the window, whenever they became relevant.",
        WINDOW,
        "rates",
    ),
    "microconv_session_duration_seconds": Definition(
        GaugeMetricFamily,
        "Duration of the sessions that began in the window and have closed.",
        ("stat", "intent", *SESSIONS),
        "rates",
    ),
    "microconv_engagement_ratio": Definition(
        GaugeMetricFamily,
        "Share (0..1) of the sessions that began in the window that have been engaged by now.",
        SESSIONS,
        "rates",
    ),
    "microconv_bounce_ratio": Definition(
        GaugeMetricFamily,
        "Share (0..1) of the sessions that began in the window that closed and were not engaged.",
        SESSIONS,
        "rates",
    ),
    "microconv_intent_score": Definition(
        GaugeMetricFamily,
        "Intent score of the sessions that began in the window and have closed: the weights they earned.",
        ("stat", *SESSIONS),
        "rates",
    ),
    "microconv_time_to_conversion_seconds": Definition(
        GaugeMetricFamily,
        "Time from the first micro-conversion to the macro step, of what reached that in the window.",
        CONVERSIONS,
        "rates",
    ),
    "microconv_watermark_timestamp_seconds": Definition(
        GaugeMetricFamily, "Watermark of an input partition, seconds since the epoch.", INPUT, "partition"
    ),
    "microconv_lag_events": Definition(
        GaugeMetricFamily,
        "Records of an input partition that are stable and not yet counted.",
        INPUT,
        "partition",
    ),
    "microconv_open_sessions": Definition(
        GaugeMetricFamily, "Sessions of a partition that have not closed.", ("partition",), "partition"
    ),
    "microconv_redis_lag_seconds": Definition(
        GaugeMetricFamily, "Age of the oldest value that Redis does not have yet.", (), "rates"
    ),
}
"""All metrics that are read at a scrape. Counters get ``_total`` when they are exposed."""

HISTOGRAMS: Mapping[str, Observed] = {
    "microconv_transaction_seconds": Observed(
        "How long a transaction was open: readers of its topics waited for it.", ("topology",)
    ),
    "microconv_flush_seconds": Observed("How long the flush of a partition took.", ("topology",)),
    "microconv_event_to_publish_seconds": Observed(
        "From the oldest arrival in a flush to its rates being shown."
    ),
}
"""Metrics that are observed once a flush."""

BUILD_INFO = "microconv_build_info"
BUILD_INFO_HELP = "The running version."
BUILD_INFO_LABELS = ("version",)

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1.0, 2.0, 5.0, 15.0, 60.0)
"""Upper bounds of the histograms' buckets, seconds."""


class Exposed(NamedTuple):
    """A metric as a scrape finds it.

    Attributes:
        name: Its name; of a histogram without ``_bucket``, ``_sum`` and ``_count``.
        kind: As Prometheus calls it.
        help: What it tells.
        labels: Its labels; of a histogram without ``le``.
        owner: Who exposes it.
    """

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    help: str
    labels: tuple[str, ...]
    owner: Owner


def exposed() -> Iterator[Exposed]:
    """Yield all metrics, by the names that they are exposed with."""
    for name, found in METRICS.items():
        if found.kind is CounterMetricFamily:
            yield Exposed(f"{name}_total", "counter", found.help, found.labels, found.owner)
        else:
            yield Exposed(name, "gauge", found.help, found.labels, found.owner)
    for name, observed in HISTOGRAMS.items():
        yield Exposed(name, "histogram", observed.help, observed.labels, "worker")
    yield Exposed(BUILD_INFO, "gauge", BUILD_INFO_HELP, BUILD_INFO_LABELS, "worker")
