"""Records as JSON lines to a stream of bytes, standard output say."""

import os
from collections.abc import Iterable
from typing import BinaryIO

from stream.simulate.disorder import Arrival
from stream.simulate.pacing import due
from stream.simulate.sink import Progress


async def to_lines(
    arrivals: Iterable[Arrival],
    out: BinaryIO,
    *,
    rate: float | None = None,
    live: bool = False,
    progress: Progress | None = None,
) -> int:
    """Write the value of each record as a line; return how many were written.

    With ``rate`` at most so many a second, ``live`` none before the clock shows its time of arrival.
    A reader that has seen enough (a broken pipe, as with ``| head``) ends it in good order.
    """
    written = 0
    async for group in due(arrivals, rate=rate, live=live):
        try:
            out.write(b"\n".join(arrival.value for arrival in group) + b"\n")
            out.flush()
        except BrokenPipeError:
            _forget_reader(out)
            break
        written += len(group)
        if progress is not None:
            progress(written, group[-1].at_ms)
    return written


def _forget_reader(out: BinaryIO) -> None:
    """Send what is still in the buffer nowhere, or Python would fail on it when it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, out.fileno())
    os.close(nowhere)
