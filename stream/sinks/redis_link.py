"""The connection to Redis: a script run there, and any way of failing as one error that says the reason."""

import asyncio
import contextlib
import re
import time
from collections.abc import AsyncGenerator, Awaitable, Sequence
from typing import cast
from urllib.parse import urlsplit

import structlog
from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, RedisError

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 5.0
"""Pauses between tries while Redis is away: the first, each twice the one before, the longest; seconds."""

WANTED = "redis://[[user]:password@]host[:port][/db], or rediss:// for TLS"


_log = structlog.get_logger(__name__)


class RedisUrlError(ValueError):
    """The URL cannot be used; the text says what was found (never a password) and what is wanted."""


class RedisAwayError(Exception):
    """Redis cannot be reached or does not do what it is asked; the text says why."""


class RedisLink:
    """One connection, made when it is needed.

    Args:
        url: ``redis://`` or ``rediss://`` (TLS), with the options redis-py knows as its query.
        timeout_s: How long an answer may take, connecting included, seconds.

    Attributes:
        where: Host, port and database, for people.
        connected: Whether the last run was answered, and without an error.
        error: Why it was not; empty when it was.
        pause_s: How long to wait before the next one, seconds; grows while Redis is away.

    Raises:
        RedisUrlError: The URL cannot be used.
    """

    def __init__(self, url: str, timeout_s: float) -> None:
        self.where = where_of(url)
        self.connected = False
        self.error = ""
        self.pause_s = 0.0
        self._away_since = 0.0
        self._timeout_s = timeout_s
        pool = pool_of(
            url,
            decode_responses=False,
            # No repeats behind our back: a call that was perhaps made needs a number of its own.
            retry=Retry(NoBackoff(), 0),
            # Time is limited below. redis-py does it with asyncio.wait_for, which before Python 3.12
            # loses cancellations: neither a limit around it nor the task's owner could end it then.
            socket_timeout=None,
            socket_connect_timeout=timeout_s,
        )
        self._client: Redis = Redis(connection_pool=pool)

    async def reach(self) -> None:
        """Make sure that Redis answers at all.

        Raises:
            RedisAwayError: It does not.
        """
        async with self._failures():
            await self._client.ping()

    async def run(
        self, script: str, sha: str, key: str, arguments: Sequence[str | bytes | int]
    ) -> list[bytes]:
        """Run a Lua script, whose SHA-1 is ``sha``, on one key; load it first where Redis does not have it.

        Raises:
            RedisAwayError: There was no answer, or an error. The script may have run all the same.
        """
        async with self._failures():
            try:
                reply = await self._evalsha(sha, key, arguments)
            except NoScriptError:
                await self.close()  # fakeredis' server does so itself, after any error
                await self._client.script_load(script)
                reply = await self._evalsha(sha, key, arguments)
        self._answered()
        return reply

    async def close(self) -> None:
        """Close the connection; the next call makes a new one."""
        with contextlib.suppress(RedisError, OSError):
            await self._client.connection_pool.disconnect()

    async def _evalsha(self, sha: str, key: str, arguments: Sequence[str | bytes | int]) -> list[bytes]:
        # redis-py's own type is that of the synchronous and the asynchronous client in one, and of text.
        reply = self._client.evalsha(sha, 1, key, *cast(Sequence[str], arguments))
        return await cast(Awaitable[list[bytes]], reply)

    @contextlib.asynccontextmanager
    async def _failures(self) -> AsyncGenerator[None]:
        try:
            async with asyncio.timeout(self._timeout_s):
                yield
        except (RedisError, OSError) as error:
            await self.close()  # what is wrong may be this very connection, as after a failover
            self._failed(self._reason(error))
            raise RedisAwayError(self.error) from error

    def _failed(self, reason: str) -> None:
        self.connected, self.error = False, reason
        if self.pause_s:
            self.pause_s = min(2 * self.pause_s, LONGEST_PAUSE_S)
            return
        self.pause_s = FIRST_PAUSE_S
        self._away_since = time.monotonic()
        _log.warning(
            "Redis takes no values: counting goes on, only Redis is late; trying again",
            where=self.where,
            reason=reason,
            next_try_s=self.pause_s,
            longest_pause_s=LONGEST_PAUSE_S,
        )

    def _answered(self) -> None:
        if self.pause_s:
            away_s = round(time.monotonic() - self._away_since, 1)
            _log.info("Redis takes values again", where=self.where, away_s=away_s)
        self.connected, self.error, self.pause_s = True, "", 0.0

    def _reason(self, error: Exception) -> str:
        if isinstance(error, TimeoutError):
            return f"no answer within {self._timeout_s:g} s"
        return str(error) or type(error).__name__


def pool_of(url: str, **options: object) -> ConnectionPool:
    """Return connections to a Redis, made when they are needed; ``options`` go above the URL's own.

    Raises:
        RedisUrlError: The URL cannot be used.
    """
    where = where_of(url)
    try:
        pool = ConnectionPool.from_url(url)
        pool.connection_kwargs |= {"retry_on_timeout": False, **options}
        pool.connection_class(**pool.connection_kwargs)  # so that options it does not know show now
    except (TypeError, ValueError) as error:
        raise RedisUrlError(f"Redis at {where}: {error}; wanted: {WANTED}") from None
    return pool


def where_of(url: str) -> str:
    """Return host, port and database of a URL; refuse what redis-py lets pass or trips over late.

    Raises:
        RedisUrlError: The URL cannot be used.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or 6379
        (host or "").encode("idna")
    except (
        ValueError
    ):  # what it says may contain a part of the password; UnicodeError of the host is one, too
        raise RedisUrlError(
            f"Redis URL: found a host or port that is none; wanted: {WANTED},"
            " with special characters of the password percent-encoded"
        ) from None
    if parts.scheme not in ("redis", "rediss"):
        found = f"scheme {parts.scheme!r}" if parts.scheme else "no scheme"
        raise RedisUrlError(f"Redis URL: found {found}; wanted: {WANTED}")
    if not host:
        raise RedisUrlError(f"Redis URL: found no host; wanted: {WANTED}")
    if not re.fullmatch(r"/?|/\d+", parts.path):
        raise RedisUrlError(f"Redis URL: found database {parts.path[1:]!r}; wanted: {WANTED}")
    return f"{host}:{port}/{parts.path[1:] or 0}"
