"""Holds what all workers of a site expose on ``/metrics`` against the truth."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import isclose, isnan, nan

from stream.core.definition import Definition
from stream.core.segment import ALL
from stream.units import duration_text
from tests.worker.process import Sample
from tests.worker.truth import Truth

MOST = 8
"""Differences of a kind that are told."""

GAUGES: Mapping[str, str] = {
    "microconv_conversion_ratio": "ratio",
    "microconv_flow_ratio": "flow_ratio",
    "microconv_window_sessions": "sessions",
    "microconv_window_converted": "converted",
    "microconv_window_open_sessions": "open",
    "microconv_window_actions": "actions",
}
"""Gauges of sliding windows, and what each shows."""

Place = tuple[str, str, str, str]
"""Gauge, measure, window, segment."""


def outcome_differences(samples: Iterable[Sample], truth: Truth) -> list[str]:
    """Return how ``microconv_events_total``, of all workers together, differs from the truth."""
    found: Counter[tuple[str, int, str]] = Counter()
    for sample in samples:
        if sample.name == "microconv_events_total":
            place = (sample.labels["topic"], int(sample.labels["partition"]), sample.labels["outcome"])
            if place in found:
                return [f"microconv_events_total: {place} is told by two workers"]
            found[place] = int(sample.value)
    found += Counter()  # without those that are 0
    places = [place for place in {*found, *truth.outcomes} if found[place] != truth.outcomes[place]]
    return [
        f"microconv_events_total: {place} is {found[place]}, wanted {truth.outcomes[place]}"
        for place in sorted(places)
    ]


def gauge_differences(
    samples: Iterable[Sample], truth: Truth, definition: Definition, watermark: int
) -> list[str]:
    """Return how the gauges of sliding windows differ from the truth, when the global watermark is this."""
    found: dict[Place, float] = {}
    for sample in samples:
        if sample.name in GAUGES:
            place = (sample.name, _measure(sample), sample.labels["window"], _segment(sample))
            if place in found:
                return [f"{place} is told by two workers"]
            found[place] = sample.value
    if not found:
        return ["no worker tells of sliding windows"]
    differing = []
    for size_ms in definition.times.sizes:
        end = truth.window_end(size_ms, watermark)
        for measure, segment in sorted(truth.series()):
            fields = truth.window(measure, segment, size_ms, end).fields()
            for gauge, field in GAUGES.items():
                value = found.get((gauge, measure, duration_text(size_ms), segment))
                wanted = fields.get(field, nan)
                if value is None or not (isclose(value, wanted) or (isnan(value) and isnan(wanted))):
                    name = f"{gauge} {measure} {duration_text(size_ms)} {segment}"
                    differing.append(f"{name} is {value}, wanted {wanted}")
    return differing[:MOST]


def step_sessions(samples: Iterable[Sample]) -> dict[tuple[str, str], int]:
    """Return ``microconv_step_sessions_total`` by measure and segment."""
    return {
        (_measure(sample), _segment(sample)): int(sample.value)
        for sample in samples
        if sample.name == "microconv_step_sessions_total"
    }


def counter_differences(samples: Sequence[Sample], truth: Truth) -> list[str]:
    """Return which counters of sessions are below the truth: what was reached was seen, once.

    Above it they may be: what disorder took back was seen all the same. Only ``all`` is compared: one is
    counted with the dimensions that it had when seen, which disorder may change later.
    """
    found = step_sessions(samples)
    return (
        _revenue_below(samples, truth)
        + [
            f"microconv_step_sessions_total {measure} is {found.get((measure, ALL))}, wanted at least {count}"
            for (measure, segment), count in truth.reached().items()
            if segment == ALL and found.get((measure, ALL), 0) < count
        ][:MOST]
    )


def _revenue_below(samples: Iterable[Sample], truth: Truth) -> list[str]:
    """Return which counters of revenue are below the truth, likewise."""
    found = {
        (sample.labels["funnel"], sample.labels["currency"]): sample.value
        for sample in samples
        if sample.name == "microconv_revenue_total" and _segment(sample) == ALL
    }
    wanted = {
        (measure.partition(".")[0], currency): float(amount)
        for measure, segment in truth.series()
        if segment == ALL
        for currency, amount in truth.revenue(measure, segment).items()
    }
    return [
        f"microconv_revenue_total {place} is {found.get(place)}, wanted at least {amount}"
        for place, amount in wanted.items()
        if found.get(place, 0) < amount - 1e-6
    ][:MOST]


def _measure(sample: Sample) -> str:
    return f"{sample.labels['funnel']}.{sample.labels['step']}"


def _segment(sample: Sample) -> str:
    dimension, value = sample.labels["dimension"], sample.labels["value"]
    return ALL if dimension == ALL else f"{dimension}={value}"
