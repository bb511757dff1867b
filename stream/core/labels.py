"""Labels of sessions: read from events, held within bounds, and numbered for the hits of one partition."""

from collections.abc import Callable
from operator import attrgetter
from typing import Final

import msgspec

from stream.core.channel import DIRECT
from stream.core.definition import Dimension
from stream.core.event import Event, field_text

LABEL_LIMIT: Final = 100
"""Longest label, in characters; a longer one is cut."""

OTHER: Final = "__other__"
"""Stands for every value beyond a dimension's bound."""

BEYOND = OTHER + "\x00" * LABEL_LIMIT
"""How a partition says so: longer than any label, so that nobody who sends the word is taken for it."""

FORWARD_FACTOR: Final = 4
"""A partition tells apart so many times ``max_values``; which of them count is the rates owner's to say."""

KNOWN_LIMIT = 50_000
"""How many combinations are remembered before the memory is cleared: it only saves work."""

KNOWN_LENGTH: Final = 400
"""Longest texts that are remembered, in characters: longer ones hardly come again, and take much room."""

Labels = tuple[str, ...]
Said = tuple[str | None, ...]

UNLABELLED: Final = 0
"""Number of the combination without any label: what has it counts in the segment ``all`` alone."""


def unsaid(field: str, returning: bool) -> str:
    """Return what a session's label of a field is where no event says it; mostly: none."""
    if field == "user_type":
        return "returning" if returning else "new"
    return DIRECT if field == "channel" else ""


class LabelReader:
    """Reads the plain dimensions (crosses follow from them) of events, and numbers their combinations.

    Attributes:
        forwarded: For each plain dimension, the unlisted values that are told apart. It is state: a value
            that was once refused stays refused, so what was contributed can be withdrawn.
        changed: Whether ``forwarded`` changed since it was last written.
        combinations: Combinations of labels by number; the first has none.
        said: What was said in each, without bounds, and whether by a returning visitor. Of the first nothing.
        bounded: Whether values are bounded; if not, whoever gets them has to do it.
        say: Returns what an event says in the dimensions' fields.
        seen: The labels of what events said of late; where it is not in it, `of` has them.
    """

    def __init__(self, dimensions: tuple[Dimension, ...]) -> None:
        self.plain = tuple(d for d in dimensions if not d.cross)
        self.user_type = next((i for i, d in enumerate(self.plain) if d.field == "user_type"), -1)
        self.forwarded: list[dict[str, None]] = [{} for _ in self.plain]
        self.changed = False
        self.combinations: list[Labels] = [("",) * len(self.plain)]
        self.said: list[tuple[Labels, bool]] = [((), False)]
        self.bounded = True
        self._listed = [frozenset(d.values) for d in self.plain]
        self._limits = [FORWARD_FACTOR * d.max_values for d in self.plain]
        self._fields = [d.field for d in self.plain]
        self.say: Callable[[Event], Said] = self._say
        if len(self._fields) > 1 and not any(field.startswith("props.") for field in self._fields):
            self.say = attrgetter(*self._fields)
        self.seen: dict[Said, Labels] = {}
        self._numbers: tuple[dict[Labels, int], dict[Labels, int]] = {(): UNLABELLED}, {}
        """Of those of new and of returning visitors."""

    def of(self, event: Event) -> Labels:
        """Return the event's labels, empty where it says nothing."""
        said = self.say(event)
        labels = self.seen.get(said)
        if labels is None:
            if len(self.seen) >= KNOWN_LIMIT:
                self.seen.clear()
            labels = tuple((value or "")[:LABEL_LIMIT] for value in said)
            if sum([len(value) for value in said if value]) <= KNOWN_LENGTH:
                self.seen[said] = labels
        return labels

    def number(self, labels: Labels, returning: bool) -> int:
        """Return the number of a session's combination, with what is unsaid and the bounds applied."""
        numbers = self._numbers[1] if returning else self._numbers[0]
        number = numbers.get(labels)
        if number is None:
            number = numbers[labels] = len(self.combinations)
            self.said.append((labels, returning))
            self.combinations.append(
                tuple(
                    [
                        self._bound(place, value) or unsaid(self._fields[place], returning)
                        for place, value in enumerate(labels)
                    ]
                )
            )
        return number

    def forget(self) -> None:
        """Drop the numbers if there are many. Only when no hit refers to one."""
        if len(self.combinations) > KNOWN_LIMIT:
            for numbers in self._numbers:
                numbers.clear()
            self._numbers[0][()] = UNLABELLED
            del self.combinations[1:]
            del self.said[1:]

    def _say(self, event: Event) -> Said:
        return tuple([field_text(event, field) for field in self._fields])

    def _bound(self, place: int, value: str) -> str:
        if not value or not self.bounded or value in self._listed[place]:
            return value
        forwarded = self.forwarded[place]
        if value in forwarded:
            return value
        if len(forwarded) >= self._limits[place]:
            return BEYOND
        forwarded[value] = None
        self.changed = True
        return value

    def pack(self) -> bytes:
        """Return what has to survive, by names of dimensions."""
        self.changed = False
        return msgspec.msgpack.encode(
            {d.name: list(values) for d, values in zip(self.plain, self.forwarded, strict=True)}
        )

    def unpack(self, row: bytes) -> None:
        """Take back what :meth:`pack` returned."""
        stored = msgspec.msgpack.decode(row, type=dict[str, list[str]])
        self.forwarded = [dict.fromkeys(stored.get(d.name, ())) for d in self.plain]
