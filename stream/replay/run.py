"""One replay: records are read, put in order, counted, and what they come to is handed to an answer."""

import gc
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from typing import TypeAlias

from stream.core.definition import Definition
from stream.replay.answers import Answer
from stream.replay.brief import Brief
from stream.replay.count import STEP, Count
from stream.replay.files import batches
from stream.replay.intake import Intake
from stream.replay.order import InTime
from stream.replay.progress import Steps
from stream.replay.shared import Shared
from stream.replay.sorter import Sorter
from stream.replay.totals import Counted

MEMORY = 256 * 1024 * 1024
"""Bytes of events that are held to be sorted; more go to a temporary file."""

_Batches: TypeAlias = Generator[list[Brief], None, None]


def replay(
    definition: Definition,
    files: list[str],
    answer: Answer,
    *,
    as_arrived: bool = False,
    steps: Steps | None = None,
    memory: int = MEMORY,
    step: int = STEP,
    cores: int = 1,
) -> Counted:
    """Count the events of files.

    Args:
        definition: What is measured.
        files: Paths; ``-`` is standard input.
        answer: Takes the results, and ends when all is counted.
        as_arrived: Whether events are counted in the order of the files, in which some may be late.
        steps: Is told how far it is.
        memory: Bytes of events that are held to be sorted, by all processes together.
        step: Events after which memory is tidied up.
        cores: How many processes share the work; in the order of the files one does it.

    Returns:
        All that was counted with.

    Raises:
        InputError: A file cannot be taken.
        LostError: One of several processes has ended.
        OSError: The temporary file cannot be written, or the answer cannot.
    """
    steps = steps or Steps()
    with _collector_off():
        if cores > 1 and not as_arrived:
            shared = Shared(definition, answer, cores, steps, memory, step)
            read = shared.run(files)
            steps.done()
            answer.end(shared, read)
            return shared
        on_session = answer.session if answer.wants_sessions else None
        on_slots = answer.slots if answer.wants_slots else None
        on_counted = answer.counted if answer.wants_counted else None
        count = Count(
            definition,
            answer.window,
            on_session,
            step,
            answer.widths,
            on_slots,
            on_counted,
            tallies=answer.wants_tallies,
        )
        intake = Intake(definition.times.max_future, count.read, count.readings)
        sorter = Sorter(InTime(count.readings), memory)
        events = _read(files, intake, steps) if as_arrived else _in_order(files, intake, steps, sorter)
        with closing(events):
            for found in events:
                count.take(found)
        count.finish()
        steps.done()
        answer.end(count, intake)
    return count


def _read(files: list[str], intake: Intake, steps: Steps) -> _Batches:
    for file in files:
        for batch in batches(file, steps.read):
            yield intake.events(file, batch)


def _in_order(files: list[str], intake: Intake, steps: Steps, sorter: Sorter[Brief]) -> _Batches:
    with closing(sorter):
        for file in files:
            for batch in batches(file, steps.read):
                found = intake.events(file, batch)
                sorter.take(found, intake.size)
        steps.sorting()
        for events in sorter.sorted():
            yield events
            steps.counted(len(events), sorter.count)


@contextmanager
def _collector_off() -> Iterator[None]:
    """Do without Python's garbage collector: it would look through every event and visitor again and again.

    Nothing that is made here for each event refers back to itself, so counting references frees it all.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()  # or it would look through all that was counted at once, just before that is freed
        if was_on:
            gc.enable()
