"""Instants as events carry them: whole ms since the epoch, or ISO 8601."""

from datetime import datetime, timedelta

LATEST_MS = 253_402_300_799_999
"""The end of the year 9999."""


def instant_ms(found: object) -> int | None:
    """Return an instant in ms since the epoch, fractions of a ms dropped.

    Text is ISO 8601 with date, hour and minute (``2026-01-05T13:00``); without an offset it is UTC.

    Returns:
        ``None`` if it is no instant, or lies before 1970 or after 9999.
    """
    if isinstance(found, str):
        if len(found) < 16 or found[4] != "-" or found[10] not in "Tt " or found[13] != ":":
            return None
        try:
            moment = datetime.fromisoformat(found.upper())
        except ValueError:
            return None
        offset = moment.utcoffset() or _NO_OFFSET
        found = (moment.replace(tzinfo=None) - _EPOCH - offset) // _MILLISECOND
    if type(found) is int and 0 <= found <= LATEST_MS:  # a bool is no instant
        return found
    return None


_EPOCH = datetime(1970, 1, 1)
_MILLISECOND = timedelta(milliseconds=1)
_NO_OFFSET = timedelta()
