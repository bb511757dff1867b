"""Worker processes, and what is done to them."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.chaos.freezing import FOLDER

ROOT = Path(__file__).parents[3]


class Slot:
    """A place for one worker: one process at a time, and a log over all of them."""

    def __init__(self, name: str, options: dict[str, Any], folder: Path, wishes: Path) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self.exits: list[int] = []
        self._options = options
        self._wishes = wishes
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.chaos.engine.worker", json.dumps(self._options)],
                stdout=log,
                stderr=log,
                cwd=ROOT,
                env={**os.environ, "PYTHONUNBUFFERED": "1", FOLDER: str(self._wishes)},
            )

    @property
    def alive(self) -> bool:
        """Whether the process lives (a stopped one does)."""
        return self._process is not None and self._process.poll() is None

    def reap(self) -> bool:
        """Return whether the process has ended since it was started; note its exit code."""
        if self._process is None or self._process.poll() is None:
            return False
        self.exits.append(self._process.returncode)
        self._process = None
        return True

    def send(self, number: signal.Signals) -> None:
        """Send a signal, where there is a process."""
        if self.alive and self._process is not None:
            self._process.send_signal(number)

    def end(self, number: signal.Signals = signal.SIGKILL, within: float = 30.0) -> None:
        """Send a signal and wait for the end."""
        self.send(number)
        if self._process is not None:
            self._process.wait(within)
            self.reap()

    @property
    def frozen(self) -> bool:
        """Whether the process is stopped (SIGSTOP)."""
        if not self.alive or self._process is None:
            return False
        state = Path(f"/proc/{self._process.pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        return state == "T"

    def times_ready(self) -> int:
        """How often a worker in this slot became ready."""
        return self.log.read_text().count(" ready with ") if self.log.exists() else 0

    def ready_again(self) -> Callable[[], bool]:
        """Return a condition: the worker has become ready once more than now."""
        before = self.times_ready()
        return lambda: self.times_ready() > before
