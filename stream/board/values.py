"""What the worker's keys hold, as values: a rate, a closed minute, how the work goes."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

import msgspec

from stream.core.event import OUTCOMES


@dataclass(frozen=True, slots=True)
class Rate:
    """A sliding window of one measure; ratios are 0..1, ``None`` where there were no sessions.

    ``partial``: the counts are lower bounds.
    """

    sessions: int = 0
    converted: int = 0
    ratio: float | None = None
    flow_ratio: float | None = None
    low: float | None = None
    high: float | None = None
    open: int = 0
    actions: int = 0
    partial: bool = False
    mature_ratio: float | None = None
    final_ratio: float | None = None

    @classmethod
    def from_hash(cls, fields: Mapping[str, str]) -> Self:
        """Return the rate that a hash ``mc:rate:…`` holds; one that does not exist holds nothing.

        Raises:
            ValueError: A field is not the number it should be.
        """
        return cls(
            sessions=int(fields.get("sessions", 0)),
            converted=int(fields.get("converted", 0)),
            ratio=_ratio(fields, "ratio"),
            flow_ratio=_ratio(fields, "flow_ratio"),
            low=_ratio(fields, "low"),
            high=_ratio(fields, "high"),
            open=int(fields.get("open", 0)),
            actions=int(fields.get("actions", 0)),
            partial=fields.get("partial") == "true",
            mature_ratio=_ratio(fields, "mature_ratio"),
            final_ratio=_ratio(fields, "final_ratio"),
        )


def _ratio(fields: Mapping[str, str], name: str) -> float | None:
    found = float(fields.get(name, math.nan))
    return None if math.isnan(found) else found


class Minute(msgspec.Struct, frozen=True, gc=False):
    """What is shown of a closed minute of one measure in ``mc:history:…``; ``window_start`` in ms."""

    window_start: int
    sessions: int
    actions: int
    flow_ratio: float | None


_minute = msgspec.json.Decoder(Minute).decode


def minutes_of(members: Iterable[str]) -> dict[int, Minute]:
    """Return closed minutes by their start, ms.

    Raises:
        msgspec.DecodeError: A member is no JSON of a closed minute.
    """
    return {minute.window_start: minute for minute in map(_minute, members)}


@dataclass(frozen=True, slots=True)
class Status:
    """How the work goes.

    Attributes:
        outcomes: Records read so far, by what became of them.
        workers: How many workers share the work.
        watermark: ms since the epoch; ``None`` before any event.
        lag_ms: How far the watermark is behind where the present should have put it.
    """

    outcomes: Mapping[str, int]
    workers: int = 0
    watermark: int | None = None
    lag_ms: int | None = None

    @property
    def read(self) -> int:
        """How many records were read."""
        return sum(self.outcomes.values())

    @classmethod
    def from_hash(cls, fields: Mapping[str, str]) -> Self:
        """Return what the hash ``mc:status`` holds.

        Raises:
            ValueError: A field is not the number it should be.
        """
        return cls(
            {outcome: int(fields.get(outcome, 0)) for outcome in OUTCOMES},
            int(fields.get("workers", 0)),
            int(fields["watermark"]) if "watermark" in fields else None,
            int(fields["lag"]) if "lag" in fields else None,
        )
