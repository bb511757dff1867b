"""A board with numbers made up so that each can be told from the others."""

from collections.abc import Mapping

from stream.board.values import Minute, Rate, Status
from stream.top.board import Board, Observer
from stream.top.reading import MINUTE_MS, Place, Reading
from stream.top.subject import Choice
from tests.top.shop import SUBJECT

WHERE = "localhost:6379/0"
FIVE = Choice(5 * MINUTE_MS)
NOW = 1_790_000_040_000  # in the midst of a minute
FUNNELS = {"checkout": (812, 91, 55, 40, 21), "browse": (1_022, 700, 500), "micro": (30, 200, 80, 28)}
FUNNELS["session"] = (1_400, 840, 500, 310)
VALUES = {
    "device": ["desktop", "mobile", "tablet"],
    "source": [f"shop-{n}" for n in range(12)],
    "user_type": ["new", "returning"],
}


def rate(sessions: int, converted: int) -> Rate:
    """Return a rate with an interval of two points to either side, and a flow of half as many more."""
    ratio = converted / sessions
    actions = converted * 3 // 2
    ends = max(0.0, ratio - 0.02), min(1.0, ratio + 0.02)
    return Rate(sessions, converted, ratio, actions / sessions, *ends, sessions - converted, actions)


def rates(choice: Choice = FIVE) -> dict[Place, Rate]:
    """Return a rate of every measure of the choice, and of the values of some dimensions."""
    found: dict[Place, Rate] = {}
    for measures in SUBJECT.groups:
        counts = FUNNELS[measures[0].partition(".")[0]]
        sessions = 1_400 if measures[0].startswith(("micro", "session")) else counts[0]
        for measure, converted in zip(measures, counts, strict=True):
            found[measure, choice.segment] = rate(sessions, converted)
    for dimension, values in VALUES.items():
        for number, value in enumerate(values):
            found[SUBJECT.sample, f"{dimension}={value}"] = rate(100 + number, 10 + number)
    return found


def history(*flows: float | None) -> dict[int, Minute]:
    """Return closed minutes up to the last one before `NOW`, of 100 sessions each; ``None``: none."""
    last = NOW // MINUTE_MS * MINUTE_MS - MINUTE_MS
    starts = range(last - (len(flows) - 1) * MINUTE_MS, last + 1, MINUTE_MS)
    minutes = zip(starts, flows, strict=True)
    return {start: Minute(start, 100, round(100 * f), f) for start, f in minutes if f is not None}


def reading(
    choice: Choice = FIVE,
    found: Mapping[Place, Rate] | None = None,
    histories: Mapping[Place, Mapping[int, Minute]] | None = None,
    *,
    read: int = 14_000,
    at_s: float = 100.0,
    ago_ms: int = 230,
) -> Reading:
    """Return a reading of one worker's work."""
    outcomes = {"counted": read, "duplicate": 43, "late": 5, "rejected": 7, "bot": 0}
    return Reading(
        choice=choice,
        at_s=at_s,
        status=Status(outcomes, workers=1, watermark=NOW, lag_ms=120),
        written_ago_ms=ago_ms,
        rates=rates(choice) if found is None else found,
        values=VALUES,
        histories=histories or {},
    )


def board(shown: Reading | None = None) -> Board:
    """Return a board, five seconds after the first reading."""
    shown = shown or reading()
    observer = Observer(SUBJECT, WHERE)
    observer.observe(reading(shown.choice, read=13_588, at_s=shown.at_s - 5), shown.choice, shown.at_s - 5)
    return observer.observe(shown, shown.choice, shown.at_s)
