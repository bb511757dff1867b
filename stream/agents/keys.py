"""A sampled check that topics are keyed by visitor, as ``kafka.keyed_by`` says."""

import logging
from collections.abc import Callable

from stream.core.event import Event
from stream.engine.api import Chunk

logger = logging.getLogger(__name__)

KEY_SHOWN = 40
"""So many bytes of a key are shown."""


class KeyCheck:
    """Looks at one record of each chunk, and warns once, of the first that is not keyed by its visitor.

    It is keyed by visitor where its key is or contains the visitor, whatever partitioner the producer has,
    or where it lies in the partition into which Kafka's own clients put that key.

    Args:
        partition_of: Kafka's partitioner: of a key, among so many partitions.
    """

    def __init__(self, partition_of: Callable[[bytes, int], int]) -> None:
        self._partition_of = partition_of
        self._warned = False

    def look(self, chunk: Chunk, i: int, event: Event, partitions: int) -> None:
        """Look at record ``i`` of a chunk, which is this event; its topic has so many partitions."""
        key, visitor = chunk.keys[i], (event.visitor_id or "").encode()
        if key == visitor or self._warned or (key is not None and visitor in key):
            return
        if self._partition_of(visitor, partitions) == chunk.partition:
            return
        self._warned = True
        found = "no key" if key is None else f"the key {key[:KEY_SHOWN]!r}"
        logger.warning(
            'kafka.keyed_by is "visitor", but %s is not keyed by visitor: the record at partition %d, '
            "offset %d has %s, and its visitor is %r. A visitor whose events are in several partitions is "
            'counted as several. Key the topic by visitor, or set kafka.keyed_by = "none" and give '
            "kafka.group a new name",
            chunk.topic,
            chunk.partition,
            chunk.offsets[i],
            found,
            (event.visitor_id or "")[:KEY_SHOWN],
        )
