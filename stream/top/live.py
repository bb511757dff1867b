"""The live view: drawn again when new rates are published, else every second, until somebody ends it."""

import asyncio
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import aclosing, contextmanager, suppress
from dataclasses import replace

from redis import RedisError
from rich.console import Console
from rich.live import Live

from stream.board.terminal import logs_wait
from stream.top.board import Observer, next_segment
from stream.top.keys import keys_pressed
from stream.top.reading import Reader, Reading, UnreadableError
from stream.top.subject import Choice, Subject
from stream.top.view import View

LOOK_EVERY_S = 1.0
"""Redis is read so often when nothing is published."""

PAUSE_S = 0.25
"""And no sooner after the last time, however much is."""


class LiveView:
    """One look at one Redis; `run` shows it.

    Args:
        reader: Reads from Redis.
        subject: What there is to show.
        choice: What is shown first.
        console: Where.
    """

    def __init__(self, reader: Reader, subject: Subject, choice: Choice, console: Console) -> None:
        self._reader, self._subject, self._choice, self._console = reader, subject, choice, console
        self._observer = Observer(subject, reader.where)
        self._last: Reading | None = None
        self._ended = asyncio.Event()
        self._pressed = asyncio.Event()  # somebody waits for an answer
        self._news = asyncio.Event()  # that, or new rates

    async def run(self) -> None:
        """Show it until q, Ctrl-C or another signal to end."""
        with (
            _signals(self._ended.set, self._draw_now),
            keys_pressed(self._key) as keys,
            logs_wait(),
            Live(console=self._console, screen=True, auto_refresh=False) as live,
        ):
            tasks = [asyncio.create_task(self._draw(live, keys)), asyncio.create_task(self._follow())]
            ended = asyncio.create_task(self._ended.wait())
            try:
                done, _ = await asyncio.wait([ended, *tasks], return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in (ended, *tasks):
                    task.cancel()
                await asyncio.gather(ended, *tasks, return_exceptions=True)
        for task in done:
            task.result()

    async def _draw(self, live: Live, keys: bool) -> None:
        while True:
            self._news.clear()
            self._pressed.clear()
            away, reading, choice = "", None, self._choice
            try:
                self._last = reading = await self._reader.read(choice)
            except UnreadableError as error:
                away = str(error)
            board = self._observer.observe(reading, choice, time.monotonic(), away)
            live.update(View(board, keys=keys), refresh=True)
            if not await _within(PAUSE_S, self._pressed):
                await _within(LOOK_EVERY_S - PAUSE_S, self._news)

    async def _follow(self) -> None:
        """Take note of publications, for as long as Redis is there, and again when it is back."""
        while True:
            with suppress(RedisError, OSError):
                async with aclosing(self._reader.ticks()) as ticks:
                    async for _ in ticks:
                        self._news.set()
            await asyncio.sleep(LOOK_EVERY_S)

    def _key(self, key: str) -> None:
        if key in "qQ":
            self._ended.set()
        elif key in "wW":
            self._choice = self._subject.next_window(self._choice)
        elif key in "sS":
            step = 1 if key == "s" else -1
            self._choice = replace(self._choice, segment=next_segment(self._choice, self._last, step))
        self._draw_now()

    def _draw_now(self) -> None:
        self._pressed.set()
        self._news.set()


async def _within(seconds: float, event: asyncio.Event) -> bool:
    """Wait for an event, but no longer than so many seconds; return whether it came."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
    return event.is_set()


@contextmanager
def _signals(ended: Callable[[], None], resized: Callable[[], None]) -> Iterator[None]:
    """Let signals end it in order, and a new size of the terminal be drawn at once."""
    loop = asyncio.get_running_loop()
    names = {"SIGINT": ended, "SIGTERM": ended, "SIGHUP": ended, "SIGWINCH": resized, "SIGCONT": resized}
    taken: list[int] = []
    for name, handler in names.items():
        with suppress(AttributeError, NotImplementedError):  # not every system has them
            number = getattr(signal, name)
            loop.add_signal_handler(number, handler)
            taken.append(number)
    try:
        yield
    finally:
        for number in taken:
            loop.remove_signal_handler(number)
