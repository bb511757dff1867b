"""A board with numbers made up so that each can be told from the others."""

from collections.abc import Mapping, Sequence

from stream.board.values import Rate, Status
from stream.configuration import load
from stream.core.segment import ALL
from stream.demo.board import Board
from stream.demo.latency import Percentiles
from stream.demo.reading import NOW, SOON, STARTED, Snapshot, Subject, subject_of
from stream.simulate.sites import SHOP

SUBJECT = subject_of(load(preset="ecommerce", environ={}))

COUNTS = {
    "checkout": (812, 91, 55, 40, 21),
    "browse": (1_022, 700, 500),
    "trial": (640, 290, 60, 14),
    "lead": (410, 200, 70),
    "micro": (30, 200, 80, 28),
}
SEGMENTS = {
    "device": {"device=desktop": 280, "device=mobile": 460, "device=tablet": 72},
    "user_type": {"user_type=new": 500, "user_type=returning": 312},
    "source": {"source=direct": 300, "source=google": 512},
}


def rate(sessions: int, converted: int, flow: float) -> Rate:
    """Return a rate with an interval of two points to either side."""
    ratio = converted / sessions
    return Rate(sessions, converted, ratio, flow, max(0.0, ratio - 0.02), min(1.0, ratio + 0.02))


def snapshot(subject: Subject = SUBJECT) -> Snapshot:
    """Return a reading: 5-minute and whole windows as above, 1-minute windows with a flow of 7 %."""
    rates = {(STARTED, subject.whole, ALL): rate(1_400, 1_400, 1.0)}
    for group in subject.groups:
        name = group[0].partition(".")[0]
        sessions = 1_400 if name == "micro" else COUNTS[name][0]
        for measure, converted in zip(group, COUNTS[name], strict=False):
            rates[measure, SOON, ALL] = rates[measure, subject.whole, ALL] = rate(sessions, converted, 0.5)
            rates[measure, NOW, ALL] = rate(100, 8, 0.07)
    for segments in SEGMENTS.values():
        for segment, sessions in segments.items():
            rates[subject.sample, SOON, segment] = rate(sessions, sessions // 9, 0.1)
            rates[subject.goal, SOON, segment] = rate(sessions, sessions // 40, 0.1)
    outcomes = {"counted": 14_000, "duplicate": 43, "late": 0, "rejected": 7, "bot": 0}
    status = Status(outcomes, workers=1, watermark=1_790_000_000_000, lag_ms=120)
    return Snapshot(status, rates, {name: sorted(segments) for name, segments in SEGMENTS.items()})


def board(
    reading: Snapshot | None = None,
    courses: Mapping[str, Sequence[float | None]] | None = None,
    subject: Subject = SUBJECT,
) -> Board:
    """Return a board, two minutes and 42 seconds after the start of an endless demo."""
    return Board(
        subject=subject,
        snapshot=snapshot(subject) if reading is None else reading,
        events_per_s=82.4,
        latency=Percentiles(2_000, 182, 391),
        courses={} if courses is None else courses,
        elapsed_s=162.0,
        seconds=None,
        site=SHOP,
        site_ms=13 * 3_600_000,
        url="http://127.0.0.1:15872/metrics",
    )
