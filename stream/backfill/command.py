"""The verb ``backfill``: past files become history, so that it exists on the first day."""

import asyncio
import json
import sys
from contextlib import closing

from aiokafka.errors import KafkaError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from stream.backfill.counted import PastWindows
from stream.backfill.place import NobodyCountsError, Place
from stream.backfill.sending import Windows, send
from stream.core.bucket import HOUR, MINUTE
from stream.replay.files import InputError, check
from stream.replay.progress import progress
from stream.replay.run import replay
from stream.settings import Settings
from stream.simulate.sink.connection import complaint
from stream.units import duration_text


def backfill(settings: Settings, files: list[str], *, as_json: bool = False) -> int:
    """Count files, hand their closed windows to the workers, and return the exit code.

    Args:
        settings: What is measured, and where the workers are.
        files: What to count, as for ``replay``.
        as_json: Whether to print an object instead of sentences: ``hours_sent``, ``minutes_sent``,
            ``hours_taken``, ``minutes_taken``, ``hours_too_old``.

    Returns:
        0 good; 1 nobody took anything, Kafka is away or a file is broken; 2 a file is missing, or the
        workers count by another configuration.

    Raises:
        ConfigurationError: A file for logging in cannot be read.
    """
    screen = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    definition = settings.definition()
    try:
        size, place = check(files), Place.of(settings)
        newest = asyncio.run(place.newest_delta())
        if newest.fingerprint != definition.fingerprint():
            screen.print(
                f"the workers of group {settings.kafka.group!r} count by another configuration than this;"
                " wanted: the same, or the rows would not be of one kind"
            )
            return 2
        with closing(PastWindows(definition, newest.watermark or 0, screen)) as past:
            with progress(screen, size, alone=False) as steps:
                replay(definition, files, past, steps=steps)
            taken = asyncio.run(_send(place, past, screen)) if any(past.starts.values()) else set()
            return tell(past, taken, screen, as_json=as_json)
    except InputError as error:
        screen.print(str(error))
        return error.code
    except NobodyCountsError:
        screen.print(
            f"nobody counts yet: no worker of group {settings.kafka.group!r} at {settings.kafka.brokers} has"
            " counted any event, so it is not known where the past ends. Start one, let events come, and run"
            " this again"
        )
        return 1
    except KafkaError as error:
        screen.print(complaint(settings.kafka.brokers, error))
        return 1
    except OSError as error:
        screen.print(f"could not go on: {error}")
        return 1
    except KeyboardInterrupt:
        screen.print("interrupted: what was sent stays; run it again for all, nothing counts twice")
        return 1


async def _send(place: Place, past: PastWindows, screen: Console) -> Windows:
    wanted = {(duration_text(width), start) for width, starts in past.starts.items() for start in starts}
    columns = (TextColumn("sending"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal) as bars:
        task = bars.add_task("", total=past.kept)
        return await send(place, past.records(), wanted, lambda: bars.advance(task))


def tell(past: PastWindows, taken: Windows, screen: Console, *, as_json: bool) -> int:
    """Tell what became of the windows; return the exit code."""
    sent = {name: len(past.starts[width]) for name, width in (("hours", HOUR), ("minutes", MINUTE))}
    got = {"hours": sum(size == "1h" for size, _ in taken), "minutes": sum(size == "1m" for size, _ in taken)}
    if as_json:
        told = {f"{name}_sent": count for name, count in sent.items()}
        told |= {f"{name}_taken": count for name, count in got.items()}
        sys.stdout.write(json.dumps({**told, "hours_too_old": past.too_old}) + "\n")
    if past.too_old:
        screen.print(f"{past.too_old:,} hours are older than a year: nobody keeps them")
    screen.print(f"sent {_many(sent['hours'], 'hour')} and {_many(sent['minutes'], 'minute')}")
    if sent["hours"] + sent["minutes"] == 0:
        return 1
    if not taken:
        screen.print(
            "no worker took any: either none runs (they wait for a day), or all of this is of a time that"
            " the workers have counted themselves, or counted by another configuration"
        )
        return 1
    took = f"the workers took {_many(got['hours'], 'hour')} and {_many(got['minutes'], 'minute')}"
    left = len(past.starts[HOUR]) + len(past.starts[MINUTE]) - len(taken)
    screen.print(f"{took}: the others are of a time that they have counted themselves" if left else took)
    return 0


def _many(count: int, unit: str) -> str:
    return f"{count:,} closed {unit}{'s' * (count != 1)}"
