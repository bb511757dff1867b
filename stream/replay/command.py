"""The verb ``replay``: its arguments, its exit code, and what is said when it cannot go on."""

import os
import sys
from collections.abc import Callable

from rich.console import Console

from stream.replay.answers import WHAT, What, answer
from stream.replay.crew import LostError
from stream.replay.files import InputError, check
from stream.replay.progress import progress
from stream.replay.run import replay as run
from stream.settings import Settings

NARROWEST = 80

LITTLE = 8 * 1024 * 1024
"""Bytes of files that one core counts sooner than others could be of help."""


def replay(
    settings: Settings,
    files: list[str],
    *,
    as_json: bool = False,
    what: str = "rates",
    as_arrived: bool = False,
    cores: int | None = None,
    leave: Callable[[int], object] = lambda _: None,
) -> int:
    """Count the events of files, print the result, and return the exit code.

    Args:
        settings: What is measured.
        files: Paths; ``-`` is standard input.
        as_json: Whether to print an object a line instead of a text for people.
        what: ``rates``, ``sessions``, ``facts``, ``times`` or ``pages``.
        as_arrived: Whether to keep the order of the files, in which events may be late.
        cores: How many processes share the work; ``None``: as many as this one may use cores, unless there is
            little to do. It changes nothing else.
        leave: Called with the exit code when all is well and printed, before memory is given back: that takes
            as long as a tenth of the counting, and a process that ends there need not do it.

    Returns:
        0 good, 1 a file is broken, it was interrupted, or a process was lost, 2 wrong usage: a file that is
        missing, say.
    """
    screen = Console(stderr=True, highlight=False, markup=False)
    if what not in WHAT:
        _say(screen, f"--what: found {what!r}; wanted: {', '.join(WHAT[:-1])} or {WHAT[-1]}")
        return 2
    chosen: What = next(one for one in WHAT if one == what)
    table = Console(highlight=False, markup=False)
    if not table.is_terminal:
        table.width = NARROWEST
    definition, out = settings.definition(), sys.stdout.buffer
    try:
        size = check(files)
        alone = not (as_json and sys.stdout.isatty())  # rates are printed as they become final
        with progress(screen, size, alone=alone) as steps:
            told = answer(chosen, definition, out, screen, table, as_json=as_json)
            cores = useful(size) if cores is None else cores if hasattr(os, "fork") else 1
            counted = run(definition, files, told, as_arrived=as_arrived, steps=steps, cores=cores)
        sys.stdout.flush()
        leave(0)
        del counted
    except InputError as error:
        _say(screen, str(error))
        return error.code
    except LostError as error:
        _say(screen, f"could not go on: {error}")
        return 1
    except BrokenPipeError:
        _forget_reader()
    except OSError as error:
        _say(screen, f"could not go on: {error}")
        return 1
    except KeyboardInterrupt:
        _say(screen, "interrupted: what was printed is not all")
        return 1
    return 0


def useful(size: int | None) -> int:
    """Return how many processes are of use for so many bytes of files; ``None``: nobody knows how many."""
    if not hasattr(os, "sched_getaffinity") or (size is not None and size < LITTLE):
        return 1
    return len(os.sched_getaffinity(0))


def _say(screen: Console, sentence: str) -> None:
    screen.print(sentence, soft_wrap=True)


def _forget_reader() -> None:
    """Send what is still in the buffer nowhere, or Python would fail on it when it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
