"""Records that are no events, in the ways for which records are rejected."""

import random

import msgspec

from stream.core.event import Reason
from stream.simulate.event import SiteEvent, new_id

_encode = msgspec.json.Encoder().encode


def broken(rng: random.Random, reason: Reason, like: SiteEvent, at_ms: int) -> bytes:
    """Return a record that is rejected for that reason.

    Args:
        rng: Decides between the ways of being broken.
        reason: Why it is to be rejected.
        like: A good event, which the record resembles; its id is another.
        at_ms: When it arrives, ms since the epoch.
    """
    fields = msgspec.to_builtins(like)
    fields["event_id"] = new_id(rng)
    match reason:
        case "not_json":
            whole = _encode(fields)
            return rng.choice((whole[: len(whole) // 2], b"\xff\xfe{}", b"undefined"))
        case "not_an_object":
            return rng.choice((_encode([fields]), b'"page_view"', b"null", b"%d" % at_ms))
        case "too_large":
            fields["props"] = {"html": "x" * rng.choice((33_000, 100_000, 1_000_000))}
        case "too_deep":
            fields["props"] = {"tree": "@"}
            depth = rng.choice((40, 2_000))
            return _encode(fields).replace(b'"@"', b"[" * depth + b"]" * depth)
        case "missing_name":
            del fields["name"]
        case "missing_visitor":
            for field in ("visitor_id", "user_id", "session_id"):
                fields.pop(field, None)
        case "bad_time":
            fields["time"] = rng.choice(("yesterday", "2026-02-30T10:00:00Z", None, True))
        case "future_time":
            fields.pop("sent_at", None)  # it would put the time right
            fields["time"] = at_ms + rng.randint(10 * 60_000, 24 * 3_600_000)
        case "bad_field":
            field, value = rng.choice((("page", 404), ("device", ["mobile"]), ("value", "12,50")))
            fields[field] = value
    return _encode(fields)
