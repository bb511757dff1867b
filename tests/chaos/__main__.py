"""``python -m tests.chaos --seeds 10``: the short chaos suites once a seed, a log each, and a table."""

import argparse
import os
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
LONG = ("test_300k.py", "test_million.py")
SHORT_SUITES = (str(HERE), *(f"--ignore={HERE / name}" for name in LONG))


@dataclass(frozen=True)
class Outcome:
    """How the suites went with one seed; ``failed`` names the tests that did not pass."""

    seed: int
    passed: int
    failed: tuple[str, ...]
    seconds: float


def run(seed: int, folder: Path, what: list[str]) -> Outcome:
    """Run the tests with a seed; all that they print goes to ``<folder>/seed-<seed>.log``."""
    report = folder / f"seed-{seed}.xml"
    report.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", "-v", "--color=no", f"--junit-xml={report}", *what]
    seeds = {"MICROCONV_CHAOS_SEED": str(seed), "CHAOS_SEED": str(seed), "CI": "1"}
    began = time.monotonic()
    with (folder / f"seed-{seed}.log").open("wb") as log:
        subprocess.run(command, cwd=ROOT, env={**os.environ, **seeds}, stdout=log, stderr=log, check=False)
    passed, failed = _read(report)
    return Outcome(seed, passed, failed, time.monotonic() - began)


def _read(report: Path) -> tuple[int, tuple[str, ...]]:
    if not report.exists():
        return 0, ("pytest did not run; see the log",)
    cases = list(ET.parse(report).iter("testcase"))
    bad = {case for case in cases for mark in case if mark.tag in ("failure", "error", "skipped")}
    names = [case.get("name", "?") for case in cases if case in bad]
    return len(cases) - len(bad), tuple(names) if cases else ("no tests",)


def say(text: str) -> None:
    """Print a line at once, so that a long run can be watched."""
    print(text, flush=True)  # noqa: T201 - this program is there to print its table


def main() -> int:
    """Run, print a line for each seed as it ends, and return 0 when everything passed."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seeds", type=int, default=10, help="how many seeds (default 10)")
    parser.add_argument("--first", type=int, default=1, help="the first of them (default 1)")
    parser.add_argument("--logs", type=Path, default=ROOT / ".cache" / "chaos", help="folder for logs")
    parser.add_argument("what", nargs="*", help="arguments of pytest instead of the short suites")
    given, further = parser.parse_known_args()
    given.logs.mkdir(parents=True, exist_ok=True)
    say(f"logs in {given.logs}\n{'seed':>6} {'passed':>7} {'failed':>7} {'seconds':>8}")
    outcomes = []
    for seed in range(given.first, given.first + given.seeds):
        found = run(seed, given.logs, [*given.what, *further] or list(SHORT_SUITES))
        outcomes.append(found)
        counts = f"{found.seed:>6} {found.passed:>7} {len(found.failed):>7} {found.seconds:>8.0f}"
        say(" ".join([counts, *found.failed]))
    good = sum(not found.failed for found in outcomes)
    say(f"{good} of {len(outcomes)} seeds passed")
    return 0 if good == len(outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
