"""How long records take from their arrival until Redis shows that they were counted."""

from collections import Counter, deque
from math import ceil
from typing import NamedTuple

METHOD = (
    "from a record's Kafka timestamp until mc:status, read after each message on mc:rates and 4 times a "
    "second, counts as many records as had come by then"
)
"""What is measured, for the summary."""

_RECENT = 2_000  # records; at the demo's usual rate about half a minute


class Percentiles(NamedTuple):
    """The median and the 99th percentile of so many records, ms."""

    records: int
    p50_ms: int
    p99_ms: int


class Latency:
    """Matches records, in order of their arrival, with the count of records that Redis tells of.

    That count says how many, not which: where one partition is quicker than another, a record of the quick
    one stands for one of the slow one. The mean is right all the same, the percentiles are those of a queue
    in order of arrival; partitions of one worker are flushed together, so the difference is small.
    """

    def __init__(self) -> None:
        self._arrivals: deque[int] = deque()
        self._matched = 0
        self._total: Counter[int] = Counter()
        self._recent: deque[int] = deque(maxlen=_RECENT)

    def arrived(self, at_ms: int) -> None:
        """Note that the next record has this Kafka timestamp, ms since the epoch."""
        self._arrivals.append(at_ms)

    def seen(self, records: int, now_ms: int) -> None:
        """Note that Redis tells, at this moment, that so many records were read since the start."""
        for _ in range(min(records - self._matched, len(self._arrivals))):
            took = max(0, now_ms - self._arrivals.popleft())
            self._matched += 1
            self._total[took] += 1
            self._recent.append(took)

    def recent(self) -> Percentiles | None:
        """Return what the last records took; ``None`` before the first."""
        return _percentiles(Counter(self._recent))

    def total(self) -> Percentiles | None:
        """Return what all records took; ``None`` before the first."""
        return _percentiles(self._total)


def _percentiles(took: Counter[int]) -> Percentiles | None:
    records = took.total()
    if not records:
        return None
    ranks = [ceil(records * share) for share in (0.5, 0.99)]  # nearest rank
    found: list[int] = []
    upto = 0
    for ms in sorted(took):
        upto += took[ms]
        while len(found) < len(ranks) and upto >= ranks[len(found)]:
            found.append(ms)
    return Percentiles(records, *found)
