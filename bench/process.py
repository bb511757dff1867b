"""A contestant as a process on one core: started, timed by what the system says it used, ended."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

CORE = 1
"""The core that contestants share with nobody of ours; the broker keeps to the other."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What so many events took: CPU seconds of the process, and seconds of the clock."""

    name: str
    events: int
    cpu_s: float
    wall_s: float

    @property
    def cpu_per_million(self) -> float:
        """CPU seconds per million events."""
        return self.cpu_s / self.events * 1e6

    @property
    def events_per_core(self) -> float:
        """Events per second of CPU: what one core can do."""
        return self.events / self.cpu_s


def start(
    arguments: list[str],
    environment: dict[str, str] | None = None,
    log: Path | None = None,
    pinned: bool = True,
) -> "Process":
    """Start ``python ARGUMENTS``, pinned to one core or not."""
    pin = ["taskset", "-c", str(CORE)] if pinned else []
    return Process(
        subprocess.Popen(
            [*pin, sys.executable, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL if log is None else log.open("wb"),
            env={**os.environ, **(environment or {})},
            text=True,
        )
    )


class Process:
    """A running contestant."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def wait_for(self, line: str) -> None:
        """Wait until it prints a line.

        Raises:
            RuntimeError: It ended before.
        """
        assert self._process.stdout is not None
        for found in self._process.stdout:
            if found.strip().endswith(line):  # Faust writes control characters before it
                return
        raise RuntimeError(f"{self._process.args}: ended before it said {line!r}")

    def line(self) -> str:
        """Return the next line that it prints; empty if it ended."""
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def go(self) -> None:
        """Let it begin."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def cpu_s(self) -> float:
        """Return the CPU seconds that it has used, user and system."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def end(self) -> None:
        """Kill it: nothing that follows is measured."""
        self._process.kill()
        self._process.wait()


class Watch:
    """Times a process from here until :meth:`stop`."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._cpu = process.cpu_s()
        self._wall = time.monotonic()

    def stop(self, name: str, events: int) -> Cost:
        """Return what was used since."""
        return Cost(name, events, self._process.cpu_s() - self._cpu, time.monotonic() - self._wall)
