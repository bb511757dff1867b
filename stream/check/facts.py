"""What there is to know of a configuration, as data: for people and for programs alike.

Times and spans are ms.
"""

from collections.abc import Mapping

import msgspec

from stream.check import measured
from stream.check.doubts import Doubt, MicroConversions, doubts, micro_conversions
from stream.configuration import Found
from stream.core import definition
from stream.core.bucket import HOUR, MINUTE, level_of
from stream.settings import Settings
from stream.sinks.volume import volume
from stream.units import duration_text
from stream.wiring import Topics, redis_place


class Kafka(msgspec.Struct, frozen=True):
    """Topics: ``internal`` ones are nobody else's. ``partitions``: of an events topic that is created."""

    brokers: str
    group: str
    format: str
    keyed_by: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    internal: tuple[str, ...]
    partitions: int


class Times(msgspec.Struct, frozen=True):
    """When sessions end, how much disorder is put right, and how long a visitor counts as returning."""

    timeout_ms: int
    max_length_ms: int
    out_of_order_ms: int
    allowed_lateness_ms: int
    max_future_ms: int
    known_for_ms: int


class Windows(msgspec.Struct, frozen=True):
    """Sliding windows, the step of each, and the widths of closed windows."""

    sizes: tuple[str, ...]
    steps: tuple[str, ...]
    closed: tuple[str, ...]


class Series(msgspec.Struct, frozen=True):
    """Prometheus series: of the rates, each input partition, each worker; all of one with ``partitions``.

    ``each_currency``: those of the rates for each currency of revenue beyond the first.
    """

    rates: int
    each_partition: int
    each_worker: int
    partitions: int
    total: int
    each_currency: int


class AtMost(msgspec.Struct, frozen=True):
    """How much there can be at most; the hashes are live values, other keys are histories and sets."""

    measures: int
    segments: int
    redis_hashes: int
    redis_keys: int
    prometheus_series: Series
    hashes_a_measure: int
    series_a_measure: int


class Facts(msgspec.Struct, frozen=True):
    """Everything that ``check`` tells; ``environment``: keys and the variables that set them."""

    source: str
    environment: Mapping[str, str]
    kafka: Kafka
    redis: str
    redis_prefix: str
    web: str
    times: Times
    windows: Windows
    funnels: tuple[measured.Funnel, ...]
    micros: tuple[measured.Micro, ...]
    dimensions: tuple[measured.Dimension, ...]
    pages: measured.Pages
    micro_conversions: MicroConversions
    at_most: AtMost
    warnings: tuple[Doubt, ...]


def facts(found: Found) -> Facts:
    """Return what there is to know of a configuration.

    Raises:
        ConfigurationError: A worker would refuse it: by its topics, or by the address of Redis.
    """
    settings = found.settings
    what = settings.definition()
    at_most = _at_most(settings, what)
    counted = micro_conversions(what)
    return Facts(
        source=found.where,
        environment=found.overridden,
        kafka=_kafka(settings),
        redis=redis_place(settings),
        redis_prefix=settings.redis.prefix,
        web=f"{settings.web.host}:{settings.web.port}",
        times=_times(what.times),
        windows=_windows(what.times),
        funnels=measured.funnels(what),
        micros=measured.micros(what),
        dimensions=measured.dimensions(what),
        pages=measured.pages(what),
        micro_conversions=counted,
        at_most=at_most,
        warnings=doubts(settings, counted, at_most.hashes_a_measure, at_most.series_a_measure),
    )


def to_json(told: Facts) -> str:
    """Return the facts as one JSON object."""
    return msgspec.json.encode(told).decode()


def _at_most(settings: Settings, what: definition.Definition) -> AtMost:
    topics = Topics(settings)
    most = volume(what, settings.watched_segments(), topologies=len(topics.changelogs))
    read = len(topics.events) + (1 if topics.repartitioned else 0)
    partitions = settings.kafka.partitions * read
    return AtMost(
        measures=most.measures,
        segments=most.segments,
        redis_hashes=most.hashes(),
        redis_keys=sum(most.keys.values()),
        prometheus_series=Series(
            most.series["rates"],
            most.series["partition"],
            most.series["worker"],
            partitions,
            most.all_series(partitions),
            most.series_a_currency,
        ),
        hashes_a_measure=most.hashes_a_measure,
        series_a_measure=most.series_a_measure,
    )


def _kafka(settings: Settings) -> Kafka:
    kafka, topics = settings.kafka, Topics(settings)
    return Kafka(
        brokers=kafka.brokers,
        group=kafka.group,
        format=kafka.format,
        keyed_by=kafka.keyed_by,
        reads=topics.events,
        writes=topics.written,
        internal=topics.internal,
        partitions=kafka.partitions,
    )


def _windows(times: definition.Times) -> Windows:
    widths = (times.pane, MINUTE, HOUR)
    return Windows(
        sizes=tuple(map(duration_text, times.sizes)),
        steps=tuple(duration_text(widths[level_of(size)]) for size in times.sizes),
        closed=(duration_text(MINUTE), duration_text(HOUR)),
    )


def _times(times: definition.Times) -> Times:
    return Times(
        times.timeout,
        times.max_length,
        times.out_of_order,
        times.allowed_lateness,
        times.max_future,
        times.known_for,
    )
