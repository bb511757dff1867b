"""The canonical event, and the closed list of reasons for which a record is none."""

from typing import Any, Literal

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


class Event(msgspec.Struct, gc=False):
    """One step of a visitor on the site, with everything the core needs of it.

    ``time`` is the corrected event time, ms since the epoch; ``event_id`` and ``visitor`` are never empty;
    ``session_id`` is empty where the client sent none. ``fields`` reads optional fields by name (``page``,
    ``props.plan``) as text, empty where absent.
    """

    name: str
    time: int
    visitor: str
    event_id: str
    session_id: str
    fields: Any

    def field(self, name: str) -> str:
        """Return an optional field as text, or an empty string."""
        return str(self.fields.get(name, ""))


class Rejected(msgspec.Struct, frozen=True):
    """A record that is no event: the reason from the closed list, and what was found where."""

    reason: Reason
    detail: str
