"""A server program run as a child process that does not outlive its parent, and a free port for it."""

import atexit
import concurrent.futures
import contextlib
import ctypes
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

PORTS = range(15_000, 32_768)
"""Where free ports are looked for: from 32768 on, Linux hands them to outgoing connections."""

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None

# Linux kills a child when the *thread* that made it ends, so one thread that lives as long as the process
# makes them all; then `start` may be called from any thread.
_launcher = concurrent.futures.ThreadPoolExecutor(max_workers=1, thread_name_prefix="child-launcher")

_handed_out: set[int] = set()


class StartError(RuntimeError):
    """A server program ended, or did not become ready, while it was being started."""


def free_port() -> int:
    """Return a TCP port on 127.0.0.1 that is free now and was not handed out before by this process.

    Raises:
        StartError: If no free port was found.
    """
    for port in random.sample(PORTS, k=200):
        if port in _handed_out:
            continue
        if is_free(port):
            _handed_out.add(port)
            return port
    raise StartError(f"no free port between {PORTS.start} and {PORTS.stop - 1}")


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Tell whether a server can listen on ``host:port``."""
    with socket.socket() as probe:
        # As servers do: what is left of closed connections is no hindrance.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def accepts_connections(port: int, host: str = "127.0.0.1") -> bool:
    """Tell whether something listens on ``host:port``."""
    with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=1):
        return True
    return False


class ChildProcess:
    """One program, its output in a log file; it dies with this process, also when that is killed with -9.

    (Where the system is not Linux: at this process' normal end only.) It gets a session of its own, so that
    Ctrl-C in a terminal reaches the parent alone, which then stops it when it no longer needs it.
    """

    def __init__(
        self, name: str, command: Sequence[str], *, log: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        self.name = name
        self._command = list(command)
        self._log = log
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process id of the running program (to freeze it, say)."""
        if self._process is None or not self.running:
            raise RuntimeError(f"{self.name} is not running")
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the program was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def start(self, ready: Callable[[], bool], within: float) -> None:
        """Start the program and return once ``ready()`` is true.

        Args:
            ready: Asked again and again, 20 times a second.
            within: Seconds to wait for it.

        Raises:
            StartError: If the program ends or is not ready in time; tells the last lines of its log.
        """
        if self.running:
            raise RuntimeError(f"{self.name} is running already")
        self._process = process = _launcher.submit(self._launch).result()
        atexit.register(self.kill)
        deadline = time.monotonic() + within
        while not ready():
            status = process.poll()
            if status is not None:
                self._forget()
                raise StartError(f"{self.name} ended with status {status}; its log ends:\n{self.log_tail()}")
            if time.monotonic() > deadline:
                self.kill()
                raise StartError(f"{self.name} not ready in {within:g} s; its log ends:\n{self.log_tail()}")
            time.sleep(0.05)

    def stop(self, grace: float = 10.0) -> None:
        """Ask the program to end, if it runs; kill it when it has not after ``grace`` seconds."""
        if self._process is not None and self.running:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(grace)
        self.kill()

    def kill(self) -> None:
        """End the program at once (SIGKILL). No-op when it is not running."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._forget()

    def log_tail(self, lines: int = 30) -> str:
        """Return the last lines that the program printed."""
        if not self._log.exists():
            return "(nothing)"
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-lines:]) or "(nothing)"

    def _forget(self) -> None:
        self._process = None
        atexit.unregister(self.kill)

    def _launch(self) -> subprocess.Popen[bytes]:
        parent = os.getpid()

        def die_with_parent() -> None:
            if _libc is not None:
                _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
                if os.getppid() != parent:  # it died before the line above
                    os._exit(1)

        with self._log.open("ab") as log:
            return subprocess.Popen(
                self._command,
                env=self._environment,
                cwd=self._log.parent,  # so that no file of the caller's folder is taken for configuration
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=die_with_parent,  # calls one C function, so threads cannot make it hang
            )
