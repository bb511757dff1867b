import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.parts import compiled_package
from tests.parts.compiled import ROOT, environment

LAW_EXAMPLES = 100

TESTS = ("tests/laws", "tests/core", "tests/formats", "tests/replay/test_exact.py")
"""What the core must do (golden cases are among the laws), in one process."""

DEADLINE_S = 900.0


def run(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run pytest in a process of its own that takes the package from a folder."""
    plugins = ("-p", "tests.compiled.only_compiled", "-p", "no:cacheprovider", "-n", "0")
    command = [sys.executable, "-P", "-m", "pytest", *plugins, "--import-mode=importlib", "-q", "--color=no"]
    variables = {**os.environ, **environment(folder), "MICROCONV_LAW_EXAMPLES": str(LAW_EXAMPLES)}
    return subprocess.run(
        [*command, *arguments], cwd=ROOT, env=variables, capture_output=True, text=True, timeout=DEADLINE_S
    )


@pytest.mark.timeout(2 * DEADLINE_S)
def test_the_compiled_core_passes_the_same_tests() -> None:
    """Compiled by mypyc, the core does what its source does: golden cases, laws, core, formats, replay."""
    done = run(compiled_package(), *TESTS)
    assert done.returncode == 0, f"\n{done.stdout[-20_000:]}\n{done.stderr[-5_000:]}"


def test_sources_are_not_taken_for_the_compiled_core() -> None:
    """Where the sources are found instead of the compiled modules, the run ends, and says which it found."""
    done = run(ROOT, "tests/core/test_rate.py")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "stream.core.acquaintance is not compiled" in done.stderr
