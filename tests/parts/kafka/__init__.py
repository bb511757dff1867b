"""Apache Kafka for tests and benches: the broker, and what tests do with topics."""

from tests.parts.kafka.broker import FAST_COMPACTION, KafkaBroker
from tests.parts.kafka.topics import Record, create_topics, delete_topics, produce, read_topic

__all__ = [
    "FAST_COMPACTION",
    "KafkaBroker",
    "Record",
    "create_topics",
    "delete_topics",
    "produce",
    "read_topic",
]
