"""What arguments of ``simulate`` have in common: how a wrong one is told, and how moments are written."""

from stream.formats.instant import instant_ms


class UsageError(ValueError):
    """An argument cannot be used; the text names it, what was found and what is wanted."""


def moment_ms(text: str) -> int | None:
    """Return a moment (a day, ISO 8601, or ms since the epoch) in ms; ``None`` if it is none."""
    if text.isdecimal():
        return instant_ms(int(text))
    day_alone = len(text) == len("2026-03-02")
    return instant_ms(f"{text}T00:00" if day_alone else text)
