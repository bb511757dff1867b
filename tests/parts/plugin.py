"""The parts as fixtures, and the rule of `tests.parts.missing` around every test; for ``conftest.py``."""

from collections.abc import Generator

import pytest

from tests.parts.kafka import KafkaBroker
from tests.parts.missing import rule


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
