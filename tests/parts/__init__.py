"""Real parts for tests and benches: Kafka, Redis, Prometheus, each started and stopped by a small class."""

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

__all__ = [
    "FAST_COMPACTION",
    "KafkaBroker",
    "MissingPartError",
    "Record",
    "create_topics",
    "delete_topics",
    "produce",
    "read_topic",
]
