"""What all tests share: the real parts as fixtures."""

from tests.parts.plugin import kafka, pytest_runtest_call, pytest_runtest_setup

__all__ = ["kafka", "pytest_runtest_call", "pytest_runtest_setup"]
