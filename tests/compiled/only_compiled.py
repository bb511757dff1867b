"""A plugin for pytest: ends the run where a module that should be compiled is its source.

For ``python -P -m pytest -p tests.compiled.only_compiled``.
"""

from importlib import import_module

import pytest

from hatch_build import MODULES


def pytest_sessionstart() -> None:
    """Refuse to test what is not compiled."""
    for file in MODULES:
        module = import_module(file.removesuffix(".py").replace("/", "."))
        if module.__file__ is None or module.__file__.endswith(".py"):
            raise pytest.UsageError(f"{module.__name__} is not compiled: it is {module.__file__}")
