"""The demo as a process of its own, as users run it: its output, its children, what it leaves behind."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[2]


class DemoProcess:
    """A running ``microconv demo``; leaving it as a context manager kills what is left of it.

    Args:
        folder: An empty folder for its output and, inside, for its temporary files.
        arguments: Of the command.
        popen: Further arguments of `subprocess.Popen`, such as a terminal in place of the files.
    """

    def __init__(self, folder: Path, *arguments: str, **popen: Any) -> None:
        self._out, self._err, self.temporary = folder / "out", folder / "err", folder / "tmp"
        self.temporary.mkdir()
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "stream", "demo", *arguments],
                cwd=REPOSITORY,
                env={**os.environ, "TMPDIR": str(self.temporary), "TERM": "xterm-256color"},
                **{"stdin": subprocess.DEVNULL, "stdout": out, "stderr": err, **popen},
            )
        self.pid = self._process.pid

    def __enter__(self) -> "DemoProcess":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()  # its children die with it
        self._process.wait()

    @property
    def out(self) -> str:
        """What it has written to standard output so far."""
        return self._out.read_text()

    @property
    def err(self) -> str:
        """What it has written to standard error so far."""
        return self._err.read_text()

    def wait_until(self, condition: Callable[[], bool], within: float = 60.0) -> None:
        """Wait for something to come true while it runs."""
        deadline = time.monotonic() + within
        while not condition():
            assert self._process.poll() is None, f"it ended: {self.err}"
            assert time.monotonic() < deadline, f"not within {within} s: {self.err}"
            time.sleep(0.05)

    def ended(self, within: float = 60.0) -> int:
        """Wait for its end and return the exit code."""
        return self._process.wait(within)

    def children(self) -> dict[int, str]:
        """Return command lines of its children by process id."""
        found: dict[int, str] = {}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                parent = int(stat.read_text().rpartition(")")[2].split()[1])
                if parent == self.pid:
                    command = (stat.parent / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                    found[int(stat.parent.name)] = command
            except (FileNotFoundError, ProcessLookupError):  # it ended meanwhile
                continue
        return found


def alive(pid: int) -> bool:
    """Tell whether a process runs (a zombie does not)."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
