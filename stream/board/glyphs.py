"""Numbers as characters: bars and sparklines, in plain ASCII where the terminal has nothing better."""

from collections.abc import Sequence

_EIGHTHS = " ▏▎▍▌▋▊▉█"
_LEVELS = "▁▂▃▄▅▆▇█"
_ASCII_LEVELS = "_.-:=+*#"


def bar(ratio: float, width: int, *, ascii_only: bool = False) -> str:
    """Return a bar of ``ratio`` (0..1; more is cut) of ``width`` characters, without trailing spaces."""
    share = min(max(ratio, 0.0), 1.0)
    if ascii_only:
        return "#" * round(share * width)
    whole, rest = divmod(round(share * width * 8), 8)
    return ("█" * whole + _EIGHTHS[rest]).rstrip()


def sparkline(values: Sequence[float | None], most: float, width: int, *, ascii_only: bool = False) -> str:
    """Return the last ``width`` values as a line of columns between 0 and ``most``; no data is a space."""
    levels = _ASCII_LEVELS if ascii_only else _LEVELS
    top = len(levels) - 1
    return "".join(
        " " if value is None else levels[min(top, round(value / most * top))] if most > 0 else levels[0]
        for value in values[-width:]
    )
