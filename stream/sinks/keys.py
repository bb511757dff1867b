"""Names of all keys in Redis, in one table: what follows the prefix, what it holds, how long it lives."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from stream.core.closed import MATURE, PARTIAL, ROW_FIELDS, WINDOW_END, WINDOW_START
from stream.core.event import OUTCOME_MEANINGS
from stream.core.facts import FACT_FIELDS
from stream.core.fields import Field
from stream.core.rate import FINAL_RATIO, MATURE_RATIO, RATE_FIELDS, REVENUE
from stream.core.segment import encode
from stream.core.timing import TIME_FIELDS
from stream.units import duration_text

LIVE_FOR_MS = 3_600_000
"""How long a live value outlives the worker that wrote it."""

_LIVE_FOR = f"{duration_text(LIVE_FOR_MS)} from its last write"
_PAGES = "pages are groups and paths (`pages` of the configuration), the rest is `__other__`"
_HISTORY = "`redis.history` from its last write"


class Key(NamedTuple):
    """A kind of key.

    Attributes:
        type: Redis' type.
        holds: What is in it.
        lives: When it expires.
        fields: Of a hash, or of the JSON of a member.
        watched_only: Whether of the segments only those that alerts watch have one.
    """

    type: Literal["hash", "sorted set", "set"]
    holds: str
    lives: str
    fields: tuple[Field, ...] = ()
    watched_only: bool = False


class Channel(NamedTuple):
    """A channel of messages: what a message tells, and the fields of its JSON."""

    tells: str
    fields: tuple[Field, ...]


RATE_HASH: tuple[Field, ...] = (
    WINDOW_START,
    WINDOW_END,
    *RATE_FIELDS,
    Field("from_previous", "`converted` per `converted` of the step before that is not optional", "0..1"),
    Field("drop_off", "`1 - from_previous`", "0..1"),
    MATURE_RATIO,
    FINAL_RATIO,
    REVENUE._replace(unit=f"{REVENUE.unit}, as JSON"),
    MATURE,
    PARTIAL,
    Field("closed_until", "minutes that end by then are closed", "ms since the epoch"),
)
"""Fields of a sliding window. Ratios are absent where there were no sessions to divide by."""

SESSION_HASH: tuple[Field, ...] = (WINDOW_START, WINDOW_END, *FACT_FIELDS)
"""Fields of the sessions of a sliding window. What there is no data of is absent."""

TIME_HASH: tuple[Field, ...] = (WINDOW_START, WINDOW_END, *TIME_FIELDS)
"""Fields of the conversions of a funnel in a sliding window. What there is no data of is absent."""

STATUS_HASH: tuple[Field, ...] = (
    Field("watermark", "time that all partitions have passed", "ms since the epoch"),
    Field("lag", "how far the work is behind the clock", "ms"),
    Field("workers", "workers that have partitions", "count"),
    *(Field(outcome, f"records {text}", "count") for outcome, text in OUTCOME_MEANINGS.items()),
)

FENCE_HASH: tuple[Field, ...] = (
    Field("born", "when the state was first made", "ms since the epoch"),
    Field("seq", "number of the flush that the values stand for"),
    Field("writer", "who wrote last"),
    Field("call", "number of that writer's call"),
    Field("state", "`rebuilding` while a new owner writes everything, then `complete`"),
)

KEYS: Mapping[str, Key] = {
    "rate:{measure}:{size}:{segment}": Key("hash", "the sliding window that ends now", _LIVE_FOR, RATE_HASH),
    "session:{size}:{segment}": Key(
        "hash",
        "the sessions that began in the sliding window that ends now; they close a timeout after their last"
        " event, so a window shorter than that has no closed ones",
        _LIVE_FOR,
        SESSION_HASH,
    ),
    "time:{funnel}:{size}:{segment}": Key(
        "hash",
        "time to conversion: of each funnel with a macro step, what reached that in the sliding window that"
        " ends now",
        _LIVE_FOR,
        TIME_HASH,
    ),
    "page:{size}": Key(
        "hash",
        "by page the mean time of a stay on it (ms), of sessions that began in the sliding window that ends"
        " now and have closed; " + _PAGES,
        _LIVE_FOR,
    ),
    "leave:{measure}": Key(
        "sorted set",
        "by page how many sessions, and attempts across sessions, that got no further than this step of a"
        " funnel ended there, in the last 24 hours",
        _LIVE_FOR,
    ),
    "went_on:{measure}": Key(
        "sorted set",
        "by page how many sessions that ended in the last 24 hours had gone on to a later step from there,"
        " and how many attempts across sessions did in these hours",
        _LIVE_FOR,
    ),
    "history:{measure}:{segment}": Key(
        "sorted set",
        "the closed minutes of `all` and of the segments that alerts watch, by `window_start`: one JSON each",
        _HISTORY,
        ROW_FIELDS,
        watched_only=True,
    ),
    "segments:{dimension}": Key("set", "values seen", _HISTORY),
    "status": Key("hash", "how the work goes", _LIVE_FOR, STATUS_HASH),
    "fence": Key("hash", "which state, and which flush of it, the values stand for", "for ever", FENCE_HASH),
}
"""Keys by pattern."""

PASSAGES = ("leave:{measure}", "went_on:{measure}")
"""Those of them that only the steps of a session's funnel but the last have."""

CHANNELS: Mapping[str, Channel] = {
    "rates": Channel(
        "one JSON a publish tick",
        (
            Field("watermark", "as in the status", "ms since the epoch"),
            Field("flush", "number of the flush, as `seq` of the fence"),
            Field("rates", "windows of `all` that changed: `measure`, `segment`, `size`, fields of the hash"),
        ),
    )
}
"""Channels of messages, by what follows the prefix."""


class Keys:
    """Makes the keys of one prefix."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self.status = f"{prefix}:status"
        self.fence = f"{prefix}:fence"
        self.rates_channel = f"{prefix}:rates"

    def rate(self, measure: str, size: str, segment: str) -> str:
        """Return the key of a sliding window."""
        return f"{self._prefix}:rate:{measure}:{size}:{encode(segment)}"

    def session(self, size: str, segment: str) -> str:
        """Return the key of the sessions of a sliding window."""
        return f"{self._prefix}:session:{size}:{encode(segment)}"

    def time(self, funnel: str, size: str, segment: str) -> str:
        """Return the key of the time to conversion of a funnel in a sliding window."""
        return f"{self._prefix}:time:{funnel}:{size}:{encode(segment)}"

    def page(self, size: str) -> str:
        """Return the key of the times on pages in a sliding window."""
        return f"{self._prefix}:page:{size}"

    def leave(self, measure: str) -> str:
        """Return the key of the pages on which sessions got no further."""
        return f"{self._prefix}:leave:{measure}"

    def went_on(self, measure: str) -> str:
        """Return the key of the pages from which sessions went on."""
        return f"{self._prefix}:went_on:{measure}"

    def history(self, measure: str, segment: str) -> str:
        """Return the key of a measure's closed minutes."""
        return f"{self._prefix}:history:{measure}:{encode(segment)}"

    def segments(self, dimension: str) -> str:
        """Return the key of a dimension's values."""
        return f"{self._prefix}:segments:{dimension}"
