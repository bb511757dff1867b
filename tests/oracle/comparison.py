"""Read the rows that the stream published, and say where they differ from the batch."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from math import isclose
from typing import Any
from urllib.parse import quote

from tests.oracle.rates import Key, Row, Rows, size_ms

COUNTS = ("sessions", "converted", "open", "actions")


def read_rates(records: Iterable[tuple[bytes | None, bytes | None]]) -> dict[Key, Row]:
    """Return the newest row of each key from (key, value) records of topic ``conversion-rates``, in order.

    Raises:
        ValueError: A key does not say what its value says, or a window has not the length of its size.
    """
    newest: dict[Key, Row] = {}
    for key, value in records:
        if value is None:
            raise ValueError(f"{key!r}: rows are never deleted; what falls back is published as 0")
        row: Row = json.loads(value)
        measure, segment, size, start = (row[f] for f in ("measure", "segment", "size", "window_start"))
        name, equals, label = segment.partition("=")
        wanted = f"{measure}|{name}{equals}{quote(label)}|{size}|{start}"
        if key is None or key.decode() != wanted:
            raise ValueError(f"the key is {key!r}, its value belongs under {wanted!r}")
        if row["window_end"] - start != size_ms(size):
            raise ValueError(f"{wanted}: ends at {row['window_end']}, which is not {size} later")
        newest[measure, segment, size, start] = row
    return newest


def compare(stream_rows: Mapping[Key, Row], oracle_rows: Rows, limit: int = 20) -> list[str]:
    """Return readable differences, earliest window first, at most ``limit`` and a line that counts the rest.

    Only rows that the batch knows exactly are compared. A row of the stream that fell back to 0 is as good
    as none.
    """
    keys = {key for key in stream_rows if oracle_rows.scope.key(key)} | set(oracle_rows)
    found = []
    for key in sorted(keys, key=lambda key: (key[3], key)):
        difference = _difference(stream_rows.get(key), oracle_rows.get(key))
        if difference:
            found.append(f"{_title(key)}: {difference}")
    if len(found) > limit:
        return [*found[:limit], f"... and {len(found) - limit} more rows differ"]
    return found


def _difference(found: Row | None, wanted: Row | None) -> str:
    if wanted is None:
        assert found is not None
        counts = ", ".join(f"{name} {found.get(name)}" for name in COUNTS)
        return f"there should be no row, found {counts}" if any(found.get(name) for name in COUNTS) else ""
    if found is None:
        return "the row is missing, wanted " + ", ".join(f"{name} {wanted[name]}" for name in COUNTS)
    return ", ".join(
        f"{name} is {found.get(name, 'missing')}, wanted {value}"
        for name, value in wanted.items()
        if name not in found or not _same(found[name], value)
    )


def _same(found: Any, wanted: Any) -> bool:
    """Ratios agree to nine digits; everything else exactly, and true is not 1."""
    if found is wanted:
        return True
    if isinstance(wanted, float) and isinstance(found, int | float) and not isinstance(found, bool):
        return isclose(found, wanted, rel_tol=1e-9, abs_tol=1e-12)
    return type(found) is type(wanted) and bool(found == wanted)


def _title(key: Key) -> str:
    measure, segment, size, start = key
    moment = datetime.fromtimestamp(start / 1000, UTC)
    return f"{measure} {segment} {size} {moment:%Y-%m-%dT%H:%M}Z"
