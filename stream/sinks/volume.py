"""How many keys and series a definition can make at most, by the tables that name them."""

from collections.abc import Mapping
from typing import NamedTuple

from prometheus_client import Histogram

from stream.core.definition import Definition
from stream.core.event import OUTCOMES, REASONS
from stream.core.segment import ALL, most_values
from stream.sinks.keys import KEYS, PASSAGES
from stream.sinks.metrics import BUCKETS, INTENTS, STATS, TOPOLOGIES, Owner, exposed


class Volume(NamedTuple):
    """What there can be at most.

    Attributes:
        measures: Measures.
        segments: Segments, ``all`` included.
        keys: Redis keys, by pattern.
        series: Prometheus series, by who exposes them: the rates' once, a partition's for each input
            partition, a worker's for each worker.
        hashes_a_measure: Of Redis' hashes, those of one measure.
        series_a_measure: Of the series, those of one measure.
        series_a_currency: Those that each currency of revenue beyond the first makes.
    """

    measures: int
    segments: int
    keys: Mapping[str, int]
    series: Mapping[Owner, int]
    hashes_a_measure: int
    series_a_measure: int
    series_a_currency: int

    def hashes(self) -> int:
        """Return how many of the keys are hashes."""
        return sum(count for pattern, count in self.keys.items() if KEYS[pattern].type == "hash")

    def all_series(self, partitions: int) -> int:
        """Return the series of one worker that owns everything, with so many input partitions."""
        return self.series["rates"] + partitions * self.series["partition"] + self.series["worker"]


def volume(definition: Definition, watched: tuple[str, ...], topologies: int = len(TOPOLOGIES)) -> Volume:
    """Return how much a definition can make.

    Args:
        definition: What is measured.
        watched: The dimensions and segments that alerts watch.
        topologies: How many topologies a worker serves.
    """
    measures, segments = len(definition.measures()), _segments(definition)
    sizes, dimensions = len(set(definition.times.sizes)), len(definition.dimensions)
    goals = sum(step.macro for funnel in definition.funnels for step in funnel.steps)  # one a funnel at most
    parts = {
        "measure": measures,
        "segment": segments,
        "size": sizes,
        "dimension": dimensions,
        "funnel": goals,
    }
    only_watched = {**parts, "segment": _watched(definition, watched)}
    # Pairs of labels that say one thing come before the labels alone.
    sets: dict[tuple[str, ...], int] = {
        ("funnel", "step"): measures,
        ("dimension", "value"): segments,
        ("funnel",): goals,  # only these have revenue, and times
        ("window",): sizes,
        ("dimension",): dimensions,
        ("outcome",): len(OUTCOMES),
        ("reason",): len(REASONS),
        ("topology",): topologies,
        ("stat",): len(STATS),
        ("intent",): len(INTENTS),
        **{(one,): 1 for one in ("topic", "partition", "version", "currency")},
    }
    series: dict[Owner, int] = {"rates": 0, "partition": 0, "worker": 0}
    of_pages = sum(len(funnel.steps) - 1 for funnel in definition.funnels)
    of_measures = 0
    for metric in exposed():
        count = _label_sets(metric.labels, sets) * (_samples() if metric.kind == "histogram" else 1)
        series[metric.owner] += count
        of_measures += count if "step" in metric.labels else 0
    keys = {
        pattern: of_pages
        if pattern in PASSAGES
        else _product(pattern, only_watched if key.watched_only else parts)
        for pattern, key in KEYS.items()
    }
    return Volume(
        measures=measures,
        segments=segments,
        keys=keys,
        series=series,
        hashes_a_measure=sum(
            keys[pattern] // measures
            for pattern, key in KEYS.items()
            if key.type == "hash" and "{measure}" in pattern
        ),
        series_a_measure=of_measures // measures,
        series_a_currency=goals * segments,
    )


def _segments(definition: Definition) -> int:
    return 1 + sum(most_values(dimension) for dimension in definition.dimensions)


def _watched(definition: Definition, watched: tuple[str, ...]) -> int:
    """Return how many segments alerts can watch: ``all``, dimensions as a whole, and single values."""
    count = int(ALL in watched)
    for dimension in definition.dimensions:
        most = most_values(dimension)
        single = {name for name in watched if name.startswith(f"{dimension.name}=")}
        count += most if dimension.name in watched else min(len(single), most)
    return count


def _product(pattern: str, parts: Mapping[str, int]) -> int:
    """Return how many keys a pattern makes."""
    count = 1
    for part, many in parts.items():
        count *= many if f"{{{part}}}" in pattern else 1
    return count


def _label_sets(labels: tuple[str, ...], sets: Mapping[tuple[str, ...], int]) -> int:
    """Return how many values the labels have together.

    Raises:
        KeyError: It is not known of one of them.
    """
    count, rest = 1, set(labels)
    for group, many in sets.items():
        if rest.issuperset(group):
            count *= many
            rest.difference_update(group)
    if rest:
        raise KeyError(", ".join(sorted(rest)))
    return count


def _samples() -> int:
    """Return the series that a histogram makes of one set of labels."""
    (family,) = Histogram("any", "Any.", buckets=BUCKETS, registry=None).collect()
    return len(family.samples)
