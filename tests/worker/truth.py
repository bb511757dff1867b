"""What must come of the records in a site's topic of events, by the oracle alone."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from aiokafka import ConsumerRecord

from stream.core.definition import Definition
from tests.oracle import Judged, Key, Read, Rows, judge, judge_unkeyed, rows, wilson
from tests.oracle.conversions import conversions, timing
from tests.oracle.money import texts
from tests.oracle.pages import Paged, paged, trails
from tests.oracle.summary import summary, visits
from tests.worker.traffic import CLOSING, HOUR

PANE, MINUTE_SIZE, HOUR_SIZE = "10s", "1m", "1h"
PANE_MS, MINUTE_MS = 10_000, 60_000
LONGEST_BY_PANES = 2 * HOUR
"""Longer sliding windows go by minutes."""
EVER = 1 << 61
OF_CLOSED = ("session.bounced", "session.single_page")
"""What only a session that has closed can have reached."""


@dataclass(frozen=True)
class SetAside:
    """A record that belongs into ``site-events-rejected`` or ``-late``, and what its headers say."""

    partition: int
    key: bytes | None
    value: bytes | None
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Sums:
    """Counts of a sliding window."""

    sessions: int = 0
    converted: int = 0
    open: int = 0
    actions: int = 0

    def fields(self) -> dict[str, int | float]:
        """Return the counts and ratios as Redis has them; without sessions there are no ratios."""
        counts: dict[str, int | float] = {
            "sessions": self.sessions,
            "converted": self.converted,
            "open": self.open,
            "actions": self.actions,
        }
        low, high = wilson(self.converted, self.sessions)
        if low is None or high is None:
            return counts
        ratio, flow = self.converted / self.sessions, self.actions / self.sessions
        return {**counts, "ratio": ratio, "flow_ratio": flow, "low": low, "high": high}


class Truth:
    """The oracle's judgement of some records, of which the last are closing events.

    Args:
        records: In an order in which each visitor's events were taken.
        definition: What is counted.
        closed_by: The time of the closing events, ms.
        homes: Topics that are not keyed by visitor: the partition in which each record was judged.

    Attributes:
        closed: The last row of every closed minute and hour.
        outcomes: How many records of each (topic, partition in which it was judged) had each outcome.
        rejected: What belongs into ``site-events-rejected``, in order. late: Into ``site-events-late``.
        until: What ends by then has closed, ms.
        closed_by: The time of the closing events, ms.
    """

    def __init__(
        self,
        records: Sequence[ConsumerRecord[bytes | None, bytes | None]],
        definition: Definition,
        closed_by: int,
        homes: Sequence[int] | None = None,
    ) -> None:
        self._definition = definition
        self.closed_by = closed_by
        reads = [Read(r.topic, r.partition, r.offset, r.timestamp, r.value) for r in records]
        judged = judge(reads, definition) if homes is None else judge_unkeyed(reads, definition)
        places = [read.partition for read in reads] if homes is None else homes
        self.outcomes = Counter(
            (read.topic, place, str(verdict.outcome))
            for read, place, verdict in zip(reads, places, judged.verdicts, strict=True)
        )
        self.until = (closed_by - definition.times.out_of_order) // HOUR * HOUR
        every = rows(judged, definition, (PANE, MINUTE_SIZE, HOUR_SIZE), unlisted=True)
        self.scope = every.scope
        self.closed = Rows(replace(every.scope, sizes=(MINUTE_SIZE, HOUR_SIZE), until=self.until))
        self.closed.update((key, row) for key, row in every.items() if self.closed.scope.key(key))
        self._buckets = _by_series(every)
        self._visits = visits(judged, definition)
        self._conversions = conversions(judged, definition)
        ended = [event for event in judged.counted if not event.visitor.startswith(CLOSING)]
        self._trails = trails(Judged(counted=ended), definition)
        self._still_open = _by_series(rows(_closing(judged), definition, (PANE, MINUTE_SIZE), unlisted=True))
        self.rejected = _set_aside(records, places, judged, "rejected")
        self.late = _set_aside(records, places, judged, "late")

    def series(self) -> set[tuple[str, str]]:
        """Return all measures and segments that have any count."""
        return {(measure, segment) for measure, segment, _ in self._buckets}

    def reached(self) -> dict[tuple[str, str], int]:
        """Return how many sessions ever reached each measure, by measure and segment."""
        return {
            (measure, segment): _actions(buckets)
            - (_actions(self._still_open.get((measure, segment, level), {})) if measure in OF_CLOSED else 0)
            for (measure, segment, level), buckets in self._buckets.items()
            if level == MINUTE_SIZE
        }

    def window_end(self, size_ms: int, watermark: int) -> int:
        """Return the end of the sliding window of that size: of the bucket that contains the newest event."""
        width = PANE_MS if size_ms <= LONGEST_BY_PANES else MINUTE_MS
        return (watermark + self._definition.times.out_of_order) // width * width + width

    def window(self, measure: str, segment: str, size_ms: int, end: int) -> Sums:
        """Return the counts of a sliding window, when only the sessions of closing events are open."""
        level = PANE if size_ms <= LONGEST_BY_PANES else MINUTE_SIZE
        inside = _sum(self._buckets.get((measure, segment, level), {}), end - size_ms, end)
        unfinished = _sum(self._still_open.get((measure, segment, level), {}), end - size_ms, end)
        if measure in OF_CLOSED:
            converted, actions = inside.converted - unfinished.converted, inside.actions - unfinished.actions
            return replace(inside, converted=converted, actions=actions, open=unfinished.sessions)
        return replace(inside, open=unfinished.sessions - unfinished.converted)

    def revenue(self, measure: str, segment: str, start: int = 0, end: int = EVER) -> dict[str, str]:
        """Return the revenue of the panes from ``start`` on and before ``end``, ms."""
        brought: Counter[str] = Counter()
        for at, row in self._buckets.get((measure, segment, PANE), {}).items():
            if start <= at < end:
                for currency, amount in (row["revenue"] or {}).items():
                    brought[currency] += int(Decimal(amount) * 1_000_000)
        return texts(brought)

    def sessions(self, segment: str, size_ms: int, end: int) -> dict[str, float]:
        """Return what is known of the sessions of a sliding window; only those of closing events are open.

        Nothing where none began.
        """
        inside = [v for v in self._visits if end - size_ms <= v.start < end and segment in v.segments]
        if not inside:
            return {}
        return summary(inside, self._definition, lambda visit: not visit.visitor.startswith(CLOSING))

    def pages(self, size_ms: int, end: int) -> Paged:
        """Return what is known of pages in a sliding window; nothing of sessions of closing events."""
        return paged(self._trails, end - size_ms, end)

    def times(self, funnel: str, segment: str, size_ms: int, end: int) -> dict[str, float]:
        """Return what is known of the conversions of a funnel in a sliding window; nothing without any."""
        inside = [
            c
            for c in self._conversions
            if c.funnel == funnel and end - size_ms <= c.time < end and segment in c.segments
        ]
        return timing(inside) if inside else {}


def _closing(judged: Judged) -> Judged:
    return Judged(counted=[event for event in judged.counted if event.visitor.startswith(CLOSING)])


def _by_series(found: Rows) -> dict[tuple[str, str, str], dict[int, Mapping[str, Any]]]:
    series: dict[tuple[str, str, str], dict[int, Mapping[str, Any]]] = defaultdict(dict)
    key: Key
    for key, row in found.items():
        measure, segment, size, start = key
        series[measure, segment, size][start] = row
    return series


def _sum(buckets: Mapping[int, Mapping[str, Any]], start: int, end: int) -> Sums:
    inside = [row for at, row in buckets.items() if start <= at < end]
    return Sums(
        sessions=sum(row["sessions"] for row in inside),
        converted=sum(row["converted"] for row in inside),
        actions=sum(row["actions"] for row in inside),
    )


def _actions(buckets: Mapping[int, Mapping[str, Any]]) -> int:
    return sum(row["actions"] for row in buckets.values())


def _set_aside(
    records: Sequence[ConsumerRecord[bytes | None, bytes | None]],
    places: Sequence[int],
    judged: Judged,
    outcome: str,
) -> list[SetAside]:
    return [
        SetAside(
            place,
            record.key,
            record.value,
            {
                "reason": verdict.reason or verdict.outcome,
                "topic": record.topic,
                "partition": str(record.partition),
                "offset": str(record.offset),
                "time": str(record.timestamp),
            },
        )
        for record, place, verdict in zip(records, places, judged.verdicts, strict=True)
        if verdict.outcome == outcome
    ]
