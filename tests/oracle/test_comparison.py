"""Differences between stream and batch are found and said in words."""

import json

import pytest

from stream.core.definition import Definition, Dimension, Micro
from tests.oracle import Read, Row, Rows, compare, read_rates, rows

START = 1_767_614_400_000  # 2026-01-05T12:00Z
KEY = ("micro.m", "all", "1m", START)


@pytest.fixture
def batch() -> Rows:
    """Return the rows of two sessions in one minute, of which one converted a minute later."""
    events = [("v1", "p", 0), ("v2", "p", 0), ("v1", "m", 60_000)]
    reads = [
        Read("site-events", 0, n, START + 60_000, json.dumps(_event(*event)).encode())
        for n, event in enumerate(events)
    ]
    device = Dimension("device", "device", values=("mobile",))
    return rows(reads, Definition(micros=(Micro("m", "m"),), dimensions=(device,)), sizes=("1m",))


def _event(visitor: str, name: str, after: int) -> dict[str, object]:
    return {"name": name, "visitor_id": visitor, "time": START + after}


def test_equal_rows_have_no_differences(batch: Rows) -> None:
    """Rows equal to the batch's, also after a way through JSON, differ in nothing."""
    assert not compare(dict(batch), batch)
    assert not compare({key: json.loads(json.dumps(row)) for key, row in batch.items()}, batch)


def test_each_wrong_field_is_named(batch: Rows) -> None:
    """A difference names row, field, what was found and what was wanted; true is not 1 and none is not 0."""
    row = batch[KEY] | {"sessions": 3, "mature": 1, "ratio": None}
    [line] = compare({**batch, KEY: row}, batch)
    assert line == (
        "micro.m all 1m 2026-01-05T12:00Z: sessions is 3, wanted 2, ratio is None, wanted 0.5, "
        "mature is 1, wanted True"
    )


def test_missing_and_superfluous_rows(batch: Rows) -> None:
    """A row too few or too many is a difference, but a row that fell back to zeros is as good as none."""
    extra = ("micro.m", "device=mobile", "1m", START)
    zeros = {"sessions": 0, "converted": 0, "open": 0, "actions": 0}
    assert "the row is missing, wanted sessions 2" in compare({}, batch)[0]
    assert (
        "there should be no row, found sessions 1"
        in compare({**batch, extra: {**zeros, "sessions": 1}}, batch)[0]
    )
    assert not compare({**batch, extra: zeros}, batch)


def test_only_so_many_differences(batch: Rows) -> None:
    """The list stays short, and says how much was left out."""
    assert compare({}, batch, limit=1)[1:] == [f"... and {len(batch) - 1} more rows differ"]


def _record(**changes: object) -> tuple[bytes, bytes]:
    row: Row = {"measure": "micro.m", "segment": "source=a b/c|d", "size": "1m", "window_start": START}
    row |= {"window_end": START + 60_000, "sessions": 1} | changes
    return f"micro.m|source=a%20b/c%7Cd|1m|{START}".encode(), json.dumps(row).encode()


def test_newest_row_of_each_key() -> None:
    """Of several rows with one key the last stands, under its raw segment."""
    found = read_rates([_record(), _record(sessions=2)])
    assert list(found) == [("micro.m", "source=a b/c|d", "1m", START)]
    assert [row["sessions"] for row in found.values()] == [2]


def test_keys_say_what_values_say() -> None:
    """A key that is not its value's, a window of the wrong length and a deleted row are errors."""
    for wrong in ({"segment": "source=a"}, {"window_end": START + 1}):
        with pytest.raises(ValueError, match=r"belongs under|is not 1m later"):
            read_rates([_record(**wrong)])
    with pytest.raises(ValueError, match="never deleted"):
        read_rates([(b"key", None)])
