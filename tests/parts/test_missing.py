import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.parts.missing import MissingPartError, end_test, program


def test_a_missing_program_names_its_package() -> None:
    """The error for a program that is not installed says what to install."""
    with pytest.raises(MissingPartError, match=r"no-such-program.*apt-get install its-package"):
        program("no-such-program", "its-package")


def test_without_ci_a_missing_part_skips() -> None:
    """On a developer's machine the test is skipped, with the reason."""
    with pytest.raises(pytest.skip.Exception, match="no broker here"):
        end_test(MissingPartError("no broker here"), environment={})


def test_with_ci_a_missing_part_fails() -> None:
    """Where CI is set the test fails, with the reason."""
    with pytest.raises(pytest.fail.Exception, match="no broker here"):
        end_test(MissingPartError("no broker here"), environment={"CI": "1"})


SUITE = """
import pytest
from tests.parts.missing import MissingPartError

@pytest.fixture
def broken():
    raise MissingPartError("no part for the fixture")

def test_by_fixture(broken):
    raise AssertionError("never runs")

def test_by_itself():
    raise MissingPartError("no part for the test")
"""


@pytest.mark.parametrize(("ci", "outcome"), [("", "2 skipped"), ("1", "1 failed, 1 error")])
def test_the_rule_holds_for_fixtures_and_tests(tmp_path: Path, ci: str, outcome: str) -> None:
    """The same rule ends a test whose fixture misses a part and one that misses it by itself."""
    hooks = "from tests.parts.plugin import pytest_runtest_call, pytest_runtest_setup"
    (tmp_path / "conftest.py").write_text(hooks)
    (tmp_path / "test_suite.py").write_text(SUITE)

    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rA", "-p", "no:cacheprovider", str(tmp_path)],
        env={**os.environ, "CI": ci, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.stdout.splitlines()[-1].startswith(outcome), run.stdout
    assert "no part for the fixture" in run.stdout
    assert "no part for the test" in run.stdout
