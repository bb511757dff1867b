"""Files in parts that several processes can read at a time.

A plain file is read by ranges of bytes: to each belong the lines that begin in it. A Parquet file is read by
its groups of rows. What is packed, or comes through a pipe, only one can read: it hands on the lines.
"""

import os
import stat
from collections.abc import Callable, Iterator
from typing import BinaryIO, cast

from stream.replay.files import STDIN, Batch, InputError, batches, is_packed, is_parquet, lines_of, said
from stream.replay.messages import Part

PIECE = 4 << 20
"""Bytes of a range."""


def parts(file: str, told: Callable[[int], None]) -> Iterator[Part]:
    """Yield the parts of a file, all numbered 0.

    Args:
        file: Its path, or ``-``.
        told: Is told how many more bytes were read here; of ranges and groups who reads them is to tell.

    Raises:
        InputError: It cannot be read.
    """
    try:
        if file != STDIN and stat.S_ISREG(os.stat(file).st_mode):
            with open(file, "rb") as opened:
                head, size = opened.read(4), os.fstat(opened.fileno()).st_size
            if is_parquet(head):
                from stream.replay.parquet import groups  # only who reads Parquet needs its library

                yield from (Part(0, file, group=number) for number in range(groups(file)))
                return
            if not is_packed(head):
                for begin in range(0, max(1, size), PIECE):
                    yield Part(0, file, begin=begin, end=begin + PIECE if begin + PIECE < size else -1)
                return
    except OSError as error:
        raise InputError(file, f"cannot be read ({said(error)})") from None
    for batch in batches(file, told):
        yield Part(0, file, first=batch.first, data=b"\n".join(batch.records))


def records(part: Part, told: Callable[[int], None]) -> Iterator[Batch]:
    """Yield the records of a part; its first line has the number 1, unless it is known.

    Args:
        part: The part.
        told: Is told how many more bytes were read.

    Raises:
        InputError: It cannot be read.
    """
    if part.data is not None:
        yield Batch(part.first, part.data.split(b"\n"))
    elif part.group >= 0:
        from stream.replay.parquet import rows

        yield from rows(part.file, told, part.group)
    else:
        try:
            with open(part.file, "rb", buffering=0) as opened:
                yield from _range(opened, part)
                told(opened.tell() - part.begin)
        except OSError as error:
            raise InputError(part.file, f"cannot be read ({said(error)})") from None


def _range(file: BinaryIO, part: Part) -> Iterator[Batch]:
    """Yield the lines that begin in a range: that after the last line end before it is the first."""
    if not part.begin:
        yield from lines_of(cast(BinaryIO, _Range(file, 0, part.end)))
        return
    skipped = False
    for first, lines in lines_of(cast(BinaryIO, _Range(file, part.begin - 1, part.end)), marked=False):
        if skipped:
            yield Batch(first - 1, lines)
        else:
            skipped = True
            yield Batch(1, lines[1:])


class _Range:
    """The bytes of a file from an offset to the line end that is at the end or the first after it."""

    def __init__(self, file: BinaryIO, begin: int, end: int) -> None:
        self._file = file
        self._left = end - 1 - begin if end >= 0 else -1
        self._over = False
        file.seek(begin)

    def read(self, size: int) -> bytes:
        """Return some bytes, none at the end."""
        if self._over:
            return b""
        if self._left < 0:
            return self._file.read(size)
        if self._left:
            data = self._file.read(min(size, self._left))
            self._left -= len(data)
            return data
        data = self._file.read(size)
        found = data.find(b"\n")
        if found >= 0:
            self._over = True
            return data[: found + 1]
        return data
