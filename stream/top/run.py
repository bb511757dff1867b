"""The verb ``top``: a live view on a terminal, one plain table elsewhere, or JSON."""

import asyncio
import os
import sys
import time

from rich.console import Console

from stream.board.terminal import draws
from stream.configuration import ConfigurationError
from stream.settings import Settings
from stream.sinks.redis_link import RedisUrlError
from stream.top.board import Board, Observer
from stream.top.facts import line
from stream.top.live import LiveView
from stream.top.reading import Reader, UnreadableError
from stream.top.subject import Choice, Subject, UsageError, subject_of
from stream.top.view import View

EVERY_S = 1.0
"""An object is printed so often; and the speed of one table is measured over so long."""


def top(
    settings: Settings, window: str | None, segment: str, *, once: bool = False, as_json: bool = False
) -> int:
    """Show the rates that Redis has; return the exit code (0 good, 1 Redis cannot be read, 2 wrong usage).

    Only a single table or object ends with 1 when Redis is away: what is live waits for it.

    Args:
        settings: Says which Redis, and what is measured.
        window: The window to show, such as ``5m``; ``None``: that one, or the nearest to it.
        segment: ``all`` or ``dimension=value``.
        once: Print one table or object, and end; as without a terminal.
        as_json: Print one JSON object a second.

    Raises:
        ConfigurationError: The address of Redis is none.
    """
    failures = Console(stderr=True, highlight=False, soft_wrap=True)
    subject = subject_of(settings)
    try:
        choice = subject.choose(window, segment)
        where = Reader(settings.redis.url, subject).where  # connects only when it reads
    except UsageError as error:
        failures.print(str(error), markup=False)
        return 2
    except RedisUrlError as error:
        raise ConfigurationError(f"redis.url: {str(error).removeprefix('Redis URL: ')}") from None
    try:
        return asyncio.run(_run(settings, subject, choice, once=once, as_json=as_json))
    except (KeyboardInterrupt, asyncio.CancelledError):
        return 0
    except BrokenPipeError:  # whoever read it has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nothing more to flush at the end
        return 0
    except UnreadableError as error:
        failures.print(f"Redis at {where} cannot be read: {error}", markup=False)
        return 1


async def _run(settings: Settings, subject: Subject, choice: Choice, *, once: bool, as_json: bool) -> int:
    reader = Reader(settings.redis.url, subject)
    console = Console(highlight=False)
    try:
        if as_json and not once:
            await _objects(reader, subject, choice)
        elif once or not draws(console):
            board = await _one(reader, subject, choice)
            if as_json:
                _print(line(board, _now_ms()))
            else:
                console.print(View(board, live=False))
        else:
            await LiveView(reader, subject, choice, console).run()
    finally:
        await reader.close()
    return 0


async def _one(reader: Reader, subject: Subject, choice: Choice) -> Board:
    """Return one board; of two readings, where there is something to tell the speed of."""
    observer = Observer(subject, reader.where)
    reading = await reader.read(choice)
    if reading.status is not None:
        observer.observe(reading, choice, time.monotonic())
        await asyncio.sleep(EVERY_S)
        reading = await reader.read(choice)
    return observer.observe(reading, choice, time.monotonic())


async def _objects(reader: Reader, subject: Subject, choice: Choice) -> None:
    """Print an object each second, for ever."""
    observer = Observer(subject, reader.where)
    while True:
        began = time.monotonic()
        reading, away = None, ""
        try:
            reading = await reader.read(choice)
        except UnreadableError as error:
            away = str(error)
        _print(line(observer.observe(reading, choice, time.monotonic(), away), _now_ms()))
        await asyncio.sleep(max(0.0, EVERY_S - (time.monotonic() - began)))


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
