"""What all tests share: the real parts as fixtures, and how hard Hypothesis tries."""

import gc
import os

import pytest
from hypothesis import settings

from tests.parts.plugin import (
    embedded_broker,
    embedded_store,
    kafka,
    pytest_runtest_call,
    pytest_runtest_setup,
    redis_server,
)

__all__ = [
    "embedded_broker",
    "embedded_store",
    "kafka",
    "pytest_runtest_call",
    "pytest_runtest_setup",
    "redis_server",
]

# No deadlines: other tests' brokers make examples slow now and then.
settings.register_profile("default", max_examples=50, deadline=None)
settings.register_profile("ci", max_examples=200, deadline=None, derandomize=True, print_blob=True)
settings.register_profile("thorough", max_examples=5_000, deadline=None)
LONGEST = (
    "laws/test_law.py",
    "chaos/test_worker_chaos.py",
    "chaos/engine/test_chaos.py",
    "compiled/test_compiled.py",
    "chaos/test_300k.py",
    "worker/test_unkeyed.py",
    "laws/test_unkeyed.py",
    "worker/test_kafka_away.py",
    "replay/test_exact.py",
)
"""Files that take a minute or more: they begin first, or one process would wait for the other in the end.

Beside the law, which reckons for minutes, goes what mostly waits for servers.
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest first; all else stays in order."""
    files = [f"/tests/{file}" for file in LONGEST]
    items.sort(
        key=lambda item: next(
            (n for n, file in enumerate(files) if str(item.path).endswith(file)), len(files)
        )
    )


def pytest_collection_finish() -> None:
    """Spare the collector what stays until the end, modules and tests, and let it look less often.

    It took an eighth of what the laws cost.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20)


settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "default"))
