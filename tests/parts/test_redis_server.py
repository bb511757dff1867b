import pytest
import redis

from tests.parts.redis_server import RedisServer


def test_redis_comes_back_empty_at_the_same_address(redis_server: RedisServer) -> None:
    """While stopped nothing answers; started again it answers at the same URL and holds nothing."""
    with redis.Redis.from_url(redis_server.url, decode_responses=True) as client:
        client.set("key", "value")
        assert client.get("key") == "value"

        redis_server.stop()
        with pytest.raises(redis.ConnectionError):
            client.get("key")

        redis_server.start()
        assert client.get("key") is None
