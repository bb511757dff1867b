"""What a replay counts, kept as windows of the past in a temporary file until they are sent."""

import io
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import BinaryIO, Final, cast

import msgspec
from rich.console import Console

from stream.core.bucket import HOUR, MINUTE, Slot
from stream.core.definition import Definition
from stream.core.labels import FORWARD_FACTOR
from stream.core.page_book import DAY, ByName, PageBook
from stream.core.past import WIDTHS, Past
from stream.core.tally import FIRST_PAGE
from stream.replay.answers import Answer
from stream.replay.totals import Counted, Read

KEPT_MS: Final = {MINUTE: 9 * 24 * HOUR, HOUR: 366 * 24 * HOUR}
"""How far back windows of each width are of use, ms; a worker drops what is too old for it."""

_LENGTH: Final = 4
_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(Past).decode


class PastWindows(Answer):
    """Takes windows as they become final, in order of end.

    Attributes:
        starts: Of each width (ms), where the windows begin that are kept here, ms, in order. Not those in
            which nothing but pages happened: a worker that takes one publishes no row.
        kept: How many windows are kept here, those included.
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
        self.kept = 0
        self.too_old = 0
        self._fingerprint = definition.fingerprint()
        self._now_ms = now_ms
        # A day more than the longest window: a worker may be behind the time that it was told to have.
        self._pages_since = now_ms - max(DAY, *definition.times.sizes) - DAY
        # As a partition, so that what is sent has a bound: a replay by itself tells all pages apart.
        pages = replace(definition.pages, max_values=FORWARD_FACTOR * definition.pages.max_values)
        self._book, self._sent = (PageBook(pages, definition.measures()) for _ in range(2))
        self._file = cast(BinaryIO, _temporary())

    def slots(self, width: int, start: int, segments: list[tuple[str, Slot]]) -> None:
        """Keep a window.

        Raises:
            OSError: The temporary file cannot be written.
        """
        if start + width <= self._now_ms - KEPT_MS[width]:
            self.too_old += width == HOUR
            return
        told = start + width > self._pages_since
        every = [
            (name, slot.cells, slot.tallies if told else _but_pages(slot.tallies)) for name, slot in segments
        ]
        found = [one for one in every if any(one[1]) or one[2]]
        if not found:
            return
        record = _encode(Past(self._fingerprint, width, start, found))
        self._file.write(len(record).to_bytes(_LENGTH) + record)
        self.kept += 1
        if any(any(cells) for _, cells, _ in found):
            self.starts[width].append(start)

    def end(self, count: Counted, intake: Read) -> None:
        """Take note that this was all, and of the names of all pages."""
        super().end(count, intake)
        self._book = count.rates.pages

    def records(self) -> Iterator[bytes]:
        """Yield the windows as they are sent."""
        self._file.seek(0)
        while head := self._file.read(_LENGTH):
            past = _decode(self._file.read(int.from_bytes(head)))
            past.pages = [page for *_, tallies in past.segments for page in self._by_name(tallies)]
            past.segments = [(name, cells, _but_pages(tallies)) for name, cells, tallies in past.segments]
            yield _encode(past)

    def _by_name(self, tallies: Mapping[int, int]) -> list[ByName]:
        """Return the tallies of pages as they are sent."""
        return self._sent.by_page(self._sent.tallies(self._book.by_page(tallies)))

    def close(self) -> None:
        """Let go of the temporary file."""
        self._file.close()


def _temporary() -> object:
    return tempfile.TemporaryFile(prefix="microconv-backfill-")


def _but_pages(tallies: Mapping[int, int]) -> dict[int, int]:
    """Return tallies but for those of pages."""
    return {place: count for place, count in tallies.items() if place < FIRST_PAGE}
