"""Which events were counted before: ids of events, kept until an equal event would be late.

An id is kept as 8 bytes of a hash over visitor and event id. Two of three million ids kept at a time share
theirs with a probability of 2.4e-7; it would lose one event. Ids are never rewritten: each flush adds one row
with its new ones, and a row goes away whole when all of its ids are too old.
"""

from array import array
from collections import deque

from xxhash import xxh3_64_intdigest


def identity(visitor: str, event_id: str) -> int:
    """Return the hash by which a visitor's event is known (8 bytes)."""
    return xxh3_64_intdigest(f"{visitor}\0{event_id}".encode())


class SeenIds:
    """The ids of one partition's counted events.

    Attributes:
        times: Time of the counted event, by id.
    """

    def __init__(self) -> None:
        self.times: dict[int, int] = {}
        self._new: list[int] = []
        self._rows: deque[tuple[int, bytes, array[int]]] = deque()
        """Rows written, oldest first: newest time in it, its key, its ids."""
        self._restoring: dict[bytes, bytes] = {}

    def add(self, event: int, time: int) -> None:
        """Remember that the event was counted."""
        self.times[event] = time
        self._new.append(event)

    def flush(self, key: bytes, horizon: int) -> list[tuple[bytes, bytes | None]]:
        """Return the row of the new ids, under ``key``, and the deletion of rows older than ``horizon``."""
        rows: list[tuple[bytes, bytes | None]] = []
        if self._new:
            ids = array("Q", self._new)
            times = array("q", [self.times[event] for event in self._new])
            rows.append((key, ids.tobytes() + times.tobytes()))
            self._rows.append((max(times), key, ids))
            self._new = []
        while self._rows and self._rows[0][0] < horizon:
            _, old, ids = self._rows.popleft()
            for event in ids:
                if self.times.get(event, horizon) < horizon:
                    del self.times[event]
            rows.append((old, None))
        return rows

    def restore(self, key: bytes, row: bytes | None) -> None:
        """Take back one row; the latest of a key stands."""
        if row is None:
            self._restoring.pop(key, None)
        else:
            self._restoring[key] = row

    def restored(self) -> None:
        """Build the ids from the rows: in the order in which they were written, for their keys rise."""
        for key, row in sorted(self._restoring.items()):
            half = len(row) // 2
            ids, times = array("Q", row[:half]), array("q", row[half:])
            self._rows.append((max(times), key, ids))
            self.times.update(zip(ids, times, strict=True))
        self._restoring = {}
