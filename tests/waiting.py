"""Waiting for a condition, with a deadline that says what was waited for."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable


async def until(
    condition: Callable[[], object] | Callable[[], Awaitable[object]], what: str, within: float = 60.0
) -> None:
    """Return when the condition, plain or a coroutine function, holds.

    Raises:
        TimeoutError: It does not hold ``within`` so many seconds; says what was waited for.
    """
    deadline = time.monotonic() + within
    while True:
        answer = condition()
        if inspect.isawaitable(answer):
            answer = await answer
        if answer:
            return
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {within:.0f} s: {what}")
        await asyncio.sleep(0.05)
