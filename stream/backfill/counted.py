"""What a replay counts, kept as windows of the past in a temporary file until they are sent."""

import io
import tempfile
from collections.abc import Iterator, Mapping
from typing import BinaryIO, Final, cast

import msgspec
from rich.console import Console

from stream.core.bucket import HOUR, MINUTE, Slot
from stream.core.definition import Definition
from stream.core.past import WIDTHS, Past
from stream.core.tally import FIRST_PAGE
from stream.replay.answers import Answer

KEPT_MS: Final = {MINUTE: 9 * 24 * HOUR, HOUR: 366 * 24 * HOUR}
"""How far back windows of each width are of use, ms; a worker drops what is too old for it."""

_LENGTH: Final = 4
_encode: Final = msgspec.msgpack.Encoder().encode


class PastWindows(Answer):
    """Takes windows as they become final, in order of end.

    Attributes:
        starts: Of each width (ms), where the windows begin that are kept here, ms, in order.
        too_old: How many hours are not, because nobody keeps hours for so long.
    """

    wants_slots = True
    widths = frozenset(WIDTHS)

    def __init__(self, definition: Definition, now_ms: int, screen: Console) -> None:
        """Begin.

        Args:
            definition: What is counted.
            now_ms: The time that the workers have come to, ms.
            screen: Where people are told what became of the records.
        """
        super().__init__(io.BytesIO(), screen)  # nothing is printed
        self.starts: dict[int, list[int]] = {width: [] for width in WIDTHS}
        self.too_old = 0
        self._fingerprint = definition.fingerprint()
        self._now_ms = now_ms
        self._file = cast(BinaryIO, _temporary())

    def slots(self, width: int, start: int, segments: list[tuple[str, Slot]]) -> None:
        """Keep a window.

        Raises:
            OSError: The temporary file cannot be written.
        """
        if start + width <= self._now_ms - KEPT_MS[width]:
            self.too_old += width == HOUR
            return
        every = [(segment, slot.cells, _without_pages(slot.tallies)) for segment, slot in segments]
        found = [one for one in every if any(one[1]) or one[2]]
        if not found:
            return
        record = _encode(Past(self._fingerprint, width, start, found))
        self._file.write(len(record).to_bytes(_LENGTH) + record)
        self.starts[width].append(start)

    def records(self) -> Iterator[bytes]:
        """Yield the windows as they are sent."""
        self._file.seek(0)
        while head := self._file.read(_LENGTH):
            yield self._file.read(int.from_bytes(head))

    def close(self) -> None:
        """Let go of the temporary file."""
        self._file.close()


def _temporary() -> object:
    return tempfile.TemporaryFile(prefix="microconv-backfill-")


def _without_pages(tallies: Mapping[int, int]) -> dict[int, int]:
    """Return tallies but for those of pages: a worker has its own numbers for these, and tells of a day."""
    return {place: count for place, count in tallies.items() if place < FIRST_PAGE}
