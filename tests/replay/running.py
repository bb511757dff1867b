"""Replays in this process: what they print, and how the oracle sees the same files."""

import io
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path

from rich.console import Console

from stream.core.definition import Definition
from stream.replay import totals
from stream.replay.answers import What, answer
from stream.replay.count import STEP
from stream.replay.run import MEMORY, replay
from tests.oracle import Key, Read, Row
from tests.oracle.record import RejectedError, event_of


@dataclass(frozen=True)
class Result:
    """What a replay printed, and what became of the records."""

    out: bytes
    said: str
    outcomes: dict[str, int]

    @cached_property
    def rows(self) -> dict[Key, Row]:
        """The printed windows by key; each comes once."""
        found = [json.loads(line) for line in self.out.splitlines()]
        rows = {(r["measure"], r["segment"], r["size"], r["window_start"]): r for r in found}
        assert len(rows) == len(found)
        return rows


def run(
    definition: Definition,
    *files: Path | str,
    what: What = "rates",
    as_json: bool = True,
    as_arrived: bool = False,
    memory: int = MEMORY,
    step: int = STEP,
    cores: int = 1,
) -> Result:
    """Replay files."""
    out, said, table = io.BytesIO(), io.StringIO(), io.StringIO()
    printing = answer(
        what, definition, out, Console(file=said, width=80), Console(file=table, width=80), as_json=as_json
    )
    outcomes: dict[str, int] = {}
    end = printing.end

    def ended(count: totals.Counted, intake: totals.Read) -> None:
        outcomes.update({name: n for name, n in count.outcomes.items() if n})
        if intake.reasons:
            outcomes["rejected"] = intake.reasons.total()
        end(count, intake)

    printing.end = ended  # type: ignore[method-assign]  # to look on
    names = [str(file) for file in files]
    replay(definition, names, printing, as_arrived=as_arrived, memory=memory, step=step, cores=cores)
    return Result(out.getvalue() + table.getvalue().encode(), said.getvalue(), outcomes)


def write(file: Path, records: Iterable[bytes]) -> Path:
    """Write records as lines."""
    file.write_bytes(b"".join(record + b"\n" for record in records))
    return file


def as_arrived(records: Iterable[bytes]) -> list[Read]:
    """Return records as the oracle reads them: without any time of arrival."""
    return [Read("files", 0, offset, -1, record) for offset, record in enumerate(records)]


def in_order(records: Iterable[bytes], definition: Definition) -> list[Read]:
    """Return records as the oracle reads them, in order of time; what is no event comes first."""
    reads = sorted(as_arrived(records), key=lambda read: _place(read, definition))
    return as_arrived(read.value or b"" for read in reads)


def same_place(ordered: list[Read], definition: Definition) -> bool:
    """Whether two records of one time, id and visitor say different things: one of them is the duplicate."""
    places = [(_place(read, definition), read.value) for read in ordered]
    return any(one[0] == two[0] and one != two for one, two in pairwise(places) if one[0][0] >= 0)


def _place(read: Read, definition: Definition) -> tuple[int, str, str]:
    try:
        event = event_of(read, definition.times.max_future)
    except RejectedError:
        return -1, "", ""
    return event.time, event.event_id, event.visitor
