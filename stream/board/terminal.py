"""The terminal: whether a live screen can be drawn on it, and how logs keep off while one is."""

import logging
import logging.handlers
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console


def draws(console: Console) -> bool:
    """Tell whether a live screen can be drawn."""
    return console.is_terminal and not console.is_dumb_terminal


@contextmanager
def logs_wait() -> Iterator[None]:
    """Hold back what is logged until the screen is gone."""
    root = logging.getLogger()
    before = list(root.handlers)
    kept = logging.handlers.MemoryHandler(10_000, flushLevel=logging.CRITICAL + 1, flushOnClose=True)
    root.handlers[:] = [kept]
    try:
        yield
    finally:
        root.handlers[:] = before
        for handler in before:
            kept.setTarget(handler)
            break
        kept.close()
