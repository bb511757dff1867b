"""The one rule for parts that cannot be had: tests skip with the reason, but fail where ``CI`` is set."""

import os
import shutil
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import NoReturn

import pytest


class MissingPartError(RuntimeError):
    """A real part (Kafka, Redis, Prometheus …) cannot be had here; says what to install."""


def program(name: str, package: str) -> str:
    """Return the path of an installed program.

    Raises:
        MissingPartError: If it is not installed; names the Debian ``package`` that has it.
    """
    path = shutil.which(name)
    if path is None:
        raise MissingPartError(f"{name} is not installed (Debian: apt-get install {package})")
    return path


def end_test(missing: MissingPartError, environment: Mapping[str, str] = os.environ) -> NoReturn:
    """End the running test for want of a part: as skipped, or as failed where ``CI`` is set."""
    if environment.get("CI"):
        pytest.fail(f"{missing} (a failure, not a skip, because CI is set)", pytrace=False)
    pytest.skip(str(missing))


@contextmanager
def rule() -> Generator[None]:
    """Apply the rule to whatever runs inside."""
    try:
        yield
    except MissingPartError as missing:
        end_test(missing)
