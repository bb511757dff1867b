"""What the stories of whole workers begin with."""

import pytest

from tests.parts import KafkaBroker, RedisServer
from tests.worker.site import Site


@pytest.fixture
def site(kafka: KafkaBroker, redis_server: RedisServer) -> Site:
    """A site with four partitions, on the session's broker and a Redis of the test's own."""
    return Site(kafka.bootstrap, redis_server.url)
