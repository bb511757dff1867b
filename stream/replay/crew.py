"""The processes that a replay is shared by: made as copies of this one, heard and spoken to by pipes.

None outlives this one, however it ends: each has a thread that waits for the end of a pipe that this one
holds open. None dies unnoticed: its own pipe ends, and a signal wakes this one.
"""

import contextlib
import os
import select
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterable
from itertools import pairwise
from types import FrameType, TracebackType
from typing import Final, Self

from stream.replay.line import Desk, Line
from stream.replay.messages import Asked, Failed, Told, decode_told

PATIENCE: Final = 0.5
"""Seconds after which a wait is begun anew: a signal noted just before it is acted on then."""


class LostError(Exception):
    """A process has ended that should not have."""


class Crew:
    """So many processes that do one work, each by its number."""

    def __init__(self, count: int, work: Callable[[Desk], None], files: Iterable[int] = ()) -> None:
        """Make them.

        Args:
            count: How many.
            work: What each does, until it is asked nothing more.
            files: Descriptors that they need; they get no others of this process but the first three.
        """
        self._pids: list[int] = []
        self._lines: list[Line] = []
        self._life, self._held = os.pipe()
        self._files = tuple(files)
        self._leaving = False
        self._gone: set[int] = set()
        self._before = None
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGCHLD, self._on_death)
        sys.stdout.flush()
        sys.stderr.flush()
        try:
            for number in range(count):
                self._make(number, work)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __len__(self) -> int:
        return len(self._lines)

    @property
    def pids(self) -> list[int]:
        """The ids of the processes."""
        return self._pids

    def ask(self, number: int, message: Asked) -> None:
        """Ask a process for something.

        Raises:
            LostError: It has ended.
        """
        try:
            self._lines[number].send(message)
        except EOFError:
            raise self._lost(number) from None

    def hear(self, numbers: list[int]) -> tuple[int, Told]:
        """Return what one of some processes tells, whichever is first.

        Raises:
            LostError: One of them has ended.
            OSError: One could not go on.
        """
        incoming = {self._lines[number].incoming: number for number in numbers}
        ready: list[int] = []
        while not ready:
            ready = select.select(list(incoming), [], [], PATIENCE)[0]
        number = incoming[ready[0]]
        try:
            told: Told = decode_told(self._lines[number].receive())
        except EOFError:
            raise self._lost(number) from None
        if isinstance(told, Failed):
            raise OSError(told.what)
        return number, told

    def close(self) -> None:
        """End all processes at once."""
        if self._leaving:
            return
        self._leaving = True
        pids = [pid for pid in self._pids if pid not in self._gone]
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for line in self._lines:
            line.close()
        os.close(self._life)
        os.close(self._held)
        for pid in pids:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)
        if self._before is not None:
            signal.signal(signal.SIGCHLD, self._before)

    def _make(self, number: int, work: Callable[[Desk], None]) -> None:
        asked, asking = os.pipe()
        told, telling = os.pipe()
        masked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
        try:
            pid = os.fork()
            if not pid:
                self._be(number, work, Line(asked, telling))
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, masked)
        os.close(asked)
        os.close(telling)
        self._pids.append(pid)
        self._lines.append(Line(told, asking))

    def _be(self, number: int, work: Callable[[Desk], None], line: Line) -> None:
        """Be one of the processes, to its end."""
        code = 1
        try:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to all: the first tells, and ends them
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.set_wakeup_fd(-1)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGTERM})
            _keep(0, 1, 2, line.incoming, line.outgoing, self._life, *self._files)
            threading.Thread(target=_end_with, args=(self._life,), daemon=True).start()
            try:
                work(Desk(number, line))
            except OSError as error:
                line.send(Failed(str(error)))
                while True:  # until that was heard
                    line.receive()
            code = 0
        except EOFError:
            pass  # nobody is there to tell
        except BaseException:
            os.write(2, traceback.format_exc().encode())  # `sys.stderr` may be a progress bar's
        finally:
            os._exit(code)

    def _lost(self, number: int) -> LostError:
        status = os.waitpid(self._pids[number], 0)[1]  # if the signal comes first, that tells
        return self._loss(self._pids[number], status)

    def _loss(self, pid: int, status: int) -> LostError:
        """Return what is to be said of a process that ended and should not have."""
        self._gone.add(pid)
        if os.WIFSIGNALED(status):
            name = signal.Signals(os.WTERMSIG(status)).name
            hint = "; perhaps memory ran out: --cores 1 needs least" if name == "SIGKILL" else ""
            return LostError(f"one of its processes was ended by {name}{hint}")
        return LostError(f"one of its processes ended with code {os.waitstatus_to_exitcode(status)}")

    def _on_death(self, _number: int, _frame: FrameType | None) -> None:
        if self._leaving:
            return
        for pid in self._pids:
            gone, status = 0, 0
            with contextlib.suppress(ChildProcessError):  # it is being told of already
                gone, status = os.waitpid(pid, os.WNOHANG) if pid not in self._gone else (0, 0)
            if gone:
                raise self._loss(pid, status)


def _keep(*files: int) -> None:
    """Close all files but these: an end of a pipe that is held open is one that never ends."""
    kept = sorted(files)
    for before, after in pairwise(kept):
        os.closerange(before + 1, after)
    os.closerange(kept[-1] + 1, max(os.sysconf("SC_OPEN_MAX"), kept[-1] + 1))


def _end_with(life: int) -> None:
    """Wait until the process that made this one has ended; then end."""
    os.read(life, 1)
    os._exit(1)
