"""Both kinds of changelog on real brokers, opened and recovered like a worker does."""

import itertools
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import NamedTuple

from aiokafka import TopicPartition

from stream.engine import Connection
from stream.engine.api import Chunk, Record, Row
from stream.engine.changelog import ChangelogReader
from stream.engine.log import PartitionLog, Write
from stream.engine.log_plain import PlainLog
from stream.engine.log_transactional import TransactionalLog
from stream.engine.rows import OUTBOX_KEY, POSITION_KEY, Position
from tests.parts.kafka import create_topics

_numbers = itertools.count()


class Recovered(NamedTuple):
    """What a new owner finds: the rows of the state in log order, its position, and the outbox."""

    rows: list[Row]
    position: Position | None
    outbox: bytes | None


class Changelogs:
    """A changelog and a topic for effects, each with one partition, and the logs opened on them."""

    def __init__(self, bootstrap: str, transactions: bool) -> None:
        number = next(_numbers)
        self.connection = Connection((bootstrap,), f"group-{number}", transactions=transactions)
        self.changelog = TopicPartition(f"changelog-{number}", 0)
        self.effects = f"effects-{number}"
        self._exits = AsyncExitStack()

    async def create(self) -> None:
        """Make the topics."""
        config = {"max.message.bytes": str(16 * 1024 * 1024)}
        await create_topics(self.connection.brokers[0], [self.changelog.topic, self.effects], config=config)

    async def open(self) -> tuple[PartitionLog, Recovered]:
        """Claim the partition and recover it, as a new owner."""
        kind = TransactionalLog if self.connection.transactions else PlainLog
        log = kind(self.connection, "visits", self.changelog)
        self._exits.push_async_callback(log.close)
        end = await log.claim()
        found = Recovered([], None, None)
        async with ChangelogReader(self.connection) as reader:
            if end is None:
                end = (await reader.ends([self.changelog]))[self.changelog]

            def take(chunk: Chunk) -> None:
                nonlocal found
                for key, value in zip(chunk.keys, chunk.values, strict=True):
                    if key == POSITION_KEY and value is not None:
                        found = found._replace(position=Position.unpack(value))
                    elif key == OUTBOX_KEY:
                        found = found._replace(outbox=value)
                    elif key is not None and len(key) > 1:
                        found.rows.append((key, value))

            await reader.read({self.changelog: end}, take)
        await log.resume(found.outbox)
        return log, found

    async def published(self) -> list[bytes | None]:
        """Return the values that readers of the effects see."""
        values: list[bytes | None] = []
        partition = TopicPartition(self.effects, 0)
        async with ChangelogReader(self.connection) as reader:
            end = (await reader.ends([partition]))[partition]
            await reader.read({partition: end}, lambda chunk: values.extend(chunk.values))
        return values

    async def close(self) -> None:
        """Close all logs."""
        await self._exits.aclose()

    def flush(self, seq: int, *rows: Row, effects: tuple[bytes, ...] = ()) -> Write:
        """Return a flush that read as many records of ``clicks`` as its number says."""
        position = Position(seq, {"clicks": seq})
        records = [Record(self.effects, 0, None, effect) for effect in effects]
        return Write(seq, [(POSITION_KEY, position.pack()), *rows], records, position.inputs)


@asynccontextmanager
async def changelogs(bootstrap: str, transactions: bool) -> AsyncIterator[Changelogs]:
    """Make topics, and close the logs on them in the end."""
    made = Changelogs(bootstrap, transactions)
    await made.create()
    try:
        yield made
    finally:
        await made.close()
