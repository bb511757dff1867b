"""The canonical event, and the closed list of reasons for which a record is none."""

from collections.abc import Mapping
from typing import Any, Final, Literal, final

import msgspec

from stream.core.agent import DEVICES
from stream.core.channel import channel_of
from stream.core.fields import Field

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

REASON_MEANINGS: Mapping[Reason, str] = {
    "not_json": "it is no JSON text in UTF-8, or empty",
    "not_an_object": "it is JSON, but no object",
    "too_large": "it is larger than 32 KiB",
    "too_deep": "it is nested deeper than 32 objects and lists",
    "missing_name": "`name` is missing",
    "missing_visitor": "`visitor_id`, `user_id` and `session_id` are missing, all three",
    "bad_time": "`time`, `sent_at` or `received_at` is missing or no time",
    "future_time": "`time` is further ahead of its arrival than `time.max_future`",
    "bad_field": "another field has a value of the wrong type",
}
"""What is wrong with a record."""

REASONS: tuple[Reason, ...] = tuple(REASON_MEANINGS)

Outcome = Literal["counted", "duplicate", "late", "rejected", "bot"]
"""What became of a record that was read; every record has exactly one."""

OUTCOME_MEANINGS: Mapping[Outcome, str] = {
    "counted": "that are in the numbers",
    "duplicate": "of which an event with the same `event_id` was counted before",
    "late": "that are older than the lateness that is allowed: set aside",
    "rejected": "that are no events: set aside",
    "bot": "of programs: the user agent says so, or the session had 2,000 steps before",
}
"""What became of them, as it is said after "records"."""

OUTCOMES: tuple[Outcome, ...] = tuple(OUTCOME_MEANINGS)

NAME_LIMIT: Final = 100
"""Longest event name, in characters; a longer one is cut."""

DETAIL_LIMIT: Final = 300
"""Longest explanation of a rejection that is passed on, in characters; a longer one is cut."""

VALUE_LIMIT: Final = 1_000
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

    @property
    def channel(self) -> str:
        """The channel that the event speaks of; no field: what is sent under this name is not read."""
        return channel_of(self.source, self.medium, self.campaign, self.referrer, self.page)


_DEVICES = ", ".join(f"`{device}`" for device in DEVICES)

EVENT_FIELDS: tuple[Field, ...] = (
    Field("name", "what happened, by GA4's recommended name where there is one; needed", "text"),
    Field("time", "when it happened; needed", "ISO 8601 or ms since the epoch"),
    Field("sent_at", "when the tracker sent it, by the clock of `time`, whose error it shows", "as `time`"),
    Field("received_at", "when it was received; default: the record's timestamp", "as `time`"),
    Field("event_id", "two of a visitor with one id are one; default: made of what it says", "text"),
    Field("visitor_id", "who it was; this, `user_id` or `session_id` is needed", "text"),
    Field("user_id", "who it was, when known", "text"),
    Field("session_id", "the tracker's session; without, sessions are made from gaps", "text"),
    Field("page", "where it happened", "text"),
    Field("referrer", "where the visitor came from", "text"),
    Field("device", f"such as `mobile`; default: what the user agent tells: {_DEVICES}", "text"),
    Field("source", "of the visit, such as `google`", "text"),
    Field("medium", "of the visit, such as `email`", "text"),
    Field("campaign", "of the visit", "text"),
    Field("country", "of the visitor", "text"),
    Field("user_type", "`new` or `returning`; default: whether the visitor is known", "text"),
    Field("variant", "of an experiment", "text"),
    Field("user_agent", "the browser's; that of a crawler makes the event `bot`", "text"),
    Field(
        "value",
        "what it is worth: revenue of a macro step, if no more than 10^12 either way; can be read by `where`",
        "number, in `currency`",
    ),
    Field("currency", "of `value`: a code of ISO 4217 in any case; all else is `XXX`", "text"),
    Field("items", "what it is about; not used yet", "list"),
    Field("consent", "`ad_user_data` and `ad_personalization`; not used yet", "object of true or false"),
    Field("email_sha256", "hashed address; not used yet", "text"),
    Field("props", "anything else, flat; read as `props.NAME`", "object"),
)
"""What the fields of an event mean."""


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

_TEXTS = (*TEXT_FIELDS, "name", "event_id", "visitor_id", "user_id", "session_id", "email_sha256")

LABEL_FIELDS: tuple[str, ...] = (*_TEXTS, "channel")
"""What a dimension can read: all fields that are text, and the channel. So it can ``props.NAME``."""

WHERE_FIELDS: tuple[str, ...] = (*_TEXTS, "value")
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
