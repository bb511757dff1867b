"""Rows of Parquet files as records: each row becomes the JSON object that it stands for.

Columns are the fields of the canonical event; others are left out. Times may be timestamps; ``props`` may be
a struct, a map or JSON text, ``consent`` and ``items`` nested or JSON text. What is null is absent.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from stream.core.event import Event
from stream.replay.files import Batch, InputError

ROWS = 8_192
"""Rows that are read at once."""

FIELDS = frozenset(field.name for field in msgspec.structs.fields(Event))
TIMES = ("time", "sent_at", "received_at")
NESTED = ("props", "consent", "items")

WITHOUT = "is Parquet, which needs an extra; wanted: pip install 'microconv[parquet]'"


def groups(file: str) -> int:
    """Return how many groups of rows a Parquet file has.

    Raises:
        InputError: As `rows`.
    """
    arrow, parquet = _library(file)
    try:
        with parquet.ParquetFile(file) as opened:
            return int(opened.num_row_groups)
    except (arrow.ArrowException, OSError) as error:
        raise _broken(file, error) from None


def rows(file: str, told: Callable[[int], None], only: int | None = None) -> Iterator[Batch]:
    """Yield the rows of a Parquet file as JSON objects.

    Args:
        file: Its path.
        told: Is told how many more of its bytes were read.
        only: Number of the group of rows that is read; ``None``: all are.

    Raises:
        InputError: It is broken, a column cannot be read, or the extra ``parquet`` is not installed.
    """
    arrow, parquet = _library(file)
    encode = msgspec.json.Encoder().encode
    try:
        with parquet.ParquetFile(file) as opened:
            names = [name for name in opened.schema_arrow.names if name in FIELDS]
            first, size = 1, Path(file).stat().st_size
            for group in range(opened.num_row_groups) if only is None else (only,):
                for batch in opened.iter_batches(ROWS, row_groups=[group], columns=names):
                    columns = [_values(arrow, name, batch.column(name)) for name in batch.schema.names]
                    found = batch.schema.names
                    yield Batch(
                        first,
                        [
                            encode({name: v for name, v in zip(found, row, strict=True) if v is not None})
                            for row in zip(*columns, strict=True)
                        ]
                        or [b"{}"] * batch.num_rows,
                    )
                    first += batch.num_rows
                told(size * (group + 1) // opened.num_row_groups - size * group // opened.num_row_groups)
    except (arrow.ArrowException, OSError) as error:
        raise _broken(file, error) from None


def _library(file: str) -> tuple[Any, Any]:
    try:
        import pyarrow as arrow
        import pyarrow.parquet as parquet
    except ImportError:
        raise InputError(file, WITHOUT, 2) from None
    return arrow, parquet


def _broken(file: str, error: Exception) -> InputError:
    said = str(error).partition("\n")[0]
    return InputError(file, f"its Parquet is broken or cannot be read ({said})")


def _values(arrow: Any, name: str, column: Any) -> list[Any]:
    """Return the values of a column as JSON has them."""
    kind = column.type
    if name in TIMES:
        if arrow.types.is_timestamp(kind) or arrow.types.is_date(kind):
            column = column.cast(arrow.timestamp("ms"), safe=False).cast(arrow.int64())
        elif arrow.types.is_floating(kind):
            column = column.cast(arrow.int64(), safe=False)
    elif arrow.types.is_decimal(kind):
        column = column.cast(arrow.float64())
    elif arrow.types.is_binary(kind) or arrow.types.is_large_binary(kind):
        column = column.cast(arrow.string())
    values: list[Any] = column.to_pylist()
    return [_nested(value) for value in values] if name in NESTED else values


def _nested(value: Any) -> Any:
    """Return an object of what may be a struct, a map (pairs) or JSON text, without what is null."""
    if isinstance(value, str):
        try:
            return msgspec.json.decode(value)
        except msgspec.DecodeError:
            return value  # to be rejected as a field of the wrong type
    if isinstance(value, list) and value and all(isinstance(pair, tuple) for pair in value):
        value = dict(value)
    if isinstance(value, dict):
        return {name: found for name, found in value.items() if found is not None}
    return value
