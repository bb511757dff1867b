"""A Redis to read from: every answer within a time limit, and messages as they are published."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable
from typing import TypeVar

from redis import TimeoutError as RedisTimeoutError
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from stream.sinks.redis_link import pool_of, where_of

T = TypeVar("T")

ANSWER_WITHIN_S = 5.0


class Store:
    """One Redis. To be closed after use.

    Attributes:
        where: Host, port and database, for people.
        client: For calls; what they return goes through `answered`.

    Raises:
        RedisUrlError: The URL cannot be used.
    """

    def __init__(self, url: str) -> None:
        self.where = where_of(url)
        pool = pool_of(
            url,
            decode_responses=True,
            encoding_errors="replace",
            # `answered` limits the time: by its own way redis-py loses cancellations before Python 3.12.
            socket_timeout=None,
            socket_connect_timeout=ANSWER_WITHIN_S,
            # Once more at once: a connection from before a restart of Redis fails at its first use.
            retry=Retry(NoBackoff(), 1),
        )
        self.client: Redis = Redis(connection_pool=pool)

    async def answered(self, call: Awaitable[T]) -> T:
        """Return the answer to a call.

        Raises:
            redis.RedisError: Redis cannot be reached, refuses, or does not answer within 5 s.
        """
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                return await call
        except TimeoutError:
            raise RedisTimeoutError(f"no answer within {ANSWER_WITHIN_S:g} s") from None

    async def messages(self, channel: str) -> AsyncGenerator[str]:
        """Return what is published on a channel, as soon as it is.

        Raises:
            redis.RedisError: Redis cannot be reached any more.
        """
        async with self.client.pubsub(ignore_subscribe_messages=True) as subscription:
            await self.answered(subscription.subscribe(channel))
            async for message in subscription.listen():
                yield message["data"]

    async def close(self) -> None:
        """Close the connections."""
        await self.client.aclose()
        await self.client.connection_pool.disconnect()
