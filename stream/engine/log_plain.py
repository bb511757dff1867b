"""The changelog of a partition on brokers without transactions: one record batch a flush, and an outbox."""

from collections.abc import Sequence

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.producer.message_accumulator import BatchBuilder

from stream.engine.api import Record
from stream.engine.connection import Connection
from stream.engine.fatal import EngineError
from stream.engine.log import CHANGELOG_BATCH_BYTES, EFFECTS_BATCH_BYTES, Write, fill_batches
from stream.engine.rows import MARKER_KEY, OUTBOX_KEY, pack_outbox, unpack_outbox


class PlainLog:
    """Rows, position and the records to publish in one record batch, which a broker appends as a whole.

    Implements `stream.engine.log.PartitionLog`, with less than transactions give:

    - There is no fence. A worker that was frozen for longer than the session timeout and comes back may
      write over what the new owner wrote. It ends itself when it notices (`table.StateTable` watches its own
      clock, and ``write`` sees by the offsets that somebody else wrote), but only this process can tell, and
      only afterwards. Where that matters, use a broker with transactions.
    - Effects are published after the rows are durable, and those of the last flush again after a crash:
      receivers must bear repetition.
    - A flush must fit into one record batch.
    """

    def __init__(self, connection: Connection, topology: str, changelog: TopicPartition) -> None:
        self._changelog = changelog
        self._producer = AIOKafkaProducer(
            acks="all", **connection.client_options(f"{topology}-{changelog.partition}")
        )
        self._next_offset = 0
        self._outbox_used = False

    async def claim(self) -> int:
        """Write a marker row; its offset is the end of what the predecessor left.

        Not ListOffsets: the embedded broker answers it with the beginning of the last batch plus one.
        """
        await self._producer.start()
        await self._producer.partitions_for(self._changelog.topic)
        marker = _new_batch(CHANGELOG_BATCH_BYTES)
        marker.append(timestamp=None, key=MARKER_KEY, value=b"")
        self._next_offset = await self._append(marker) + 1
        return self._next_offset

    async def resume(self, outbox: bytes | None) -> None:
        """Publish the records of the last flush again: whether the predecessor still did is not known."""
        if outbox is not None:
            self._outbox_used = True
            await self._publish(unpack_outbox(outbox)[1])

    async def write(self, write: Write) -> None:
        """Append rows and outbox as one batch, then publish the effects.

        Raises:
            EngineError: The flush does not fit one batch, or somebody else wrote to the changelog.
            KafkaError: The broker refused something, or could not be reached in time.
        """
        batch = _new_batch(CHANGELOG_BATCH_BYTES)
        rows = list(write.rows)
        if write.effects:
            rows.append((OUTBOX_KEY, pack_outbox(write.seq, write.effects)))
        elif self._outbox_used:
            rows.append((OUTBOX_KEY, None))
        for key, value in rows:
            if batch.append(timestamp=None, key=key, value=value) is None:
                raise EngineError(
                    f"the flush does not fit one record batch of {CHANGELOG_BATCH_BYTES} bytes, and this "
                    "broker has no transactions to join several"
                )
        offset = await self._append(batch)
        if offset != self._next_offset:
            raise EngineError(
                f"changelog {self._changelog.topic}, partition {self._changelog.partition}: another worker "
                f"wrote from offset {self._next_offset} on (was this process frozen?)"
            )
        self._next_offset += len(rows)
        self._outbox_used = bool(write.effects)
        await self._publish(write.effects)

    async def close(self) -> None:
        """Stop the producer."""
        await self._producer.stop()

    async def _append(self, batch: BatchBuilder) -> int:
        """Append a batch to the changelog and return its first offset."""
        topic, partition = self._changelog
        written = await (await self._producer.send_batch(batch, topic, partition=partition))
        offset: int = written.offset
        return offset

    async def _publish(self, effects: Sequence[Record]) -> None:
        sent = [
            await self._producer.send_batch(batch, target.topic, partition=target.partition)
            for target, batch in fill_batches(effects, EFFECTS_BATCH_BYTES, _new_batch)
        ]
        for future in sent:
            await future


def _new_batch(max_bytes: int) -> BatchBuilder:
    return BatchBuilder(max_bytes, 0, is_transactional=False)
