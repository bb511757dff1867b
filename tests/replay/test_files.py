import gzip
import json
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as arrow
import pyarrow.parquet as parquet
import pytest

from stream.configuration import load
from stream.formats.canonical import SIZE_LIMIT
from stream.replay import files as module
from stream.replay.files import Batch, InputError, batches
from stream.simulate.disorder import EVERYDAY, arrivals
from stream.simulate.traffic import Traffic
from tests.replay.running import run, write

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

SHOP = load(preset="ecommerce", environ={}).definition()
START = 1_772_452_800_000  # 2026-03-02T12:00Z
LINES = [
    record.value for record in islice(arrivals(Traffic(start_ms=START, rate=20, seed=2), EVERYDAY), 3_000)
]


def read(file: Path) -> list[bytes]:
    """Return all records of a file."""
    return [record for batch in batches(str(file), lambda _: None) for record in batch.records]


@contextmanager
def fed(monkeypatch: pytest.MonkeyPatch, file: Path) -> Iterator[None]:
    """Let standard input be a pipe that gives a file's bytes, a few at a time."""
    data = file.read_bytes()
    reader, writer = os.pipe()

    def write() -> None:
        with open(writer, "wb", buffering=0) as pipe:
            for first in range(0, len(data), 997):
                pipe.write(data[first : first + 997])

    real = open

    def opened(name: Any, *arguments: Any, **named: Any) -> Any:
        return real(reader if name == 0 else name, *arguments, **named)

    monkeypatch.setattr(module, "open", opened, raising=False)
    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        os.close(reader)
        thread.join()


@pytest.mark.parametrize("kind", ["plain", "gzip", "gzip in parts", "zstd", "zstd in parts"])
def test_every_packing_prints_the_same(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Plain, gzip and zstd, of one part or several, under any name or from a pipe: the same bytes."""
    plain = write(tmp_path / "plain.jsonl", LINES)
    data = plain.read_bytes()
    packed = {
        "plain": data,
        "gzip": gzip.compress(data),
        "gzip in parts": gzip.compress(data[:70_001]) + gzip.compress(data[70_001:]),
        "zstd": zstd.compress(data),
        "zstd in parts": zstd.compress(data[:70_001]) + zstd.compress(data[70_001:]),
    }
    file = tmp_path / "events.txt"
    file.write_bytes(packed[kind])
    wanted = run(SHOP, plain)
    assert wanted.rows
    assert run(SHOP, file).out == wanted.out
    with fed(monkeypatch, file):
        assert run(SHOP, "-").out == wanted.out


def test_parquet_prints_the_same(tmp_path: Path) -> None:
    """Columns of the fields of events, nested as structs or as JSON text, times as text: the same bytes."""
    events = [found for line in LINES if (found := good(line))]
    wanted = run(SHOP, write(tmp_path / "a.jsonl", [json.dumps(event).encode() for event in events]))
    for event in events:
        event["time"] = str(event["time"]) if isinstance(event["time"], str) else moment(event["time"])
        event.pop("sent_at", None)
        event["items"] = json.dumps(event["items"]) if "items" in event else None
    table = arrow.Table.from_pylist([{**dict.fromkeys(fields(events)), **event} for event in events])
    parquet.write_table(table, tmp_path / "events", row_group_size=700)
    assert run(SHOP, tmp_path / "events").out == wanted.out


def good(line: bytes) -> dict[str, Any] | None:
    """Return the event of a line, if it is whole."""
    try:
        event = json.loads(line)
    except ValueError:
        return None
    texts = ("event_id", "name", "visitor_id")
    whole = isinstance(event, dict) and all(isinstance(event.get(field), str) for field in texts)
    return event if whole and set(map(type, event.get("props", {}).values())) <= {str} else None


def fields(events: list[dict[str, Any]]) -> list[str]:
    """Return the names of all fields."""
    return sorted({field for event in events for field in event})


def moment(ms: int) -> str:
    """Return a time as text."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds")


def test_parquet_takes_times_and_properties_of_several_types(tmp_path: Path) -> None:
    """Timestamps of any unit are times; properties are a struct, a map or JSON text; nulls are absent."""
    when = datetime(2026, 3, 2, 12, 0, 0, 250_000)
    columns = {
        "time": arrow.array([when, when], arrow.timestamp("us")),
        "received_at": arrow.array([when, None], arrow.timestamp("ns", "UTC")),
        "name": arrow.array([b"a", b"b"], arrow.binary()),
        "device": arrow.array(["mobile", None]).dictionary_encode(),
        "unknown": arrow.array([1, 2]),
        "props": arrow.array([{"plan": "x", "n": 1}, {"plan": None, "n": 2}]),
        "value": arrow.array([1.5, None]),
    }
    parquet.write_table(arrow.table(columns), tmp_path / "a")
    wanted = [
        {
            "time": START + 250,
            "received_at": START + 250,
            "name": "a",
            "device": "mobile",
            "props": {"plan": "x", "n": 1},
            "value": 1.5,
        },
        {"time": START + 250, "name": "b", "props": {"n": 2}},
    ]
    assert [json.loads(record) for record in read(tmp_path / "a")] == wanted
    for props in (
        arrow.array(['{"plan":"x","n":1}', '{"n":2}']),
        arrow.array([[("plan", "x")], [("n", "2")]], arrow.map_(arrow.string(), arrow.string())),
    ):
        parquet.write_table(arrow.table({"props": props}), tmp_path / "b")
        found = [json.loads(record)["props"] for record in read(tmp_path / "b")]
        assert [str(props["n"]) for props in found if "n" in props][-1] == "2"
        assert found[0]["plan"] == "x"


def test_lines_are_numbered_and_blank_ones_are_no_records(tmp_path: Path) -> None:
    """Windows' line ends and mark, blank lines, a last line without an end: none counts as a record."""
    event = b'{"name":"view_item","time":1772452800000,"event_id":"%d","visitor_id":"v"}'
    lines = [b"\xef\xbb\xbf" + event % 1, b"", event % 2 + b"\r", b"\r", b"{", event % 3]
    (tmp_path / "a").write_bytes(b"\n".join(lines))
    found = run(SHOP, tmp_path / "a")
    assert found.outcomes == {"counted": 3, "rejected": 1}
    assert f"{tmp_path / 'a'}:5: not_json" in found.said.replace("\n", "")


def test_a_line_without_end_takes_no_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a line longer than any event only the beginning is kept, and it is rejected as too large."""
    monkeypatch.setattr(module, "CHUNK", 1_000)
    whole = b'{"name":"view_item","time":1772452800000,"visitor_id":"v"}'
    (tmp_path / "a").write_bytes(b"x" * 200_000 + b"\n" + whole + b"\n" + b"y" * 100_000)
    found: list[Batch] = list(batches(str(tmp_path / "a"), lambda _: None))
    records = [record for batch in found for record in batch.records]
    assert [len(record) <= SIZE_LIMIT + 1_001 for record in records] == [True, True, True]
    assert [record[:1] for record in records] == [b"x", b"{", b"y"]
    assert run(SHOP, tmp_path / "a").outcomes == {"counted": 1, "rejected": 2}


@pytest.mark.parametrize("kind", ["gzip", "zstd", "parquet"])
def test_a_file_that_is_cut_off_is_told(kind: str, tmp_path: Path) -> None:
    """A packed file of which the end is missing, or the midst is wrong, fails with its name."""
    file = write(tmp_path / "a", LINES)
    if kind == "parquet":
        parquet.write_table(arrow.table({"name": [str(n) for n in range(9_000)]}), file)
        data = file.read_bytes()
    else:
        checked = {zstd.CompressionParameter.checksum_flag: 1}  # else zstd does not see every change
        data = file.read_bytes()
        data = gzip.compress(data) if kind == "gzip" else zstd.compress(data, options=checked)
    for broken in (data[: len(data) // 2], data[:100] + bytes(200) + data[300:]):
        file.write_bytes(broken)
        with pytest.raises(InputError, match=str(file)) as error:
            read(file)
        assert error.value.code == 1
