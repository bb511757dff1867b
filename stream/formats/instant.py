"""Instants as events carry them: whole ms since the epoch, or ISO 8601."""

from datetime import datetime, timedelta
from typing import Final

LATEST_MS: Final = 253_402_300_799_999
"""The end of the year 9999."""


def instant_ms(found: object) -> int | None:
    """Return an instant in ms since the epoch, fractions of a ms dropped.

    Text is ISO 8601 with date, hour and minute (``2026-01-05T13:00``); without an offset it is UTC. A leap
    second (``23:59:60`` in UTC) is the one after it, as in Unix time.

    Returns:
        ``None`` if it is no instant, or lies before 1970 or after 9999.
    """
    if isinstance(found, str):
        second = _seconds.get(found[:19])
        rest = _RESTS.get(found[19:])
        return _parsed(found) if second is None or rest is None else second + rest
    if type(found) is int and 0 <= found <= LATEST_MS:  # a bool is no instant
        return found
    return None


def _parsed(text: str) -> int | None:
    if len(text) < 16 or text[4] != "-" or text[10] not in "Tt " or text[13] != ":":
        return None
    leaps = text[16:19] == ":60"
    try:
        moment = datetime.fromisoformat((f"{text[:17]}59{text[19:]}" if leaps else text).upper())
    except ValueError:
        return None
    offset = moment.utcoffset() or _NO_OFFSET
    instant = (moment.replace(tzinfo=None) - _EPOCH - offset) // _MILLISECOND
    if leaps:
        instant += 1_000
        if instant % _DAY_MS >= 1_000:
            return None
    if not 0 <= instant <= LATEST_MS:
        return None
    if text[19:] in _RESTS:
        if len(_seconds) >= _SECONDS_LIMIT:
            _seconds.clear()
        _seconds[text[:19]] = instant - instant % 1_000
    return instant


_EPOCH = datetime(1970, 1, 1)
_MILLISECOND = timedelta(milliseconds=1)
_NO_OFFSET = timedelta()
_DAY_MS: Final = 86_400_000
_seconds: dict[str, int] = {}
"""Seconds met so far, by their text (``2026-01-05T09:12:30``): most events share theirs with others."""
_SECONDS_LIMIT: Final = 10_000
_RESTS: Final = {f".{millis:03}Z": millis for millis in range(1_000)} | {"Z": 0}
"""What follows the seconds as browsers and servers write it."""
