"""What is shown at one moment, made from readings of Redis: rates by funnel and dimension, and the work."""

from collections.abc import Sequence
from dataclasses import dataclass

from stream.board.speed import Speed
from stream.board.values import Rate, Status
from stream.board.words import printable
from stream.core.definition import MICRO, SESSION
from stream.core.segment import ALL
from stream.top.change import Change, flow_change, sessions_change
from stream.top.reading import MINUTE_MS, MINUTES_READ, Place, Reading
from stream.top.subject import Choice, Subject
from stream.top.trouble import Trouble, trouble_of

NOTES = {MICRO: "secondary actions", SESSION: "whole visits"}
"""What is said of the built-in funnels."""

ACROSS = "attempts across a visitor's sessions"
"""What is said of funnels that run across them."""

_BY_NAME = 8  # values of a dimension up to which they keep their places


@dataclass(frozen=True, slots=True)
class Row:
    """One measure of one segment.

    Attributes:
        label: What people read: the step, or the value of a dimension.
        place: The measure and the segment.
        rate: Its window; of nothing where Redis has none.
        change: Of the flow, or of a first step's sessions, against the window before; ``None``: not known.
        course: The flow ratio, or a first step's sessions, of the last closed minutes, the newest last;
            ``None``: nothing happened. It begins with the first minute that is known.
    """

    label: str
    place: Place
    rate: Rate
    change: Change | None
    course: Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Group:
    """Rows that belong together: a funnel, the secondary actions, or the values of a dimension."""

    title: str
    about: str
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Board:
    """All that is shown.

    Attributes:
        where: Which Redis, for people.
        choice: The window and the segment.
        status: How the work goes; ``None``: not known.
        age_ms: How old what is shown is; ``None``: nothing is.
        events_per_s: Records read per second lately; ``None``: not known yet.
        trouble: Why there is nothing to see, or nothing new; ``None``: all is well.
        groups: The rows.
        has_history: Whether closed minutes of the segment are kept.
        watched: Of what else they are.
    """

    where: str
    choice: Choice
    status: Status | None
    age_ms: float | None
    events_per_s: float | None
    trouble: Trouble | None
    groups: Sequence[Group]
    has_history: bool
    watched: Sequence[str]

    @property
    def partial(self) -> bool:
        """Whether some counts are lower bounds."""
        return any(row.rate.partial for group in self.groups for row in group.rows)


class Observer:
    """Makes boards from readings; it keeps what of earlier readings is needed."""

    def __init__(self, subject: Subject, where: str) -> None:
        self._subject, self._where = subject, where
        self._speed = Speed()
        self._last: Reading | None = None

    def observe(self, reading: Reading | None, choice: Choice, now_s: float, away: str = "") -> Board:
        """Return what is to be shown now.

        Args:
            reading: What Redis holds; ``None``: it cannot be read, so the last is shown again.
            choice: The window and the segment.
            now_s: The moment, by `time.monotonic`.
            away: Why it cannot be read.
        """
        if reading is not None:
            self._last = reading
            if reading.status is None:
                self._speed = Speed()
            else:
                self._speed.seen(reading.status.read, reading.at_s)
        shown = self._last if self._last is not None and self._last.choice == choice else None
        status = None if self._last is None else self._last.status
        age_ms = None
        if self._last is not None and status is not None:
            age_ms = self._last.written_ago_ms + (now_s - self._last.at_s) * 1000
        return Board(
            where=self._where,
            choice=choice,
            status=status,
            age_ms=age_ms,
            events_per_s=None if away else self._speed.per_s(),
            trouble=trouble_of(self._subject, self._where, choice, self._last, age_ms, away),
            groups=groups_of(self._subject, shown, choice),
            has_history=self._subject.has_history(choice.segment),
            watched=self._subject.watched,
        )


def groups_of(subject: Subject, reading: Reading | None, choice: Choice) -> tuple[Group, ...]:
    """Return all rows of a reading; without one, the measures, with no data. What matters less comes last."""
    groups = [_measures(subject, reading, choice, measures) for measures in subject.groups[:-1]]
    for dimension, values in (reading.values if reading else {}).items():
        places = [(value, (subject.sample, f"{dimension}={value}")) for value in values]
        rows = [_row(subject, reading, printable(value) or '""', place) for value, place in places]
        if len(rows) > _BY_NAME:
            rows.sort(key=lambda row: -row.rate.sessions)
        if rows:
            groups.append(Group(dimension, subject.sample, rows))
    return (*groups, _measures(subject, reading, choice, subject.groups[-1]))


def _measures(subject: Subject, reading: Reading | None, choice: Choice, measures: Sequence[str]) -> Group:
    title = measures[0].partition(".")[0]
    rows = [_row(subject, reading, m.partition(".")[2], (m, choice.segment)) for m in measures]
    return Group(title, ACROSS if title in subject.across else NOTES.get(title, ""), rows)


def _row(subject: Subject, reading: Reading | None, label: str, place: Place) -> Row:
    rate = Rate() if reading is None else reading.rates.get(place, Rate())
    change: Change | None = None
    course: list[float | None] = []
    history = reading.histories.get(place, {}) if reading else {}
    watermark = reading.status.watermark if reading and reading.status else None
    if reading and watermark is not None and history:
        first, size = place[0] in subject.firsts, reading.choice.window_ms
        now = watermark + subject.ahead_ms
        start = now - now % subject.pane_ms + subject.pane_ms - size
        if first:
            change = sessions_change(rate, history, start, size, now - start)
        else:
            change = flow_change(rate, history, start, size)
        until = watermark // MINUTE_MS * MINUTE_MS
        for at in range(until - MINUTES_READ * MINUTE_MS, until, MINUTE_MS):
            minute = history.get(at)
            value = None if minute is None else float(minute.sessions) if first else minute.flow_ratio
            if course or value is not None:
                course.append(value)
    return Row(label, place, rate, change, course)


def next_segment(choice: Choice, reading: Reading | None, step: int) -> str:
    """Return the segment ``step`` places after the chosen one: ``all``, then dimension by dimension."""
    seen = reading.values.items() if reading else ()
    segments = [ALL, *(f"{name}={value}" for name, values in seen for value in values)]
    place = segments.index(choice.segment) if choice.segment in segments else -(step > 0)
    return segments[(place + step) % len(segments)]
