"""Turn one record as it was read into an event, or find the reason why it is none.

Where a record has several faults, the reason is the first that applies in the order of the closed list; only
size is looked at before anything else, because what is too large is not parsed at all, and depth next.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf, isinf
from typing import Any

from stream.core.event import Reason
from tests.oracle.instant import LAST_MS, BadTimeError, corrected, milliseconds
from tests.oracle.origin import channel, device

MAX_BYTES = 32 * 1024
MAX_DEPTH = 32
MAX_PROPERTIES = 100
MAX_NAME = 100
MAX_VALUE = 1_000

VISITOR_FIELDS = ("visitor_id", "user_id", "session_id")
TEXT_FIELDS = {
    *VISITOR_FIELDS,
    "name",
    "event_id",
    "page",
    "referrer",
    "device",
    "source",
    "medium",
    "campaign",
    "country",
    "user_type",
    "variant",
    "user_agent",
    "currency",
    "email_sha256",
}
READABLE_FIELDS = TEXT_FIELDS | {"value"}


@dataclass(frozen=True, slots=True)
class Read:
    """One record as it was read; ``timestamp_ms`` is the record's own, -1 where it has none."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    value: bytes | None


@dataclass(frozen=True, slots=True)
class Event:
    """A valid event; ``time`` is corrected, ms.

    ``fields`` are its non-empty fields as text, ``numbers`` those of them that are numbers of JSON. Among the
    fields are those that follow from others: ``device`` where only the user agent tells it, ``channel``.
    """

    partition: int
    visitor: str
    session_id: str
    event_id: str
    name: str
    time: int
    fields: Mapping[str, str]
    numbers: Mapping[str, int | float] = field(default_factory=dict)

    def field(self, name: str) -> str:
        """Return a field as text, empty where absent."""
        return self.fields.get(name, "")


class RejectedError(Exception):
    """The record is no event; carries the reason from the closed list."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


def event_of(read: Read, max_future: int) -> Event:
    """Return the event in a record.

    Raises:
        RejectedError: It holds none.
    """
    record = _object(read.value)
    if _absent(record.get("name")):
        raise RejectedError("missing_name")
    if all(_absent(record.get(field)) for field in VISITOR_FIELDS):
        raise RejectedError("missing_visitor")
    try:
        said = milliseconds(record.get("time"))
        sent, received = (
            None if record.get(field) is None else milliseconds(record[field])
            for field in ("sent_at", "received_at")
        )
        arrival = received if received is not None else _timestamp(read)
        time = corrected(said, sent, arrival)
    except BadTimeError:
        raise RejectedError("bad_time") from None
    if arrival is not None and time > arrival:
        if time - arrival > max_future:
            raise RejectedError("future_time")
        time = arrival
    if not _well_typed(record):
        raise RejectedError("bad_field")
    readable = _readable(record)
    fields = {name: text for name, value in readable.items() if (text := _text(value))}
    fields["name"] = fields["name"][:MAX_NAME]
    told = {"device": device(fields.get("user_agent", "")), "channel": channel(fields)}
    fields = {name: text for name, text in told.items() if text} | fields
    visitor = next(fields[field] for field in VISITOR_FIELDS if field in fields)
    made = "\x1f".join((visitor, fields["name"], str(said), fields.get("page", "")))
    return Event(
        partition=read.partition,
        visitor=visitor,
        session_id=fields.get("session_id", ""),
        event_id=fields.get("event_id", made),
        name=fields["name"],
        time=time,
        fields=fields,
        numbers={name: value for name, value in readable.items() if _is_number(value)},
    )


def _timestamp(read: Read) -> int | None:
    """Return when the record arrived; what is no time (none at all, or nearly beyond 9999) tells nothing."""
    return read.timestamp_ms if 0 <= read.timestamp_ms < LAST_MS else None


def _object(value: bytes | None) -> dict[str, Any]:
    """Return the JSON object in the bytes, which is not too large and not too deep."""
    if value is not None and len(value) > MAX_BYTES:
        raise RejectedError("too_large")
    try:
        text = (value or b"").decode("utf-8")
        record = json.loads(text, parse_constant=_no_constant, parse_int=_integer)
        if "\\u" in text:  # half of a surrogate pair is no character
            json.dumps(record, ensure_ascii=False).encode("utf-8")
    except RecursionError:
        raise RejectedError("too_deep") from None
    except ValueError:  # also what is no UTF-8
        raise RejectedError("not_json") from None
    # Without so many brackets it cannot be too deep; this spares nearly all records the walk.
    if text.count("{") + text.count("[") > MAX_DEPTH and _depth(record) > MAX_DEPTH:
        raise RejectedError("too_deep")
    if not isinstance(record, dict):
        raise RejectedError("not_an_object")
    return record


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _integer(digits: str) -> int | float:
    """Read an integer; one beyond any number we know of becomes an infinite float, which fits no field."""
    return int(digits) if len(digits.lstrip("-")) <= 300 else inf


def _depth(value: object, left: int = MAX_DEPTH + 1) -> int:
    """Return how deep a value is nested, counted no further than ``left``."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    if inner is None or left == 0:
        return 0
    return 1 + max((_depth(item, left - 1) for item in inner), default=0)


def _absent(value: object) -> bool:
    return value is None or value == ""


def _well_typed(record: Mapping[str, Any]) -> bool:
    """Say whether every field of the canonical event has its type; null is as good as absent."""
    if not all(isinstance(record[field], str | None) for field in TEXT_FIELDS & record.keys()):
        return False
    value = record.get("value")
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float | None)
        or (isinstance(value, float) and isinf(value))
    ):
        return False
    props = record.get("props")
    if not isinstance(record.get("items"), list | None) or not isinstance(props, dict | None):
        return False
    if any(isinstance(nested, list | dict) for nested in (props or {}).values()):  # properties are flat
        return False
    consent = record.get("consent")
    if not isinstance(consent, dict | None):
        return False
    answers = ((consent or {}).get(field) for field in ("ad_user_data", "ad_personalization"))
    return all(isinstance(answer, bool | None) for answer in answers)


def _readable(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that can be read, properties as ``props.NAME``, names cut to their limit."""
    fields = {field: record[field] for field in READABLE_FIELDS & record.keys()}
    properties = list((record.get("props") or {}).items())[:MAX_PROPERTIES]
    return fields | {f"props.{name[:MAX_NAME]}": value for name, value in properties}


def _is_number(value: object) -> bool:
    """A number of JSON; true and false are none, though Python takes them for some."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _text(value: object) -> str:
    """Return a scalar as JSON writes it, text without its quotes; null is empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)[:MAX_VALUE]
