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

from stream.core.definition import (
    Condition,
    Definition,
    Dimension,
    Exclusion,
    Funnel,
    Micro,
    Step,
    Times,
)
from tests.golden.case import Case, Converted, Counts, Series, Window
from tests.oracle import Read

HEADER = "measure segment size window sessions converted actions"
NONE = "none"
_DAY = "2026-01-05"
_UNITS_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


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
        definition=_definition(table),
        reads=tuple(reads),
        outcomes=tuple(outcome for *_, outcome in told),
        expected=_expected(table.get("expected", HEADER)),
        revenue=_revenue(table.get("revenue", "")),
        sessions=_sessions(table.get("sessions", "")),
        conversions=_conversions(table.get("conversions", "")),
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


def _definition(table: Mapping[str, Any]) -> Definition:
    spans: dict[str, Any] = {name: _span(span) for name, span in table.get("times", {}).items()}
    return Definition(
        funnels=tuple(_funnel(funnel) for funnel in table.get("funnel", [])),
        micros=tuple(
            Micro(m["name"], m.get("event", m["name"]), _where(m), m.get("of", "session"), _weight(m))
            for m in table.get("micro", [])
        ),
        dimensions=tuple(
            Dimension(
                name,
                "" if "cross" in d else d.get("field", name),
                tuple(d.get("values", ())),
                d.get("max_values", 20),
                tuple(d.get("cross", ())),
            )
            for name, d in table.get("dimensions", {}).items()
        ),
        times=Times(**spans),
    )


def _funnel(table: Mapping[str, Any]) -> Funnel:
    steps = tuple(
        Step(
            step["name"],
            step.get("event", step["name"]),
            _where(step),
            step.get("optional", False),
            _span(step["within"]) if "within" in step else None,
            step.get("macro", False),
            _weight(step),
        )
        for step in table["steps"]
    )
    names = [step.name for step in steps]
    return Funnel(
        table["name"],
        steps,
        _span(table.get("within", "30m")),
        table.get("reentry", "latest"),
        table.get("order", "ordered"),
        tuple(_exclusion(exclude, names) for exclude in table.get("exclude", [])),
        table.get("scope", "session"),
    )


def _exclusion(table: Mapping[str, Any], names: list[str]) -> Exclusion:
    """Return an exclusion; without ``from`` it is from the first step, without ``to`` to the last."""
    first, last = table.get("from", names[0]), table.get("to", names[-1])
    return Exclusion(table["event"], _where(table), names.index(first), names.index(last))


def _where(table: Mapping[str, Any]) -> tuple[Condition, ...]:
    return tuple(
        Condition(field, (patterns,) if isinstance(patterns, str) else tuple(patterns))
        for field, patterns in table.get("where", {}).items()
    )


def _weight(table: Mapping[str, Any]) -> int:
    return round(1_000_000 * float(table.get("weight", 0)))


def _span(text: str) -> int:
    number = text.rstrip("dhms")
    return int(number) * _UNITS_MS[text.removeprefix(number)]
