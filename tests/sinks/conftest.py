"""The stores that the writer must treat alike: real Redis and the embedded one."""

import pytest

from stream.embedded.server import Server


@pytest.fixture(params=["redis_server", "embedded_store"])
def store(request: pytest.FixtureRequest) -> Server:
    """An empty store of the test's own: once Redis, once the embedded one."""
    server = request.getfixturevalue(request.param)
    assert isinstance(server, Server)
    return server
