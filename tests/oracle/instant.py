"""Read the times of an event and put its time right by the arrival."""

import re
from datetime import datetime, timedelta

LAST_MS = 253_402_300_799_999
"""The last millisecond of the year 9999."""

_ISO_8601 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?"
    r"([Zz]|[+-][0-9]{2}(:?[0-9]{2})?)?"
)
_EPOCH = datetime(1970, 1, 1)
_MILLISECOND = timedelta(milliseconds=1)


class BadTimeError(ValueError):
    """What stands for a time is none, or lies outside the years 1970 to 9999."""


def milliseconds(value: object) -> int:
    """Return a time as ms since the epoch, fractions of a millisecond dropped.

    Integers are ms already; text is ISO 8601 with date and time, UTC unless it has an offset.

    Raises:
        BadTimeError: It is neither, or before 1970 or after 9999.
    """
    if isinstance(value, str):
        return _within_years(_parsed(value))
    if isinstance(value, int) and not isinstance(value, bool):
        return _within_years(value)
    raise BadTimeError(value)


def corrected(time: int, sent_at: int | None, arrival: int | None) -> int:
    """Return ``arrival - (sent_at - time)``, or ``time`` where one of the two is not known.

    Raises:
        BadTimeError: The corrected time is before 1970 or after 9999.
    """
    if sent_at is None or arrival is None:
        return time
    return _within_years(arrival - (sent_at - time))


def _parsed(text: str) -> int:
    if not _ISO_8601.fullmatch(text):
        raise BadTimeError(text)
    before_leap = re.sub(r"^(.{16}):60", r"\1:59", text)
    try:
        moment = datetime.fromisoformat(before_leap.upper())
    except ValueError:
        raise BadTimeError(text) from None
    offset = moment.utcoffset() or timedelta(0)
    # Spans are subtracted, not moments: with its offset a moment may leave what a datetime can hold.
    since = moment.replace(tzinfo=None) - _EPOCH - offset
    if before_leap != text:
        since += timedelta(seconds=1)
        if since % timedelta(days=1) >= timedelta(seconds=1):
            raise BadTimeError(text)
    return since // _MILLISECOND


def _within_years(ms: int) -> int:
    if not 0 <= ms <= LAST_MS:
        raise BadTimeError(ms)
    return ms
