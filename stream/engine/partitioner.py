"""Which partition a key belongs to, as Kafka's own clients say."""

from aiokafka.partitioner import murmur2


def partition_of(key: bytes, partitions: int) -> int:
    """Return the partition that Kafka's default partitioner puts a key into."""
    return (murmur2(key) & 0x7FFFFFFF) % partitions  # type: ignore[no-any-return]  # aiokafka has no types
