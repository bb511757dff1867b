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
        if len(found) == 24 and found[19] == "." and found[23] == "Z":  # as browsers write it
            digits = found[17:19] + found[20:23]
            minute = _minutes.get(found[:17])
            if minute is not None and digits.isascii() and digits.isdigit() and digits < "60000":
                return minute + int(digits)
        return _parsed(found)
    if type(found) is int and 0 <= found <= LATEST_MS:  # a bool is no instant
        return found
    return None


def _parsed(text: str) -> int | None:
    if len(text) < 16 or text[4] != "-" or text[10] not in "Tt " or text[13] != ":":
        return None
    try:
        moment = datetime.fromisoformat(text.upper())
    except ValueError:
        return None
    offset = moment.utcoffset() or _NO_OFFSET
    instant = (moment.replace(tzinfo=None) - _EPOCH - offset) // _MILLISECOND
    if not 0 <= instant <= LATEST_MS:
        return None
    if len(text) == 24 and text[19] == "." and text[23] == "Z":
        if len(_minutes) >= _MINUTES_LIMIT:
            _minutes.clear()
        _minutes[text[:17]] = instant - instant % 60_000
    return instant


_EPOCH = datetime(1970, 1, 1)
_MILLISECOND = timedelta(milliseconds=1)
_NO_OFFSET = timedelta()
_minutes: dict[str, int] = {}
"""Minutes met so far, by their text (``2026-01-05T09:12:``): parsing the rest takes a fifth of the time."""
_MINUTES_LIMIT = 10_000
