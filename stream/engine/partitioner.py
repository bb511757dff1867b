"""Which partition a key belongs to, as Kafka's own clients say."""

from aiokafka.partitioner import murmur2


def partition_of(key: bytes, partitions: int) -> int:
    """Return the partition that Kafka's default partitioner puts a key into."""
    if partitions == 1:
        return 0  # as most topics that are written have: hashing a key takes 5 us in Python
    return (murmur2(key) & 0x7FFFFFFF) % partitions  # type: ignore[no-any-return]  # aiokafka has no types
