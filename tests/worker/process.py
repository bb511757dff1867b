"""A worker process as operators have it: started by its command, watched from outside, killed."""

import asyncio
import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from prometheus_client.parser import text_string_to_metric_families

from stream.embedded.process import free_port
from tests.waiting import until

ROOT = Path(__file__).parents[2]

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


class Answer(NamedTuple):
    """What a page answered."""

    status: int
    body: str


class Sample(NamedTuple):
    """One line of ``/metrics``."""

    name: str
    labels: Mapping[str, str]
    value: float


class WorkerProcess:
    """A place for one worker: one process at a time, and one log over all of them.

    Attributes:
        name: Of its log.
        log: What all processes printed.
        exits: How the processes ended, in order: exit codes, or negative numbers of signals.
        environment: Variables beyond our own.
        arguments: What follows ``python``.
    """

    def __init__(
        self, name: str, folder: Path, environment: Mapping[str, str], arguments: Sequence[str]
    ) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self.exits: list[int] = []
        self.port = free_port()
        self.environment = {"MICROCONV_WEB__PORT": str(self.port), **environment}
        self.arguments = list(arguments)
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process; it dies with ours, even when ours is killed (on Linux)."""
        path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, *self.arguments],
                env={**os.environ, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1", **self.environment},
                cwd=self._folder,  # so that no file of ours is taken for configuration
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=_die_with_parent,  # calls one C function, so threads cannot make it hang
            )

    @property
    def alive(self) -> bool:
        """Whether the process lives; a frozen one does."""
        return self._process is not None and self._process.poll() is None

    @property
    def frozen(self) -> bool:
        """Whether the process is stopped (SIGSTOP)."""
        if self._process is None or not self.alive:
            return False
        with contextlib.suppress(FileNotFoundError):
            return Path(f"/proc/{self._process.pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "T"
        return False

    def memory_mb(self) -> float:
        """Return how much memory the process has, MB (RSS)."""
        assert self._process is not None
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) / 1024

    def reap(self) -> bool:
        """Note the exit code of a process that has ended; return whether one has since it was started."""
        if self._process is None or self._process.poll() is None:
            return False
        self.exits.append(self._process.returncode)
        self._process = None
        return True

    def send(self, number: signal.Signals) -> None:
        """Send a signal, where there is a process."""
        if self._process is not None and self.alive:
            self._process.send_signal(number)

    async def end(self, number: signal.Signals = signal.SIGTERM, within: float = 20.0) -> int:
        """Send a signal and return the exit code.

        Raises:
            TimeoutError: It does not end.
        """
        self.send(number)
        return await self.ended(within)

    async def ended(self, within: float = 20.0) -> int:
        """Wait for the end and return the exit code.

        Raises:
            TimeoutError: It does not come.
        """
        if self._process is not None:
            await until(self.reap, f"{self.name} ends", within)
        return self.exits[-1]

    def discard(self) -> None:
        """Kill the process, where there is one."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self.reap()

    def text(self) -> str:
        """Return all that was printed."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def lines(self) -> list[dict[str, Any]]:
        """Return the lines of the log, which are JSON where a program reads them."""
        return [json.loads(line) for line in self.text().splitlines() if line.startswith("{")]

    def says(self, text: str) -> int:
        """Return how many lines of the log contain a text."""
        return sum(text in line for line in self.text().splitlines())

    async def page(self, path: str) -> Answer | None:
        """Return what a page answers; ``None`` when nobody does within two seconds."""
        return await asyncio.to_thread(_get, f"http://127.0.0.1:{self.port}{path}")

    async def ready(self) -> bool:
        """Whether ``/ready`` says so."""
        answer = await self.page("/ready")
        return answer is not None and answer.status == 200

    async def situation(self) -> str:
        """Return how its processes ended, what ``/ready`` says, the lag of each input, and the last lines."""
        answer = await self.page("/ready") if self.alive else None
        lags = {
            f"{sample.labels['topic']}/{sample.labels['partition']}": sample.value
            for sample in await self.samples()
            if sample.name == "microconv_lag_events"
        }
        told = "nobody answers" if answer is None else answer.body.strip()
        return "\n".join(
            [f"{self.name}, exits {self.exits}: {told}, lags {lags}", *self.text().splitlines()[-5:]]
        )

    async def samples(self) -> list[Sample]:
        """Return what ``/metrics`` shows; nothing when nobody answers."""
        answer = await self.page("/metrics")
        if answer is None or answer.status != 200:
            return []
        return [
            Sample(sample.name, sample.labels, sample.value)
            for family in text_string_to_metric_families(answer.body)
            for sample in family.samples
        ]


def _get(url: str) -> Answer | None:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return Answer(response.status, response.read().decode())
    except urllib.error.HTTPError as error:
        return Answer(error.code, error.read().decode())
    except OSError:  # refused, reset, or no answer in time
        return None


def _die_with_parent() -> None:
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
