"""What is said when there is nothing to see, or nothing new: in words, with what was found where."""

from dataclasses import dataclass
from typing import Literal

from stream.board.words import span
from stream.top.reading import Reading
from stream.top.subject import Choice, Subject

SILENT_AFTER_MS = 10_000
"""A worker writes every second or two, also when nothing happens; after so long it does not."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that hides or dates the rates; ``kind`` is for programs, ``text`` for people."""

    kind: Literal["away", "empty", "stopped", "no_events", "unseen"]
    text: str


def trouble_of(
    subject: Subject, where: str, choice: Choice, reading: Reading | None, age_ms: float | None, away: str
) -> Trouble | None:
    """Return what is to be said; ``None`` when all is well.

    Args:
        subject: What there is to show.
        where: Which Redis, for people.
        choice: What is to be shown.
        reading: The last one; ``None``: there was none.
        age_ms: How old that is.
        away: Why Redis cannot be read; empty: it can.
    """
    if away:
        shown = f" What is shown is {span(age_ms)} old." if age_ms is not None else ""
        return Trouble("away", f"Redis at {where} cannot be read: {away}.{shown} Trying again every second.")
    if reading is None or reading.status is None or age_ms is None:
        prefix = f"{subject.prefix}:status"
        return Trouble(
            "empty",
            f"Redis at {where} has no {prefix}: no worker has written there, or not for an hour. Waiting.",
        )
    if age_ms > SILENT_AFTER_MS:
        return Trouble(
            "stopped",
            f"No worker has written for {span(age_ms)}: none runs, or it cannot reach Redis. Waiting.",
        )
    if reading.status.watermark is None:
        return Trouble("no_events", "The worker runs, but has seen no event that counts. Waiting.")
    return _unseen(choice, reading)


def _unseen(choice: Choice, reading: Reading) -> Trouble | None:
    dimension, equals, value = choice.segment.partition("=")
    values = reading.values.get(dimension, ())
    places = [place for place in reading.rates if place[1] == choice.segment]
    if not equals or value in values or places:
        return None
    seen = ", ".join(values) or "none yet"
    return Trouble("unseen", f"No session of {choice.segment} was seen; seen of {dimension}: {seen}.")
