"""The canonical event, and the closed list of reasons for which a record is none."""

from typing import Any, Literal, final

import msgspec

Reason = Literal[
    "not_json",
    "not_an_object",
    "too_large",
    "too_deep",
    "missing_name",
    "missing_visitor",
    "bad_time",
    "future_time",
    "bad_field",
]
"""Why a record was rejected."""

REASONS: tuple[Reason, ...] = (
    "not_json",
    "not_an_object",
    "too_large",
    "too_deep",
    "missing_name",
    "missing_visitor",
    "bad_time",
    "future_time",
    "bad_field",
)

Outcome = Literal["counted", "duplicate", "late", "rejected", "bot"]
"""What became of a record that was read; every record has exactly one."""

OUTCOMES: tuple[Outcome, ...] = ("counted", "duplicate", "late", "rejected", "bot")

NAME_LIMIT = 100
"""Longest event name, in characters; a longer one is cut."""

VALUE_LIMIT = 1_000
"""Longest text of any other field, in characters; a longer one is cut."""


Scalar = str | int | float | bool | None
"""What a property may be: properties are flat."""


class Consent(msgspec.Struct, gc=False):
    """What the visitor agreed to."""

    ad_user_data: bool | None = None
    ad_personalization: bool | None = None


class Event(msgspec.Struct, gc=False, kw_only=True):
    """What a visitor did, as decoded, then made whole by :mod:`stream.formats.canonical`.

    Made whole means: ``name``, ``visitor_id`` and ``event_id`` are not empty, ``time`` is the corrected event
    time in ms since the epoch. Every other field is optional.
    """

    name: str = ""
    time: int | str | None = None
    sent_at: int | str | None = None
    received_at: int | str | None = None
    event_id: str | None = None
    visitor_id: str | None = None
    user_id: str | None = None
    session_id: str | None = None
    page: str | None = None
    referrer: str | None = None
    device: str | None = None
    source: str | None = None
    medium: str | None = None
    campaign: str | None = None
    country: str | None = None
    user_type: str | None = None
    variant: str | None = None
    user_agent: str | None = None
    value: int | float | None = None
    currency: str | None = None
    items: list[msgspec.Raw] | None = None
    consent: Consent | None = None
    email_sha256: str | None = None
    props: dict[str, Scalar] | None = None


@final
class Rejected(msgspec.Struct, frozen=True):
    """A record that is no event: the reason from the closed list, and what was found where."""

    reason: Reason
    detail: str


TEXT_FIELDS: tuple[str, ...] = (
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
)
"""Optional text fields: a ``where`` or a dimension can read them."""

LABEL_FIELDS: tuple[str, ...] = (
    *TEXT_FIELDS,
    "name",
    "event_id",
    "visitor_id",
    "user_id",
    "session_id",
    "email_sha256",
)
"""Fields that a dimension can read: all that are text. So it can ``props.NAME``."""

WHERE_FIELDS: tuple[str, ...] = (*LABEL_FIELDS, "value")
"""Fields that a ``where`` can read. So it can ``props.NAME``."""


def is_readable(field: str, fields: tuple[str, ...]) -> bool:
    """Whether ``field`` is one of ``fields`` or names a property."""
    return field in fields or (field.startswith("props.") and field != "props.")


def field_text(event: Event, field: str) -> str:
    """Return a field of the event, or of its ``props.``, as text; empty where it is absent."""
    found: Any = (event.props or {}).get(field[6:]) if field.startswith("props.") else getattr(event, field)
    if isinstance(found, str):
        return found if len(found) <= VALUE_LIMIT else found[:VALUE_LIMIT]
    if found is None:
        return ""
    if isinstance(found, bool):
        return "true" if found else "false"
    return str(found)[:VALUE_LIMIT]
