"""Where boards are shown: a live screen where a person looks, else a line every few seconds."""

import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Protocol

from rich.console import Console
from rich.live import Live

from stream.board.terminal import draws, logs_wait
from stream.demo.board import Board
from stream.demo.view import View, plain_line
from stream.logs import set_up

LINE_EVERY_S = 5.0


class Screen(Protocol):
    """Shows boards."""

    def show(self, board: Board) -> None:
        """Show a board in the place of the one before."""


class Lines:
    """Prints the essence of a board every few seconds."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._next_s = 1.0

    def show(self, board: Board) -> None:
        """Print a line, if it is time."""
        if board.elapsed_s >= self._next_s:
            self._next_s = max(LINE_EVERY_S, self._next_s + LINE_EVERY_S)
            self._console.print(plain_line(board), highlight=False, soft_wrap=True)


class FullScreen:
    """Draws boards on the whole terminal."""

    def __init__(self, live: Live) -> None:
        self._live = live

    def show(self, board: Board) -> None:
        """Draw it."""
        self._live.update(View(board), refresh=True)


@contextmanager
def screen_on(console: Console) -> Iterator[Screen]:
    """Return the screen for a console. While one is drawn, what is logged waits until it is gone."""
    if not draws(console):
        yield Lines(console)
        return
    with logs_wait(), Live(console=console, screen=True, auto_refresh=False) as live:
        yield FullScreen(live)


def waiting(console: Console, what: str) -> AbstractContextManager[object]:
    """Say what is being waited for, as long as it is."""
    if draws(console):
        return console.status(what)
    console.print(what, highlight=False, soft_wrap=True)
    return nullcontext()


def set_up_logs() -> None:
    """Log warnings of this process, which is not the worker, to standard error."""
    set_up(logging.WARNING)
    logging.getLogger("aiokafka").setLevel(
        logging.CRITICAL
    )  # what a missing broker means, the demo says itself
