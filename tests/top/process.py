"""``microconv top`` as a process of its own, as users run it: to a pipe, or on a terminal."""

import os
import re
import subprocess
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

from stream.configuration import ENV_PREFIX
from tests.parts.terminal import take_terminal, terminal

REPOSITORY = Path(__file__).parents[2]
_CODES = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]")
_HOME = b"\x1b[H"


def command(*arguments: str) -> list[str]:
    """Return the command line of ``top`` with the preset that the tests' shop has."""
    return [sys.executable, "-m", "stream", "top", "--preset", "ecommerce", *arguments]


def environment(url: str) -> Mapping[str, str]:
    """Return ours, with the address of Redis, and a terminal that can draw."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ENV_PREFIX)}
    for fixed in ("COLUMNS", "LINES"):  # readline sets them where a test imported it: the size would stay
        kept.pop(fixed, None)
    return {**kept, f"{ENV_PREFIX}REDIS__URL": url, "TERM": "xterm-256color", "PYTHONIOENCODING": "utf-8"}


def piped(url: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run it to its end, its output into pipes."""
    return subprocess.run(
        command(*arguments), cwd=REPOSITORY, env=environment(url), capture_output=True, text=True, timeout=60
    )


class OnTerminal:
    """One that runs on a terminal of its own.

    Attributes:
        process: The process.
        written: All that it wrote.
        ends: Ours and its own end of the terminal.
    """

    def __init__(self, process: "subprocess.Popen[bytes]", written: bytearray, ends: tuple[int, int]) -> None:
        self.process, self.written, self.ends = process, written, ends

    def screen(self) -> list[str]:
        """Return the lines of the last whole drawing; none before the first."""
        drawings = bytes(self.written).split(_HOME)
        if len(drawings) < 3:
            return []
        return _CODES.sub(b"", drawings[-2]).decode().splitlines()

    def shows(self, *texts: str) -> bool:
        """Tell whether the last whole drawing has all these texts."""
        assert self.process.poll() is None, f"it ended: {self.written!r}"
        text = "\n".join(self.screen())
        return all(wanted in text for wanted in texts)

    def press(self, keys: bytes) -> None:
        """Type."""
        os.write(self.ends[0], keys)


@contextmanager
def on_terminal(url: str, *arguments: str, columns: int = 80, lines: int = 24) -> Generator[OnTerminal]:
    """Run it on a terminal of that size; what is left of it in the end is killed."""
    with (
        terminal(columns, lines) as (ours, theirs, written),
        subprocess.Popen(
            command(*arguments),
            cwd=REPOSITORY,
            env=environment(url),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            preexec_fn=take_terminal,
        ) as process,
    ):
        try:
            yield OnTerminal(process, written, (ours, theirs))
        finally:
            process.kill()
