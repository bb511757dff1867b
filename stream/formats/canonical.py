"""Canonical events: a JSON object a record, decoded by its type, checked, and made whole."""

import msgspec

from stream.core.event import NAME_LIMIT, VALUE_LIMIT, Event, Reason, Rejected
from stream.formats.instant import LATEST_MS, instant_ms

SIZE_LIMIT = 32 * 1024
"""Largest record, in bytes."""

DEPTH_LIMIT = 32
"""Deepest nesting of objects and lists; the event itself is the first."""

PROPS_LIMIT = 100
"""Most properties of an event."""

_decode = msgspec.json.Decoder(Event).decode
_decode_any = msgspec.json.Decoder().decode


def parse(record: bytes | None, arrival: int, max_future: int) -> Event | Rejected:
    """Return the event of a record.

    Args:
        record: The record's value.
        arrival: The record's own timestamp, ms: when it arrived, unless the event says ``received_at``.
        max_future: How far ahead of its arrival an event's time may be, ms; it is then the arrival.
    """
    if record is None:
        return Rejected("not_json", "the record is empty (a tombstone)")
    if len(record) > SIZE_LIMIT:
        return Rejected("too_large", f"{len(record)} bytes; at most {SIZE_LIMIT}")
    if record.count(b"{") + record.count(b"[") > DEPTH_LIMIT and _depth(record) > DEPTH_LIMIT:
        return Rejected("too_deep", f"nested deeper than {DEPTH_LIMIT}")
    try:
        event = _decode(record)
    except (ValueError, RecursionError) as error:
        return _why(record, error)
    if not event.name:
        return Rejected("missing_name", "name: found nothing; wanted: the event's name")
    if not (event.visitor_id or event.user_id or event.session_id):
        return Rejected("missing_visitor", "visitor_id, user_id, session_id: found none; wanted: one of them")
    return _made_whole(event, len(record), arrival, max_future)


def _made_whole(event: Event, size: int, arrival: int, max_future: int) -> Event | Rejected:
    """Put right the event's time, and fill in who and which it is."""
    said = event.time
    time = said if type(said) is int else instant_ms(said)
    if (
        time is None
        or not 0 <= time <= LATEST_MS
        or event.sent_at is not None
        or event.received_at is not None
    ):
        stated = instant_ms(said)
        if stated is None:
            return Rejected("bad_time", f"time: found {said!r}; wanted: ISO 8601 or ms since the epoch")
        if event.received_at is not None:
            received = instant_ms(event.received_at)
            if received is None:
                return Rejected("bad_time", f"received_at: found {event.received_at!r}; wanted: an instant")
            arrival = received
        time = stated
        if event.sent_at is not None:
            sent = instant_ms(event.sent_at)
            if sent is None:
                return Rejected("bad_time", f"sent_at: found {event.sent_at!r}; wanted: an instant")
            time = arrival - (sent - stated)
            if not 0 <= time <= LATEST_MS:
                return Rejected("bad_time", f"time: {time} ms when corrected by sent_at {event.sent_at!r}")
    else:
        stated = time
    if time > arrival:
        if time - arrival > max_future:
            return Rejected(
                "future_time", f"time: {time - arrival} ms ahead of its arrival; at most {max_future}"
            )
        time = arrival
    event.time = time
    if len(event.name) > NAME_LIMIT:
        event.name = event.name[:NAME_LIMIT]
    if not event.visitor_id:
        event.visitor_id = event.user_id or event.session_id
    if size > VALUE_LIMIT:
        _cut(event)
    if not event.event_id:
        event.event_id = "\x1f".join(
            (event.visitor_id or "", event.name, str(stated), (event.page or "")[:VALUE_LIMIT])
        )
    return event


def _cut(event: Event) -> None:
    """Cut what is longer than its limit; only large records can hold such a thing."""
    for field in ("visitor_id", "session_id", "event_id"):
        text = getattr(event, field)
        if text is not None and len(text) > VALUE_LIMIT:
            setattr(event, field, text[:VALUE_LIMIT])
    if event.props is not None:
        kept = list(event.props.items())[:PROPS_LIMIT]
        event.props = {name[:NAME_LIMIT]: value for name, value in kept}


_NESTED = (dict, list)


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


def _why(record: bytes, error: Exception) -> Rejected:
    """Say why a record could not be decoded: the first of the reasons, in the order of what matters."""
    reason: Reason = "bad_field"
    try:
        found = _decode_any(record)
    except (ValueError, RecursionError) as broken:
        return Rejected("too_deep" if isinstance(broken, RecursionError) else "not_json", str(broken))
    if not isinstance(found, dict):
        return Rejected("not_an_object", f"found {type(found).__name__}; wanted: an object")
    if found.get("name") is None:
        reason = "missing_name"
    elif not isinstance(found["name"], str):
        reason = "bad_field"
    elif all(found.get(key) in (None, "") for key in ("visitor_id", "user_id", "session_id")):
        reason = "missing_visitor"
    elif any(
        found.get(key) is not None and not _is_instant(found[key])
        for key in ("time", "sent_at", "received_at")
    ):
        reason = "bad_time"
    return Rejected(reason, str(error))


def _is_instant(found: object) -> bool:
    return isinstance(found, int | str) and not isinstance(found, bool)
