import asyncio
import random
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest
from redis import RedisError
from redis.asyncio import Redis

from stream.board.values import Rate
from stream.core.segment import ALL
from stream.demo.reading import NOW, Reader
from stream.embedded import EmbeddedStore, free_port
from stream.sinks.keys import Keys
from tests.demo.boards import SUBJECT

KEYS = Keys("mc")


@pytest.fixture
async def store(embedded_store: EmbeddedStore) -> AsyncGenerator[Redis]:
    """A client of an empty store."""
    # Without a timeout: with one redis-py loses cancellations before Python 3.12.
    async with Redis.from_url(embedded_store.url, socket_timeout=None) as client:
        yield client


@pytest.fixture
async def reader(embedded_store: EmbeddedStore) -> AsyncGenerator[Reader]:
    """The demo's reader of the same store."""
    made = Reader(embedded_store.url, "mc", SUBJECT)
    yield made
    await made.close()


async def test_an_empty_store_tells_nothing(reader: Reader) -> None:
    """Before the worker has written anything there are no rates, no segments and no records."""
    found = await reader.read()
    assert found.status.read == 0
    assert found.status.watermark is None
    assert set(found.rates.values()) == {Rate()}
    assert not any(found.segments.values())


async def test_what_the_worker_writes_is_read(reader: Reader, store: Redis) -> None:
    """Status, windows and segments come from the worker's keys; segments once their names are known."""
    await store.hset(
        KEYS.status, mapping={"counted": 9, "rejected": 1, "workers": 1, "watermark": 5, "lag": 3}
    )
    shown = {"sessions": 8, "converted": 2, "ratio": "0.25", "flow_ratio": "1.5", "low": "0.1", "high": "0.4"}
    await store.hset(KEYS.rate(SUBJECT.goal, SUBJECT.whole, ALL), mapping=shown)
    await store.sadd(KEYS.segments("device"), "tablet", "mobile")
    await store.hset(KEYS.rate(SUBJECT.sample, NOW, "device=mobile"), mapping={"sessions": 4})
    await reader.read()
    found = await reader.read()
    assert (found.status.read, found.status.watermark, found.status.lag_ms) == (10, 5, 3)
    assert found.rate(SUBJECT.goal, SUBJECT.whole) == Rate(8, 2, 0.25, 1.5, 0.1, 0.4)
    assert found.segments["device"] == ["device=mobile", "device=tablet"]
    assert found.rate(SUBJECT.sample, NOW, "device=mobile").sessions == 4


async def publish_forever(store: Redis) -> None:
    """Publish as the worker does, only much more often."""
    while True:
        await store.publish(KEYS.rates_channel, "{}")


async def test_publications_bring_the_status(reader: Reader, store: Redis) -> None:
    """Whoever follows the publications sees each change of the status soon after it was made."""
    publishing = asyncio.create_task(publish_forever(store))
    async with asyncio.timeout(20), aclosing(reader.publications()) as publications:
        for counted in (3, 8, 21):
            await store.hset(KEYS.status, "counted", counted)
            while (await anext(publications)).read != counted:
                pass
    publishing.cancel()
    await asyncio.wait({publishing})


async def test_following_can_be_ended_at_any_moment(reader: Reader, store: Redis) -> None:
    """A task that follows ends when it is cancelled, whatever the client is doing just then."""

    async def follow() -> None:
        async with aclosing(reader.publications()) as publications:
            async for _ in publications:
                pass

    publishing = asyncio.create_task(publish_forever(store))
    moments = random.Random(1)
    for _ in range(40):
        following = asyncio.create_task(follow())
        await asyncio.sleep(moments.random() / 50)  # a moment by chance; nothing is waited for
        following.cancel()
        done, _ = await asyncio.wait({following}, timeout=10)
        assert done, "the cancellation was lost"
        assert following.cancelled()
    publishing.cancel()
    await asyncio.wait({publishing})


async def test_a_store_that_is_gone_is_an_error() -> None:
    """Reading from where nothing listens fails at once."""
    reader = Reader(f"redis://127.0.0.1:{free_port()}/0", "mc", SUBJECT)
    with pytest.raises(RedisError):
        await reader.read()
    await reader.close()
