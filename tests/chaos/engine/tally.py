"""Two trivial topologies for the chaos suite: what is lost or counted twice anywhere shows in their numbers.

``tally`` counts the records of some topics by key, with the sum of their values, and publishes what each
flush added. ``totals`` adds that up, by the partition it came from, and refuses a flush that it has had
already.
"""

from collections.abc import Mapping

import msgspec

from stream.engine.api import Chunk, Flush, Record, Row, Topology

pack = msgspec.msgpack.encode
unpack = msgspec.msgpack.decode


class Tally:
    """Count and sum of the records of each key."""

    def __init__(self, partition: int, deltas: str) -> None:
        self.partition = partition
        self.counts: dict[bytes, list[int]] = {}
        self._deltas = deltas
        self._dirty: set[bytes] = set()
        self._added = [0, 0]

    def restore(self, key: bytes, value: bytes | None) -> None:
        """Take a row."""
        if value is None:
            self.counts.pop(key[1:], None)
        else:
            self.counts[key[1:]] = unpack(value)

    def restored(self) -> None:
        """Nothing is derived."""

    def apply(self, chunk: Chunk) -> None:
        """Count."""
        for key, value in zip(chunk.keys, chunk.values, strict=True):
            entry = self.counts.setdefault(key or b"", [0, 0])
            number = int(value or 0)
            entry[0] += 1
            entry[1] += number
            self._dirty.add(key or b"")
            self._added[0] += 1
            self._added[1] += number

    def tick(self, now_ms: int, at_end: Mapping[str, bool]) -> None:
        """Time means nothing here."""

    def flush(self, seq: int) -> Flush:
        """Hand out the changed counts, and the sum of what changed."""
        rows: list[Row] = [(b"k" + key, pack(self.counts[key])) for key in self._dirty]
        effects = []
        if self._added[0]:
            effects.append(Record(self._deltas, 0, None, pack([self.partition, seq, *self._added])))
        self._dirty = set()
        self._added = [0, 0]
        return Flush(rows, effects)

    def committed(self, seq: int) -> None:
        """Nothing waits for it."""

    def released(self) -> None:
        """Nobody is shown it."""


class Totals:
    """Sums of the deltas, by the partition that sent them: [last flush, count, sum]."""

    def __init__(self, out: str, repeats: bool) -> None:
        self.sums: dict[int, list[int]] = {}
        self._out = out
        self._repeats = repeats
        self._dirty: set[int] = set()

    def restore(self, key: bytes, value: bytes | None) -> None:
        """Take a row."""
        if value is not None:
            self.sums[int(key[1:])] = unpack(value)

    def restored(self) -> None:
        """Nothing is derived."""

    def apply(self, chunk: Chunk) -> None:
        """Add deltas; with transactions, a flush that comes twice, or late, is a broken promise."""
        for value in chunk.values:
            partition, seq, count, total = unpack(value or b"")
            entry = self.sums.setdefault(partition, [0, 0, 0])
            if seq <= entry[0]:
                if self._repeats:
                    continue
                raise ValueError(f"flush {seq} of partition {partition} came after flush {entry[0]}")
            entry[0] = seq
            entry[1] += count
            entry[2] += total
            self._dirty.add(partition)

    def tick(self, now_ms: int, at_end: Mapping[str, bool]) -> None:
        """Time means nothing here."""

    def flush(self, seq: int) -> Flush:
        """Hand out the changed sums."""
        changed, self._dirty = sorted(self._dirty), set()
        rows: list[Row] = [(b"s%d" % partition, pack(self.sums[partition])) for partition in changed]
        effects = [Record(self._out, 0, b"%d" % p, pack([seq, *self.sums[p]])) for p in changed]
        return Flush(rows, list(effects))

    def committed(self, seq: int) -> None:
        """Nothing waits for it."""

    def released(self) -> None:
        """Nobody is shown it."""


def topologies(prefix: str, inputs: tuple[str, ...], repeats: bool) -> list[Topology]:
    """Return both, with topics named ``{prefix}deltas`` and ``{prefix}totals`` between and behind them.

    Args:
        prefix: Of the topics' names.
        inputs: What is counted.
        repeats: Whether deltas may come twice, as without transactions they may; then they are skipped.
    """
    deltas, out = f"{prefix}deltas", f"{prefix}totals"
    return [
        Topology("tally", inputs, lambda partition: Tally(partition, deltas)),
        Topology("totals", (deltas,), lambda _: Totals(out, repeats), flush_ms=100),
    ]
