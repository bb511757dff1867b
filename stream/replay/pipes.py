"""Reading from a pipe that may stay silent for ever, so that Ctrl-C ends it whenever it is pressed.

Python notes a signal and acts on it between two of its own steps. One that comes after the last of them and
before the system call is noted while the call goes on to wait, for data that may never come (2 of 1,000 at a
pipe that had just run empty). So the wait is for two things: data, and the note.
"""

import os
import select
import signal
import stat
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO


@contextmanager
def reading(file: BinaryIO) -> Iterator[Callable[[int], bytes]]:
    """Give a function that reads up to so many bytes of an unbuffered file, none at its end.

    Where data may have to be waited for, a signal ends the wait.
    """
    if not _may_wait(file):
        yield lambda size: file.read(size) or b""
        return
    data = file.fileno()
    note, noted = os.pipe()
    os.set_blocking(noted, False)
    before = signal.set_wakeup_fd(noted, warn_on_full_buffer=False)

    def read(size: int) -> bytes:
        while data not in select.select([data, note], [], [])[0]:
            os.read(note, 512)  # Python acts on the signal before it goes on
        return file.read(size) or b""

    try:
        yield read
    finally:
        signal.set_wakeup_fd(before)
        os.close(note)
        os.close(noted)


def _may_wait(file: BinaryIO) -> bool:
    if sys.platform == "win32" or threading.current_thread() is not threading.main_thread():
        return False  # there select takes no pipes; and signals are noted for the main thread
    return not stat.S_ISREG(os.fstat(file.fileno()).st_mode)
