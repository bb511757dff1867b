"""Files as batches of records: lines of plain, gzip or zstd files and of standard input; rows of Parquet.

What a file is, is told by its first bytes, not by its name.
"""

import gzip
import os
import stat
import sys
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO, NamedTuple, cast

from stream.formats.canonical import SIZE_LIMIT
from stream.replay.pipes import reading

if sys.version_info >= (3, 14):
    from compression.zstd import ZstdError, ZstdFile
else:
    from backports.zstd import ZstdError, ZstdFile

STDIN = "-"
CHUNK = 1 << 20
"""Bytes that are read, and bytes that are split into lines, at once."""

_GZIP, _ZSTD, _PARQUET, _MARK = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PAR1", b"\xef\xbb\xbf"


class InputError(Exception):
    """A file cannot be taken; the text names it.

    Attributes:
        file: Its path, or ``-``.
        what: What is the matter with it.
        code: The exit code: 2 where another file was wanted, 1 where this one is broken.
    """

    def __init__(self, file: str, what: str, code: int = 1) -> None:
        super().__init__(f"{name_of(file)}: {what}")
        self.file, self.what, self.code = file, what, code


class Batch(NamedTuple):
    """Records that follow each other in a file; the first has number ``first``, counted from 1."""

    first: int
    records: list[bytes]


def name_of(file: str) -> str:
    """Return how a file is named to people."""
    return "standard input" if file == STDIN else file


def check(files: list[str]) -> int | None:
    """Look whether all files can be read; return their size in bytes, ``None`` if it cannot be known.

    Raises:
        InputError: One is missing, is no file, or may not be read; or standard input is named twice.
    """
    if files.count(STDIN) > 1:
        raise InputError(STDIN, "given twice; wanted: once, it can be read only once", 2)
    size: int | None = 0
    for file in files:
        if file == STDIN:
            size = None
            continue
        try:
            found = os.stat(file)
            if stat.S_ISDIR(found.st_mode):
                raise InputError(file, "is a directory; wanted: files", 2)
            if not os.access(file, os.R_OK):
                raise InputError(file, "may not be read; wanted: a file that may", 2)
        except (OSError, ValueError) as error:
            raise InputError(file, f"cannot be read ({said(error)}); wanted: a file", 2) from None
        if not stat.S_ISREG(found.st_mode):
            size = None
        size = None if size is None else size + found.st_size
    return size


def batches(file: str, told: Callable[[int], None]) -> Iterator[Batch]:
    """Yield the records of a file in order.

    Args:
        file: Its path, or ``-`` for standard input.
        told: Is told how many more bytes of the file were read.

    Raises:
        InputError: It cannot be read to its end, or not without an extra that is not installed.
    """
    try:
        with (
            open(0 if file == STDIN else file, "rb", buffering=0, closefd=file != STDIN) as opened,
            reading(cast(BinaryIO, opened)) as read,
        ):
            source = _Source(read, told)
            if not is_parquet(source.head):
                yield from lines_of(_unpacked(source))
                return
            if file == STDIN or not opened.seekable():
                raise InputError(file, "is Parquet, which is read from its end; wanted: a file", 2)
            from stream.replay.parquet import rows  # only who reads Parquet needs its library

            yield from rows(file, told)
    except EOFError:
        raise InputError(file, "its compressed data ends in the midst: it is not whole") from None
    except (zlib.error, ZstdError, gzip.BadGzipFile) as error:
        raise InputError(file, f"its compressed data is broken ({error})") from None
    except OSError as error:
        raise InputError(file, f"cannot be read ({said(error)})") from None


class _Source:
    """The bytes of a file, counted, of which the first were looked at."""

    def __init__(self, read: Callable[[int], bytes], told: Callable[[int], None]) -> None:
        self._read = read
        self._told = told
        self.head = b""
        while len(self.head) < 4 and (more := read(CHUNK)):
            self.head += more
        self._rest = self.head

    def read(self, size: int = -1) -> bytes:
        """Return some bytes, none at the end; of a pipe fewer than asked for."""
        if self._rest:
            size = len(self._rest) if size < 0 else size
            found, self._rest = self._rest[:size], self._rest[size:]
        else:
            found = self._read(size)
        self._told(len(found))
        return found

    def readable(self) -> bool:
        """Say that it is to be read from."""
        return True


def _unpacked(source: _Source) -> BinaryIO:
    if source.head.startswith(_GZIP):
        return cast(BinaryIO, gzip.GzipFile(fileobj=cast(BinaryIO, source)))
    if source.head.startswith(_ZSTD):
        return cast(BinaryIO, ZstdFile(cast(BinaryIO, source)))
    return cast(BinaryIO, source)


def is_parquet(head: bytes) -> bool:
    """Whether a file that begins so is Parquet."""
    return head.startswith(_PARQUET)


def is_packed(head: bytes) -> bool:
    """Whether a file that begins so is packed."""
    return head.startswith((_GZIP, _ZSTD))


def lines_of(file: BinaryIO, *, marked: bool = True) -> Iterator[Batch]:
    """Yield lines; of one that is longer than any event may be only the beginning is kept.

    Args:
        file: Its bytes.
        marked: Whether it may begin with a mark, which is no part of the first line.
    """
    first, rest = 1, b""
    data = file.read(CHUNK)
    if marked and data.startswith(_MARK):
        data = data[len(_MARK) :]
    while data:
        lines = data.split(b"\n")
        if len(lines) == 1:
            rest = (rest + data)[: SIZE_LIMIT + 1]
        else:
            lines[0] = rest + lines[0]
            rest = lines.pop()
            yield Batch(first, lines)
            first += len(lines)
        data = file.read(CHUNK)
    if rest:
        yield Batch(first, [rest])


def said(error: Exception) -> str:
    """Return what an error says to people."""
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)
