"""Numbers as people read them."""

NOTHING = "-"
"""Stands where there is no data, which is not 0."""


def percent(ratio: float | None) -> str:
    """Return a ratio 0..1 as people read it."""
    return NOTHING if ratio is None else f"{ratio:.1%}"


def milliseconds(ms: int) -> str:
    """Return a short time with a fitting unit."""
    return f"{ms} ms" if ms < 10_000 else f"{ms / 1000:.0f} s"


def span(ms: float) -> str:
    """Return a span as exactly as people want to know it: ``0.3 s``, ``48 s``, ``5 min``."""
    seconds = ms / 1000
    if seconds < 9.95:
        return f"{max(0.0, seconds):.1f} s"
    for unit, size, most in (("s", 1, 120), ("min", 60, 120), ("h", 3600, 48)):
        if seconds / size < most:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds / 86_400:.0f} days"


def printable(text: str) -> str:
    """Return text that changes nothing but its own place on a screen: values are what visitors sent."""
    return text if text.isprintable() else "".join(c if c.isprintable() else "?" for c in text)


def count(number: int) -> str:
    """Return a count in at most 9 characters."""
    if number < 10_000_000:
        return f"{number:,}"
    return f"{number / 1e6:,.1f}M" if number < 10_000_000_000 else f"{number / 1e9:,.1f}G"
