"""Kinds of events: which conditions of its name hold for one, as a small number that state can keep.

Names are numbered from 1 on; the bits below say which of the name's conditions hold. 0 stands for all other
names.
"""

from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import Final

from stream.core.condition import Test, all_hold
from stream.core.definition import Condition
from stream.core.event import TEXT_FIELDS, Event
from stream.core.labels import KNOWN_LENGTH, KNOWN_LIMIT

MOST_CONDITIONS: Final = 40
"""Of one event name: state keeps which of them hold as bits of one integer of 64, beside other things."""


class Kinds:
    """Tells the kinds of events.

    Attributes:
        bits: How many bits a kind has.
        fixed: The kind of events of a name, where it depends on nothing else.
    """

    def __init__(self, conditions: Mapping[str, Sequence[tuple[Condition, ...]]]) -> None:
        """Begin; ``conditions`` are all different ones on events of each name, in the order of numbers."""
        self._shift = max(map(len, conditions.values()))
        self.bits = self._shift + len(conditions).bit_length()
        self.fixed: dict[str, int] = {}
        self._tests: dict[str, tuple[int, list[Test]]] = {}
        self._known: dict[str, tuple[Callable[[Event], str | None], dict[str | None, int]]] = {}
        """Of names for which one text field decides, mostly the page: that, and kinds by what it said."""
        for number, (name, wheres) in enumerate(conditions.items(), start=1):
            if not wheres:
                self.fixed[name] = number << self._shift
                continue
            self._tests[name] = number << self._shift, [all_hold(where) for where in wheres]
            fields = {condition.field for where in wheres for condition in where}
            if len(fields) == 1 and fields < set(TEXT_FIELDS):
                self._known[name] = attrgetter(fields.pop()), {}

    def of(self, event: Event) -> int:
        """Return the kind of an event."""
        known = self._known.get(event.name)
        if known is None:
            return self._judge(event)
        get, kinds = known
        said = get(event)
        kind = kinds.get(said)
        if kind is None:
            if len(kinds) >= KNOWN_LIMIT:
                kinds.clear()
            kind = self._judge(event)
            if len(said or "") <= KNOWN_LENGTH:
                kinds[said] = kind
        return kind

    def _judge(self, event: Event) -> int:
        found = self._tests.get(event.name)
        if found is None:
            return self.fixed.get(event.name, 0)
        kind, tests = found
        for place, holds in enumerate(tests):
            if holds(event):
                kind |= 1 << place
        return kind

    def name(self, kind: int) -> int:
        """Return the number of the name of a kind, counted from 0; -1: it is none of the names."""
        return (kind >> self._shift) - 1
