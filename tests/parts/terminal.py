"""A terminal of a test's own: its size, what is typed, what a program writes to it."""

import fcntl
import os
import pty
import struct
import termios
import threading
from collections.abc import Generator
from contextlib import contextmanager


def take_terminal() -> None:
    """Make standard input the terminal whose Ctrl-C reaches this process."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@contextmanager
def terminal(columns: int, lines: int) -> Generator[tuple[int, int, bytearray]]:
    """Return both ends of a terminal of that size, and what was written to it so far."""
    ours, theirs = pty.openpty()
    resize(theirs, columns, lines)
    written = bytearray()

    def read() -> None:
        while True:
            try:
                written.extend(os.read(ours, 65_536))
            except OSError:  # nobody has the other end any more
                return

    reading = threading.Thread(target=read)
    reading.start()
    try:
        yield ours, theirs, written
    finally:
        os.close(theirs)
        reading.join(10)
        os.close(ours)


def resize(end: int, columns: int, lines: int) -> None:
    """Give a terminal another size; what runs on it is told by a signal."""
    fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
