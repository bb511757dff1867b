"""Real parts for tests and benches: Kafka, Redis, Prometheus, each started and stopped by a small class.

And the package with its core compiled.
"""

from tests.parts.compiled import compiled_package
from tests.parts.kafka import (
    FAST_COMPACTION,
    KafkaBroker,
    Record,
    create_topics,
    delete_topics,
    produce,
    read_topic,
)
from tests.parts.missing import MissingPartError
from tests.parts.prometheus import PrometheusServer, promtool
from tests.parts.redis_server import RedisServer

__all__ = [
    "FAST_COMPACTION",
    "KafkaBroker",
    "MissingPartError",
    "PrometheusServer",
    "Record",
    "RedisServer",
    "compiled_package",
    "create_topics",
    "delete_topics",
    "produce",
    "promtool",
    "read_topic",
]
