"""The order in which combinations of labels turn up on one core, told by each process of its own visitors.

Values that are not listed are admitted first come, so it matters. On one core a step settles visitors in the
order of their first events; it numbers a combination when a session first has it, and what a step has
contributed refers to them in the order of its sums: of hits, then of corrections, then of sightings. Each
process does the same with its share, and knows whose turn it was: so the orders of all can be merged into
the one. A sum of corrections that comes to 0 refers to nothing, so these are told with their sums.
"""

from bisect import bisect_right
from collections.abc import Iterable
from heapq import merge
from operator import itemgetter

import msgspec

from stream.core.delta import NOBODY
from stream.core.ledger import Ledger
from stream.replay.messages import Novel, Said, Turn

AFTER: Turn = (2, 0, "", "")
"""The turn of sessions that end: whatever they say has turned up before."""

_turn = itemgetter(0)
_encode = msgspec.msgpack.Encoder().encode


class Turns:
    """Notes whose turn it was when what a ledger holds came to be."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._labels = ledger.labels
        self._turns: list[Turn] = []
        self._counts: list[tuple[int, tuple[int, int, int]]] = []
        """For each turn, how many combinations, hits, corrections and sightings there were after it."""
        self._last = (0, 0, 0)
        self._until: list[tuple[int, ...]] = []
        """The same, by what is counted."""
        self._known = self.count

    @property
    def count(self) -> int:
        """How many combinations there are."""
        return len(self._labels.said)

    def note(self, turn: Turn) -> None:
        """Take note that it was somebody's turn."""
        self._turns.append(turn)
        self._last = self._ledger.sizes()
        self._counts.append((len(self._labels.said), self._last))

    def note_visitor(self, name: str, first: dict[str, tuple[int, str]]) -> None:
        """Take note that a visitor was settled, of whom ``first`` has the first event of the step.

        While a step has brought nothing new, nothing in its sums can be of interest.
        """
        count = len(self._labels.said)
        if count != self._known:
            sizes = self._ledger.sizes()
            if sizes != self._last:
                self._last = sizes
                time, event_id = first.get(name, (0, ""))
                self._turns.append((1, time, event_id, name))
                self._counts.append((count, sizes))

    def novel(self) -> Novel:
        """Return the combinations that are new, and when they turned up; call it before `Ledger.take`."""
        self.note(AFTER)
        known, self._known = self._known, len(self._labels.said)
        novel = Novel()
        if known < self._known:
            new = range(known, self._known)
            self._until = list(zip(*((count, *sizes) for count, sizes in self._counts), strict=True))
            novel.said = [(self._turn(0, number), self._labels.said[number]) for number in new]
            hits, corrections, sightings = self._ledger.begun()
            novel.hits = self._firsts(1, ((i, hit[1]) for i, hit in enumerate(hits)), known)
            in_hits = {number for _, number in novel.hits}
            for i, (pane, number, code, times) in enumerate(corrections):
                if number >= known and number - known not in in_hits:
                    key = _encode((pane, self._ledger.meaning(code)))
                    novel.corrections.append((self._turn(2, i), number - known, key, times))
            both = ((i, number) for i, pair in enumerate(sightings) for number in pair if number != NOBODY)
            novel.sightings = self._firsts(3, both, known)
        self._until, self._last = [], (0, 0, 0)
        self._turns.clear()
        self._counts.clear()
        return novel

    def flushed(self) -> None:
        """Take note that the ledger was emptied: it may have dropped its numbers."""
        self._known = min(self._known, len(self._labels.said))

    def _turn(self, table: int, place: int) -> Turn:
        return self._turns[bisect_right(self._until[table], place)]

    def _firsts(self, table: int, numbers: Iterable[tuple[int, int]], known: int) -> list[tuple[Turn, int]]:
        """Return where each new combination is referred to first."""
        places: dict[int, int] = {}
        for place, number in numbers:
            if number >= known:
                places.setdefault(number, place)
        return [(self._turn(table, place), number - known) for number, place in places.items()]


def numbered(novels: list[Novel]) -> list[Said]:
    """Return the new combinations of all processes in the order in which one would have numbered them."""
    return [said for _, said in merge(*(novel.said for novel in novels), key=_turn)]


def referred(novels: list[Novel]) -> list[Said]:
    """Return them in the order in which what one process contributed would have referred to them."""
    found: dict[Said, None] = {}
    hits = ([(turn, novel.said[number][1]) for turn, number in novel.hits] for novel in novels)
    found.update((said, None) for _, said in merge(*hits, key=_turn))
    sums: dict[tuple[Said, bytes], int] = {}
    corrections = (
        [(turn, (novel.said[number][1], key), times) for turn, number, key, times in novel.corrections]
        for novel in novels
    )
    for _, place, times in merge(*corrections, key=_turn):
        sums[place] = sums.get(place, 0) + times
    found.update((said, None) for (said, _), times in sums.items() if times)
    sightings = ([(turn, novel.said[number][1]) for turn, number in novel.sightings] for novel in novels)
    found.update((said, None) for _, said in merge(*sightings, key=_turn))
    return list(found)
