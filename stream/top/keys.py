"""Keys pressed on a terminal, one at a time, without Enter; the terminal is as before afterwards."""

import asyncio
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

try:
    import termios
    import tty
except ImportError:  # not a POSIX system: no keys, only Ctrl-C
    termios = None  # type: ignore[assignment]  # the module that is missing


_SEQUENCE = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|O.|.)?", re.DOTALL)


@contextmanager
def keys_pressed(pressed: Callable[[str], None]) -> Iterator[bool]:
    """Tell of each key that is pressed, in the running event loop; yield whether keys can be read at all.

    Keys that send several characters (arrows, what terminals report by themselves) are none.
    """
    if termios is None or not sys.stdin.isatty():
        yield False
        return
    descriptor, loop = sys.stdin.fileno(), asyncio.get_running_loop()

    def read() -> None:
        try:
            found = os.read(descriptor, 1024)
        except OSError:
            found = b""
        if not found:  # the terminal is gone; the signal of that ends us
            loop.remove_reader(descriptor)
        for key in _SEQUENCE.sub(b"", found).decode(errors="ignore"):
            pressed(key)

    try:
        before = termios.tcgetattr(descriptor)
    except termios.error:
        yield False
        return
    try:
        tty.setcbreak(descriptor)
        loop.add_reader(descriptor, read)
        yield True
    finally:
        loop.remove_reader(descriptor)
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
