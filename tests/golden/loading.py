"""Read the cases from their files."""

import json
import shlex
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from tests.golden.case import Case, Converted, Counts, PageSeries, PageWindow, Series, Window
from tests.golden.defining import definition_of
from tests.oracle import Read

HEADER = "measure segment size window sessions converted actions"
NONE = "none"
PAGE_KINDS = ("stay", "left", "went_on")
_DAY = "2026-01-05"


@cache
def cases() -> list[Case]:
    """Return the cases of all files.

    Raises:
        ValueError: A file is not written as the package's docstring says.
    """
    return [case for file in sorted(Path(__file__).parent.glob("*.toml")) for case in _cases_in(file)]


def _cases_in(file: Path) -> Iterator[Case]:
    tables = tomllib.loads(file.read_text())
    default = tables.get("default", {})
    for table in tables["case"]:
        name = f"{file.stem}: {table['name']}"
        try:
            yield _case(name, default | table)
        except (KeyError, ValueError) as error:
            raise ValueError(f"{name}: {error!r}") from error


def _case(name: str, table: Mapping[str, Any]) -> Case:
    lines = [line for line in table.get("events", "").splitlines() if line.strip()]
    told = [_told(number, line) for number, line in enumerate(lines, 1)]
    told += [_raw(record) for record in table.get("records", [])]
    offsets: Counter[tuple[str, int]] = Counter()
    reads = []
    for topic, partition, timestamp, value, _ in told:
        reads.append(Read(topic, partition, offsets[topic, partition], timestamp, value))
        offsets[topic, partition] += 1
    return Case(
        name=name,
        sentence=table["sentence"],
        definition=definition_of(table),
        reads=tuple(reads),
        outcomes=tuple(outcome for *_, outcome in told),
        expected=_expected(table.get("expected", HEADER)),
        revenue=_revenue(table.get("revenue", "")),
        sessions=_sessions(table.get("sessions", "")),
        conversions=_conversions(table.get("conversions", "")),
        pages=_pages(table.get("pages", "")),
    )


Told = tuple[str, int, int, bytes, str]
"""Topic, partition, the record's own time (ms), value, expected outcome."""


def _told(number: int, line: str) -> Told:
    """Return the record of a line of ``events``."""
    text, _, outcome = line.partition(" -> ")
    time, name, *words = shlex.split(text)
    at = _moment(time)
    texts = dict(word.split("=", 1) for word in words)
    said = {key: text for key, text in texts.items() if not key.endswith(":")}
    topic, partition = said.pop("topic", "site-events"), int(said.pop("partition", 0))
    arrived = _moment(said.pop("arrived", time))
    event: dict[str, Any] = {
        "name": name,
        "time": said.pop("time", at),
        "event_id": said.pop("id", f"e{number:02}"),
        "visitor_id": said.pop("visitor", "v"),
        "user_id": said.pop("user", ""),
        "session_id": said.pop("session", ""),
    }
    for field in ("sent_at", "received_at"):
        if field in said:
            event[field] = _moment(said.pop(field))
    properties = {key.removeprefix("props."): v for key, v in said.items() if key.startswith("props.")}
    event |= {key: v for key, v in said.items() if not key.startswith("props.")}
    for key, text in texts.items():
        if key.endswith(":"):
            whole, _, name = key[:-1].rpartition(".")
            (properties if whole == "props" else event)[name] = json.loads(text)
    if properties:
        event["props"] = properties
    value = json.dumps({key: v for key, v in event.items() if v != ""}).encode()
    return topic, partition, arrived, value, outcome.strip() or "counted"


def _raw(record: Mapping[str, Any]) -> Told:
    """Return a record whose value is given as it is; ``{pad:N}`` in it stands for N times an x."""
    value = str(record["value"])
    before, pad, rest = value.partition("{pad:")
    if pad:
        length, _, after = rest.partition("}")
        value = before + "x" * int(length) + after
    return "site-events", 0, _moment(record.get("arrived", "12:00")), value.encode(), record["outcome"]


def _moment(text: str) -> int:
    moment = datetime.fromisoformat(text if "T" in text else f"{_DAY}T{text}")
    return round(moment.replace(tzinfo=UTC).timestamp() * 1000)


def _expected(text: str) -> dict[Series, dict[int, Counts]]:
    lines = [shlex.split(line) for line in text.splitlines() if line.strip()]
    if " ".join(lines[0]) != HEADER:
        raise ValueError(f"expected: begins with {' '.join(lines[0])!r}; wanted: {HEADER!r}")
    expected: dict[Series, dict[int, Counts]] = defaultdict(dict)
    for measure, segment, size, window, *counts in lines[1:]:
        windows = expected[measure, segment, size]
        if window != NONE:
            sessions, converted, actions = map(int, counts)
            windows[_moment(window)] = (sessions, converted, actions)
    return dict(expected)


def _revenue(text: str) -> dict[Series, dict[int, dict[str, str]]]:
    """Return the revenue of lines such as ``f.order all 1h 13:00 EUR 12.50 USD 3.00``."""
    revenue: dict[Series, dict[int, dict[str, str]]] = defaultdict(dict)
    for measure, segment, size, window, *amounts in filter(None, map(shlex.split, text.splitlines())):
        windows = revenue[measure, segment, size]
        if window != NONE:
            windows[_moment(window)] = dict(zip(amounts[::2], amounts[1::2], strict=True))
    return dict(revenue)


def _sessions(text: str) -> dict[Window, dict[str, Any]]:
    """Return the facts of lines such as ``duration_mean 60000`` or ``device=tv 1m 13:05 closed 1``."""
    sessions: dict[Window, dict[str, Any]] = defaultdict(dict)
    for line in filter(None, map(str.split, text.splitlines())):
        *window, name, value = line
        segment, size, start = window or ("all", "1h", "13:00")
        sessions[segment, size, _moment(start)][name] = None if value == "-" else json.loads(value)
    return dict(sessions)


def _conversions(text: str) -> dict[Converted, dict[str, float | None]]:
    """Return the facts of lines such as ``f mean 60000`` or ``device=tv 1m 13:05 f count 1``."""
    conversions: dict[Converted, dict[str, float | None]] = defaultdict(dict)
    for line in filter(None, map(str.split, text.splitlines())):
        *window, funnel, name, value = line
        segment, size, start = window or ("all", "1h", "13:00")
        found = conversions[funnel, segment, size, _moment(start)]
        found[name] = None if value == "-" else float(value)
    return dict(conversions)


def _pages(text: str) -> dict[PageWindow | None, dict[PageSeries, dict[str, dict[str, float]]]]:
    """Return what lines such as ``stay /cart mean 60000`` or ``1h 13:00 left f.a /cart 1`` say of pages."""
    pages: dict[PageWindow | None, dict[PageSeries, dict[str, dict[str, float]]]] = {}
    for words in filter(None, map(shlex.split, text.splitlines())):
        window = None if words[0] in PAGE_KINDS else (words[0], _moment(words[1]))
        kind, *rest = words[2:] if window else words
        if kind not in PAGE_KINDS:
            raise ValueError(f"pages: found {kind!r}; wanted one of {', '.join(PAGE_KINDS)}")
        series = (kind,) if kind == "stay" else (kind, rest.pop(0))
        page, *told = rest
        known = pages.setdefault(window, {}).setdefault(series, {})
        if not told:
            raise ValueError(f"pages: nothing is said of {' '.join((*series, page))}")
        if told != ["-"]:
            told = told if kind == "stay" else ["sessions", *told]
            known[page] = {name: float(value) for name, value in zip(told[::2], told[1::2], strict=True)}
    return pages
