"""Canonical events: a JSON object a record, decoded by its type, checked, and made whole."""

import json
import math
from typing import Final

import msgspec

from stream.core.event import NAME_LIMIT, VALUE_LIMIT, Consent, Event, Rejected
from stream.formats.instant import LATEST_MS, instant_ms

SIZE_LIMIT: Final = 32 * 1024
"""Largest record, in bytes."""

DEPTH_LIMIT: Final = 32
"""Deepest nesting of objects and lists; the event itself is the first."""

PROPS_LIMIT: Final = 100
"""Most properties of an event."""

LONGEST_INTEGER: Final = 300
"""Most digits of an integer; one with more is infinite to us, as it would be as a float."""

LARGEST = 10**LONGEST_INTEGER
"""Integers of so many digits are less."""

UNSEEN: Final = LATEST_MS
"""The arrival of a record that nobody saw arrive (a line of a file, a record without a timestamp): no time is
ahead of it, and no clock is put right by it."""


class _KnownConsent(Consent, forbid_unknown_fields=True):
    """Consent of known fields only."""


class _Known(Event, forbid_unknown_fields=True):
    """An event of known fields only: but for items these are no deeper than their types."""

    consent: _KnownConsent | None = None


_decode_known: Final = msgspec.json.Decoder(_Known).decode
_decode: Final = msgspec.json.Decoder(Event).decode
_decode_any: Final = msgspec.json.Decoder().decode


def arrival_of(timestamp: int) -> int:
    """Return when a record arrived by its timestamp (ms); ``UNSEEN``: it has none, or one that cannot be."""
    return timestamp if 0 <= timestamp < UNSEEN else UNSEEN


def parse(record: bytes | None, arrival: int, max_future: int) -> Event | Rejected:
    """Return the event of a record.

    Args:
        record: The record's value.
        arrival: The record's own timestamp, ms: when it arrived, unless the event says ``received_at``;
            ``UNSEEN``: there is none.
        max_future: How far ahead of its arrival an event's time may be, ms; it is then the arrival.
    """
    if record is None:
        return Rejected("not_json", "the record is empty (a tombstone)")
    size = len(record)
    if size > SIZE_LIMIT:
        return Rejected("too_large", f"{size} bytes; at most {SIZE_LIMIT}")
    skipped = False
    try:
        event: Event = _decode_known(record)
    except (ValueError, RecursionError):
        # It has fields that we do not know, or something is wrong with it.
        try:
            event = _decode(record)
        except (ValueError, RecursionError) as error:
            return _why(record, error, arrival, max_future)
        skipped = True
    if (skipped or event.items is not None) and (hidden := _hidden_fault(record)) is not None:
        return hidden
    name, visitor, said = event.name, event.visitor_id, event.time
    if not name:
        return NO_NAME
    if len(name) > NAME_LIMIT:
        event.name = name[:NAME_LIMIT]
    if not (visitor or event.user_id or event.session_id):
        return NO_VISITOR
    sent, received = event.sent_at, event.received_at
    stands = sent is None and received is None
    if stands and type(said) is int and 0 <= said <= arrival:
        stated: int | None = said
    else:
        stated = instant_ms(said)
        if stands and stated is not None and stated <= arrival:
            event.time = stated
        else:
            time = _corrected(stated, sent, received, arrival, max_future, said)
            if isinstance(time, Rejected):
                return time
            event.time = time
    value = event.value
    if value is not None and type(value) is int and not -LARGEST < value < LARGEST:
        return Rejected("bad_field", f"value: found an integer of more than {LONGEST_INTEGER} digits")
    if not visitor or not event.event_id or size > VALUE_LIMIT:
        _make_whole(event, stated, size)
    return event


TOO_DEEP: Final = Rejected("too_deep", f"nested deeper than {DEPTH_LIMIT}")
NO_NAME: Final = Rejected("missing_name", "name: found nothing; wanted: the event's name")
NO_VISITOR: Final = Rejected(
    "missing_visitor", "visitor_id, user_id, session_id: found none; wanted: at least one of them"
)


def _corrected(
    time: int | None, sent_at: object, received_at: object, arrival: int, max_future: int, said: object
) -> int | Rejected:
    """Return the event's time, put right by when it was sent and arrived; ``time`` is what was ``said``."""
    if time is None:
        return _bad_time("time", said)
    seen = arrival != UNSEEN or received_at is not None
    if received_at is not None:
        received = instant_ms(received_at)
        if received is None:
            return _bad_time("received_at", received_at)
        arrival = received
    if sent_at is not None:
        sent = instant_ms(sent_at)
        if sent is None:
            return _bad_time("sent_at", sent_at)
        if seen:
            time += arrival - sent
        if not 0 <= time <= LATEST_MS:
            return Rejected("bad_time", f"time: {time} ms when corrected by sent_at {sent_at!r}")
    if time <= arrival:
        return time
    if time > arrival + max_future:
        return Rejected(
            "future_time", f"time: {time - arrival} ms ahead of its arrival; at most {max_future}"
        )
    return arrival


def _bad_time(field: str, found: object) -> Rejected:
    return Rejected("bad_time", f"{field}: found {found!r}; wanted: ISO 8601 or ms since the epoch")


def _make_whole(event: Event, stated: int | None, size: int) -> None:
    """Fill in who and which it is, and cut what is longer than its limit."""
    if not event.visitor_id:
        event.visitor_id = event.user_id or event.session_id
    if size > VALUE_LIMIT:
        _cut(event)
    if not event.event_id:
        event.event_id = "\x1f".join(
            (event.visitor_id or "", event.name, str(stated), (event.page or "")[:VALUE_LIMIT])
        )


def _cut(event: Event) -> None:
    """Cut what is longer than its limit; only large records can hold such a thing."""
    for field in ("visitor_id", "session_id", "event_id", "user_agent"):
        text = getattr(event, field)
        if text is not None and len(text) > VALUE_LIMIT:
            setattr(event, field, text[:VALUE_LIMIT])
    if event.props is not None:
        kept = list(event.props.items())[:PROPS_LIMIT]
        event.props = {name[:NAME_LIMIT]: value for name, value in kept}


_NESTED: Final = (dict, list)


def _hidden_fault(record: bytes) -> Rejected | None:
    """Return what is wrong with a record in a part that the decoder skips: it may be deep, or no text."""
    if _is_too_deep(record):
        return TOO_DEEP
    if not record.isascii() or b"\\" in record:  # one byte is found ten times as quickly as two
        try:
            _decode_anything(record)
        except ValueError as error:
            return Rejected("not_json", str(error))
    return None


def _decode_anything(record: bytes) -> object:
    """Return what a record says, numbers that are too large for a float as infinite.

    Raises:
        ValueError: It is no JSON.
        RecursionError: It is nested too deep.
    """
    try:
        return _decode_any(record)
    except ValueError as error:
        if "out of range" not in str(error):
            raise
    # The grammar of such a number is right, so far.
    return json.loads(record.decode(), parse_int=_integer, parse_constant=_no_constant)


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits.lstrip("-")) <= LONGEST_INTEGER else math.inf


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _is_too_deep(record: bytes) -> bool:
    """Whether a record is nested too deep; most have not even so many brackets."""
    return record.count(b"{") + record.count(b"[") > DEPTH_LIMIT and _depth(record) > DEPTH_LIMIT


def _depth(record: bytes) -> int:
    """Return how deep a record is nested; more than the limit when it cannot be decoded for depth."""
    try:
        level: list[object] = [_decode_any(record)]
    except RecursionError:
        return DEPTH_LIMIT + 1
    except ValueError:
        return 0  # no JSON at all: that is said by the decoder
    depth = 0
    while level := [item for item in level if isinstance(item, _NESTED)]:
        depth += 1
        if depth > DEPTH_LIMIT:
            break
        level = [inner for item in level for inner in (item.values() if isinstance(item, dict) else item)]
    return depth


def _why(record: bytes, error: Exception, arrival: int, max_future: int) -> Rejected:
    """Say why a record could not be decoded: depth, else the first reason in the closed list's order."""
    if _is_too_deep(record):
        return TOO_DEEP
    try:
        found = _decode_anything(record)
    except (ValueError, RecursionError) as broken:
        return Rejected("too_deep" if isinstance(broken, RecursionError) else "not_json", str(broken))
    if not isinstance(found, dict):
        return Rejected("not_an_object", f"found {type(found).__name__}; wanted: an object")
    if found.get("name") in (None, ""):
        return NO_NAME
    if all(found.get(key) in (None, "") for key in ("visitor_id", "user_id", "session_id")):
        return NO_VISITOR
    said = found.get("time")
    time = _corrected(
        instant_ms(said), found.get("sent_at"), found.get("received_at"), arrival, max_future, said
    )
    return time if isinstance(time, Rejected) else Rejected("bad_field", str(error))
