"""When records are sent on: at once, at a steady rate, or each when its time has come."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable

from stream.simulate.disorder import Arrival

_TICK = 0.01  # seconds: waiting for less would make more batches than it saves time


async def due(
    arrivals: Iterable[Arrival], *, rate: float | None = None, live: bool = False, most: int = 1000
) -> AsyncIterator[list[Arrival]]:
    """Return records in groups, each group as soon as all in it are due.

    Args:
        arrivals: The records; in a live stream that begins in the past, its beginning is due at once.
        rate: So many are due per second; ``None``: all at once.
        live: Each is due when the clock shows its ``at_ms``.
        most: A group has at most so many.

    Raises:
        ValueError: The rate is not more than 0, or it is wanted of a live stream, which has its own.
    """
    waits = _waits(rate, live)
    group: list[Arrival] = []
    for number, arrival in enumerate(arrivals):
        if (wait := waits(number, arrival)) > 0:
            if group:
                yield group
                group = []
            await asyncio.sleep(max(wait, _TICK))
        group.append(arrival)
        if len(group) >= most:
            yield group
            group = []
            await asyncio.sleep(0)  # a consumer that never waits must not keep others from running
    if group:
        yield group


def _waits(rate: float | None, live: bool) -> Callable[[int, Arrival], float]:
    """Return a function that tells in how many seconds a record, the how-manyth it is, will be due."""
    if live:
        if rate is not None:
            raise ValueError("a live stream has a rate of its own")
        return lambda _, arrival: arrival.at_ms / 1000 - time.time()
    if rate is None:
        return lambda _number, _arrival: 0.0
    if rate <= 0:
        raise ValueError(f"the rate is more than 0 a second, not {rate}")
    began = time.monotonic()
    return lambda number, _: began + number / rate - time.monotonic()
