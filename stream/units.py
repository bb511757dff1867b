"""Durations, shares and rates as people write them in a configuration: ``30m``, ``30%``, ``1/month``."""

import re

_UNITS_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
_DURATION = re.compile(r"(\d+)\s*(ms|s|m|h|d|w)")
_PERIODS_MS = {"hour": 3_600_000, "day": 86_400_000, "week": 604_800_000, "month": 2_592_000_000}


def duration_ms(text: object) -> int:
    """Return a duration such as ``30m`` or ``1h30m`` in ms.

    Raises:
        ValueError: It is not a sequence of whole numbers with the units ms, s, m, h, d or w.
    """
    if isinstance(text, int) and not isinstance(text, bool):
        return text
    if not isinstance(text, str) or not re.fullmatch(rf"(?:{_DURATION.pattern}\s*)+", text.strip()):
        raise ValueError("a duration such as 10s, 30m, 24h or 8d")
    return sum(int(number) * _UNITS_MS[unit] for number, unit in _DURATION.findall(text))


def duration_text(ms: int) -> str:
    """Return ms as the shortest exact text of one unit: 60000 is ``1m``, 90000 ``90s``, a day ``24h``."""
    for unit in ("d", "h", "m", "s"):
        if ms and ms % _UNITS_MS[unit] == 0 and (unit != "d" or ms > _UNITS_MS[unit]):
            return f"{ms // _UNITS_MS[unit]}{unit}"
    return f"{ms}ms"


def share(text: object) -> float:
    """Return a share such as ``30%`` (or 0.3) as a ratio 0..1.

    Raises:
        ValueError: It is neither, or not between 0 and 1.
    """
    try:
        value = float(text[:-1]) / 100 if isinstance(text, str) and text.endswith("%") else float(str(text))
    except ValueError:
        value = -1.0
    if not 0 < value < 1:
        raise ValueError("a share such as 30% (more than 0, less than 100)")
    return value


def per_ms(text: object) -> float:
    """Return a rate such as ``1/month`` as events per ms (a month is 30 days).

    Raises:
        ValueError: It is not a number, a slash and hour, day, week or month.
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*/\s*(hour|day|week|month)\s*", str(text))
    if match is None or float(match[1]) <= 0:
        raise ValueError("a rate such as 1/month (per hour, day, week or month)")
    return float(match[1]) / _PERIODS_MS[match[2]]


def share_text(ratio: float) -> str:
    """Return a ratio 0..1 as people write it: 0.3 is ``30%``."""
    return f"{ratio * 100:.10g}%"


def per_ms_text(per_ms: float) -> str:
    """Return events per ms as people write them, of the shortest period that has one or more."""
    for name, period in _PERIODS_MS.items():
        count = float(f"{per_ms * period:.10g}")
        if count >= 1:
            return f"{count:.10g}/{name}"
    return f"{count:.10g}/{name}"
