"""The same judgement where topics are not keyed by visitor: late by the source's order, all else by visitor.

A source is a partition as it was written to. Its newest event is the newest of all that are neither rejects
nor of a program that says so: which of them are duplicates shows only where the visitor is known, and that is
elsewhere. An id is known until an equal event would be late in the source that brings it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace

from stream.core.definition import Definition
from stream.core.event import Outcome
from tests.oracle.judging import Bench, Judged, Verdict, floor
from tests.oracle.origin import is_program
from tests.oracle.record import Event, Read, RejectedError, event_of

Place = tuple[str, int, int]
"""Topic, partition and offset of a record."""

EVERYWHERE = -1
"""Instead of a partition: a visitor is the same one wherever the events are from."""


def judge_unkeyed(reads: Iterable[Read], definition: Definition) -> Judged:
    """Judge records in an order in which each visitor's events were taken.

    Raises:
        ValueError: The offsets of a visitor's events of one source do not rise: that is no order of reading.
    """
    reads = list(reads)
    newest = newest_before(reads, definition)
    judged = Judged()
    bench = _SourceBench(definition)
    offsets: dict[tuple[str, int, str], int] = {}
    for read in reads:
        judged.reads.append(read)
        try:
            event = replace(event_of(read, definition.times.max_future), partition=EVERYWHERE)
        except RejectedError as rejected:
            judged.verdicts.append(Verdict("rejected", rejected.reason))
            continue
        source = (read.topic, read.partition, event.visitor)
        if read.offset <= offsets.get(source, -1):
            raise ValueError(f"{source}: offset {read.offset} was read after {offsets[source]}")
        offsets[source] = read.offset
        bench.newest = newest[read.topic, read.partition, read.offset]
        outcome: Outcome = bench.outcome(read.topic, event)
        judged.verdicts.append(Verdict(outcome))
        if outcome == "counted":
            judged.counted.append(event)
            bench.count(read.topic, event)
    return judged


def newest_before(reads: Iterable[Read], definition: Definition) -> Mapping[Place, int | None]:
    """Return for each record the greatest time of the events before it in its source."""
    sources: dict[tuple[str, int], list[Read]] = defaultdict(list)
    for read in reads:
        sources[read.topic, read.partition].append(read)
    found: dict[Place, int | None] = {}
    for (topic, partition), of_source in sources.items():
        newest: int | None = None
        for read in sorted(of_source, key=lambda read: read.offset):
            found[topic, partition, read.offset] = newest
            try:
                event = event_of(read, definition.times.max_future)
            except RejectedError:
                continue
            if not is_program(event.field("user_agent")):
                newest = event.time if newest is None else max(event.time, newest)
    return found


class _SourceBench(Bench):
    """A bench to which is said, before each event, the newest one of its source until then."""

    newest: int | None = None

    def _is_late(self, topic: str, event: Event) -> bool:  # noqa: ARG002 - the order of the source decides
        return self.newest is not None and event.time < floor(self.newest, self._definition.times)

    def _is_known(self, event: Event) -> bool:
        time = self._ids.get((event.partition, event.visitor, event.event_id))
        if time is None:
            return False
        return self.newest is None or time >= floor(self.newest, self._definition.times)
