"""Events in brief: what counting reads of them, which is little, and of which much is shared.

An event takes 800 bytes of memory, and as much work again to be written to the temporary file, read back and
freed. In brief it takes less than half: what it matches and says is a number, as most say what others do.
"""

from typing import Final

import msgspec

from stream.core.partition import Reading

NUMBERED: Final = 50_000
"""How many different readings have numbers; whatever else events say is kept with each of them."""


class Brief(msgspec.Struct, array_like=True, gc=False):
    """An event in brief.

    Attributes:
        time: When it happened, ms.
        event_id: Its id.
        visitor_id: Who it was.
        session_id: The client's session; empty: it names none.
        what: What it matches and says: the number of a reading, or the reading itself.
    """

    time: int
    event_id: str
    visitor_id: str
    session_id: str
    what: int | Reading


class Readings:
    """Numbers readings: what most events match and say others do, too.

    Attributes:
        known: The readings by number.
        numbers: The number of each.
    """

    def __init__(self) -> None:
        self.known: list[Reading] = []
        self.numbers: dict[Reading, int] = {}

    def number(self, reading: Reading) -> int | Reading:
        """Give a reading a number, if there is one left and no money in it; return what stands for it."""
        if len(self.known) >= NUMBERED or reading[2]:  # few are worth the same
            return reading
        number = self.numbers[reading] = len(self.known)
        self.known.append(reading)
        return number

    def of(self, brief: Brief) -> Reading:
        """Return the reading of an event."""
        what = brief.what
        return what if isinstance(what, tuple) else self.known[what]
