"""The parts as fixtures, and the rule of `tests.parts.missing` around every test; for ``conftest.py``."""

from collections.abc import Generator

import pytest

from stream.embedded import EmbeddedBroker, EmbeddedStore
from tests.parts.kafka import KafkaBroker
from tests.parts.missing import rule
from tests.parts.redis_server import RedisServer


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup() -> Generator[None, object, object]:
    """Fixtures that miss a part: skip or fail by the rule."""
    with rule():
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None, object, object]:
    """Tests that miss a part: skip or fail by the rule."""
    with rule():
        return (yield)


@pytest.fixture(scope="session")
def kafka() -> Generator[KafkaBroker]:
    """One broker for the whole session: use topic names of your own, and leave it running."""
    with KafkaBroker() as broker:
        yield broker


@pytest.fixture
def redis_server() -> Generator[RedisServer]:
    """An empty Redis of the test's own, which it may stop and start."""
    with RedisServer() as server:
        yield server


@pytest.fixture
def embedded_broker() -> Generator[EmbeddedBroker]:
    """An empty embedded broker of the test's own."""
    with EmbeddedBroker() as broker:
        yield broker


@pytest.fixture
def embedded_store() -> Generator[EmbeddedStore]:
    """An empty embedded store of the test's own."""
    with EmbeddedStore() as store:
        yield store
