"""Where the workers are: their topics, and what the newest of their deltas says of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from stream.core.delta import Delta
from stream.core.past import PAST_KEY
from stream.settings import Settings
from stream.simulate.sink.connection import client_of
from stream.wiring import Topics

_decode = msgspec.msgpack.Decoder(Delta).decode

LOOK_BACK = 100
"""So many offsets before the end a delta is looked for first, then ten times as many."""


class NobodyCountsError(Exception):
    """No worker of the group has counted anything yet, so nobody knows where the past ends."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where windows of the past go, and where they come out.

    Attributes:
        client: Arguments of every Kafka client: the brokers, and how to log in.
        deltas: The topic that the owner of the rates reads.
        published: The topics that it writes.
    """

    client: dict[str, Any]
    deltas: str
    published: tuple[str, ...]

    @classmethod
    def of(cls, settings: Settings) -> "Place":
        """Return the place of a configuration.

        Raises:
            ConfigurationError: A file for logging in cannot be read.
        """
        topics, kafka = Topics(settings), settings.kafka
        client = {"bootstrap_servers": kafka.brokers, **client_of(kafka.auth)}
        return cls(client, topics.deltas, (topics.rates, topics.history))

    async def newest_delta(self) -> Delta:
        """Return the newest delta that knows the time.

        Raises:
            NobodyCountsError: There is none.
            KafkaError: The brokers cannot be reached.
        """
        admin = AIOKafkaAdminClient(**self.client)
        consumer = AIOKafkaConsumer(isolation_level="read_committed", enable_auto_commit=False, **self.client)
        try:
            await admin.start()
            # All of them: to ask for one by name would make some brokers create it.
            if not {self.deltas, *self.published} <= set(await admin.list_topics()):
                raise NobodyCountsError
            await consumer.start()
            return await _newest(consumer, TopicPartition(self.deltas, 0))
        finally:
            await consumer.stop()
            await admin.close()


async def _newest(consumer: AIOKafkaConsumer, partition: TopicPartition) -> Delta:
    consumer.assign([partition])
    first = (await consumer.beginning_offsets([partition]))[partition]
    end = (await consumer.end_offsets([partition]))[partition]
    back = LOOK_BACK
    while True:
        start = max(first, end - back)
        consumer.seek(partition, start)
        found: Delta | None = None
        while await consumer.position(partition) < end:
            batch = await consumer.getmany(partition, timeout_ms=1_000)
            found = _last_with_time(batch.get(partition, ()), found)
        if found is not None:
            return found
        if start == first:
            raise NobodyCountsError
        back *= 10


def _last_with_time(records: Iterable[Any], found: Delta | None) -> Delta | None:
    for record in records:
        if record.key != PAST_KEY and record.value is not None:
            delta = _decode(record.value)
            found = found if delta.watermark is None else delta
    return found
