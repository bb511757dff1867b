"""Instants as events carry them: whole ms since the epoch, or ISO 8601."""

from datetime import UTC, datetime

LATEST_MS = 253_402_300_799_999
"""The end of the year 9999."""


def instant_ms(found: int | str | None) -> int | None:
    """Return an instant in ms since the epoch; text without an offset is UTC.

    Returns:
        ``None`` if it is neither, or lies before 1970 or after 9999.
    """
    if isinstance(found, str):
        try:
            moment = datetime.fromisoformat(found)
        except ValueError:
            return None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        delta = moment - _EPOCH
        found = delta.days * 86_400_000 + delta.seconds * 1_000 + delta.microseconds // 1_000
    if found is None or not 0 <= found <= LATEST_MS:
        return None
    return found


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
