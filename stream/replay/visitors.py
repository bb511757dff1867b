"""The visitors of a replay: those that were last heard of as objects, the others as rows.

A worker packs each visitor that was touched with every flush, because it has to be durable. Nothing is
durable here, so visitors are packed to save memory only: a row takes a quarter of what the objects do. Few of
a slow site ever are; of a busy one each is packed once or twice.
"""

from collections.abc import Iterator
from itertools import islice

from stream.core.attempt import fold as fold_journey
from stream.core.definition import Times
from stream.core.log import fold
from stream.core.plans import Plans
from stream.core.store import VisitorStore, pack
from stream.core.visitor import Visitor

HELD = 250_000
"""How many visitors are held as objects, besides those of one step: some 1 KB each."""

FOLD_BEYOND = 32
"""Logs that are longer are folded although their visitor does not rest."""


class RestingVisitors(VisitorStore):
    """A store that packs those visitors of whom nothing was heard for the longest time.

    Attributes:
        held: How many visitors are held as objects, besides those of one step.
    """

    def __init__(self, plans: Plans, times: Times) -> None:
        super().__init__(plans, times)
        self.held = HELD
        self._idle: dict[str, Visitor] = {}
        """Those that have not been taken since the last rest, who was taken last at the end."""

    def __len__(self) -> int:
        return len(self._rows) + len(self._idle) + len(self.live)

    def look(self, name: str) -> Visitor | None:
        """Return a visitor, if there is one; whoever changes it calls `put`."""
        visitor = self._idle.get(name)
        return super().look(name) if visitor is None else visitor

    def take(self, name: str) -> Visitor:
        """Return a visitor to change, a new one if need be."""
        visitor = self._idle.pop(name, None)
        if visitor is None:
            visitor = super().take(name)
            self._rows.pop(name, None)
        self.live[name] = visitor
        return visitor

    def put(self, name: str, visitor: Visitor) -> None:
        """Take back a visitor that was looked at and changed; of one that is gone nothing is kept."""
        self._idle.pop(name, None)
        self._rows.pop(name, None)
        super().put(name, visitor)
        if not visitor.groups:
            del self.live[name]
            if not visitor.is_forgotten:  # only that it was there, as a rule: for long, and for many
                self._rows[name] = pack(visitor)

    def settled(self, name: str, visitor: Visitor, horizon: int) -> None:
        """Keep it as it is."""

    def rest(self, horizon: int) -> None:
        """Fold what is before ``horizon`` where it grows long, and pack those who are too many."""
        for visitor in self.live.values():
            for group in visitor.groups:
                if len(group.times) > FOLD_BEYOND and group.times[0] < horizon:
                    fold(group, horizon, self._plans, self._times)
            if visitor.journey is not None:
                fold_journey(visitor.journey, horizon, self._plans)
        self._idle.update(self.live)
        self.live.clear()
        self._ids.clear()
        for name in list(islice(self._idle, max(0, len(self._idle) - self.held))):
            self._rows[name] = self._row(self._idle.pop(name), horizon)

    def names(self) -> Iterator[str]:
        """Yield the names of all visitors that are remembered."""
        yield from self._rows
        yield from self._idle
        yield from self.live
