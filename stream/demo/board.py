"""What a user is shown at one moment, made from readings of Redis: rates, their recent course, the speed."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from stream.board.speed import Speed
from stream.demo.latency import Percentiles
from stream.demo.reading import NOW, Snapshot, Subject
from stream.demo.visitors import Visitors
from stream.simulate.site import Site

SAMPLE_S = 5.0
"""The course of a rate has a value every so many seconds."""

MOST_SAMPLES = 120


@dataclass(frozen=True, slots=True)
class Board:
    """All that is shown.

    Attributes:
        subject: What is watched.
        snapshot: What Redis held.
        events_per_s: Records read per second lately.
        latency: From arrival to Redis, of the last records; ``None`` before the first.
        courses: By segment, its flow ratio of the last minute, sampled every `SAMPLE_S`, the newest last.
        elapsed_s: How long the demo has run, seconds.
        seconds: How long it is to run; ``None``: until somebody ends it.
        site: Which is simulated.
        site_ms: What the site's clock shows, ms.
        url: Where the worker shows its metrics.
    """

    subject: Subject
    snapshot: Snapshot
    events_per_s: float
    latency: Percentiles | None
    courses: Mapping[str, Sequence[float | None]]
    elapsed_s: float
    seconds: float | None
    site: Site
    site_ms: int
    url: str


class Observer:
    """Makes boards from readings; it keeps what of earlier readings is needed.

    Args:
        subject: What is watched.
        visitors: Those of the site.
        seconds: How long the demo is to run; ``None``: until somebody ends it.
        url: Where the worker shows its metrics.
        latency: Returns what the last records took.
    """

    def __init__(
        self,
        subject: Subject,
        visitors: Visitors,
        seconds: float | None,
        url: str,
        latency: Callable[[], Percentiles | None],
    ) -> None:
        self._subject, self._visitors, self._seconds, self._url = subject, visitors, seconds, url
        self._latency = latency
        self._speed = Speed()
        self._courses: dict[str, deque[float | None]] = {}
        self._next_sample_s = 0.0

    def observe(self, snapshot: Snapshot, elapsed_s: float) -> Board:
        """Return what is to be shown after a reading made ``elapsed_s`` seconds after the start."""
        self._speed.seen(snapshot.status.read, elapsed_s)
        if elapsed_s >= self._next_sample_s:
            self._next_sample_s += SAMPLE_S
            self._sample(snapshot)
        return Board(
            subject=self._subject,
            snapshot=snapshot,
            events_per_s=self._speed.per_s() or 0.0,
            latency=self._latency(),
            courses={segment: tuple(course) for segment, course in self._courses.items()},
            elapsed_s=elapsed_s,
            seconds=self._seconds,
            site=self._visitors.site,
            site_ms=self._visitors.clock_ms(),
            url=self._url,
        )

    def _sample(self, snapshot: Snapshot) -> None:
        for segment in (segment for segments in snapshot.segments.values() for segment in segments):
            course = self._courses.setdefault(segment, deque(maxlen=MOST_SAMPLES))
            course.append(snapshot.rate(self._subject.sample, NOW, segment).flow_ratio)
