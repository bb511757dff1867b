"""What Redis is told: sliding windows, closed minutes, values of dimensions, and how the work goes."""

import msgspec

from stream.core.cell import CONVERTED, FIELDS, Row
from stream.core.closed import ClosedRow
from stream.core.plan import Plans
from stream.core.rate import rate
from stream.core.rates import Rates
from stream.core.segment import ALL, Segments
from stream.core.window import SlidingWindow
from stream.sinks.keys import Keys
from stream.sinks.redis_values import Hash, Names, Scored, Value
from stream.units import duration_text

LIVE_FOR_MS = 3_600_000
"""How long a live value outlives the worker that wrote it."""

HISTORY_SIZE = "1m"

_to_json = msgspec.json.Encoder().encode


class LiveRates:
    """Makes the values of keys from the rates.

    Attributes:
        keys: Names of the keys.
    """

    def __init__(
        self, prefix: str, history_ms: int, watched: tuple[str, ...], plans: Plans, lateness: int
    ) -> None:
        self.keys = Keys(prefix)
        self._history_ms = history_ms
        self._watched = watched
        self._lateness = lateness
        self._measures = plans.measures
        self._previous = _previous_steps(plans)

    def is_watched(self, segment: str) -> bool:
        """Whether a history is kept of a segment: ``all``, and those that alerts watch."""
        return segment in self._watched or segment.partition("=")[0] in self._watched

    def windows(self, rates: Rates, changed_only: bool) -> tuple[dict[str, Value], list[dict[str, object]]]:
        """Return sliding windows, and those of ``all`` once more as rows for the channel.

        Args:
            rates: The rates.
            changed_only: Only segments that changed since the last time; else all that ever were. They are
                then taken as told.
        """
        values: dict[str, Value] = {}
        rows: list[dict[str, object]] = []
        for window in rates.windows.values():
            # All that ever were: an owner before may have shown what is no longer in the window.
            segments = set(window.changed) if changed_only else set(rates.segments.all())
            window.changed.clear()
            if window.end is None:
                continue
            size = duration_text(window.size)
            for segment in segments:
                cells = window.rows.get(segment) or [0] * (FIELDS * len(self._measures))
                for number, measure in enumerate(self._measures):
                    fields = self._fields(rates, window, cells, number, rates.segments.is_partial(segment))
                    values[self.keys.rate(measure, size, segment)] = Hash(fields, LIVE_FOR_MS)
                    if segment == ALL:
                        rows.append({"measure": measure, "segment": segment, "size": size, **fields})
        return values, rows

    def _fields(
        self, rates: Rates, window: SlidingWindow, cells: Row, number: int, partial: bool
    ) -> dict[str, str]:
        found = rate(cells, number)
        end = window.end or 0
        mature = found.open == 0 and (rates.watermark or 0) >= end + self._lateness
        fields = {
            "window_start": str(end - window.size),
            "window_end": str(end),
            "sessions": str(found.sessions),
            "converted": str(found.converted),
            "open": str(found.open),
            "actions": str(found.actions),
            "mature": "true" if mature else "false",
            "partial": "true" if partial else "false",
            "closed_until": str(rates.closed[0].closed_until),
        }
        if found.ratio is not None:
            fields["ratio"] = str(found.ratio)
            fields["flow_ratio"] = str(found.flow_ratio)
            fields["low"] = str(found.low)
            fields["high"] = str(found.high)
            previous = self._previous[number]
            before = cells[FIELDS * previous + CONVERTED] if previous >= 0 else 0
            if before > 0:
                fields["from_previous"] = str(found.converted / before)
                fields["drop_off"] = str(1 - found.converted / before)
        return fields

    def history(self, rows: list[ClosedRow], newest: int) -> dict[str, Value]:
        """Return closed minutes of watched segments; ``newest`` is the end of what is known, ms."""
        members: dict[str, dict[int, str | None]] = {}
        for row in rows:
            if row.size == HISTORY_SIZE and self.is_watched(row.segment):
                key = self.keys.history(row.measure, row.segment)
                members.setdefault(key, {})[row.window_start] = _to_json(row).decode()
        return {
            key: Scored(found, newest - self._history_ms, self._history_ms) for key, found in members.items()
        }

    def segments(self, segments: Segments) -> dict[str, Value]:
        """Return the values of all dimensions."""
        return {
            self.keys.segments(dimension): Names(frozenset(values), self._history_ms)
            for dimension, values in segments.names().items()
            if values
        }

    def status(self, rates: Rates, now_ms: int, ahead_ms: int) -> dict[str, Value]:
        """Return the state of the work.

        Args:
            rates: The rates.
            now_ms: The wall clock, ms.
            ahead_ms: How far the newest event is ahead of the watermark by definition (``out_of_order``), ms.
        """
        fields = {"workers": str(rates.workers), **{o: str(n) for o, n in rates.outcomes.items()}}
        if rates.watermark is not None:
            fields["watermark"] = str(rates.watermark)
            fields["lag"] = str(max(0, now_ms - rates.watermark - ahead_ms))
        return {self.keys.status: Hash(fields, LIVE_FOR_MS)}

    def everything(self, rates: Rates) -> dict[str, Value]:
        """Return the values of all keys but the status, for a Redis that has lost them."""
        values, _ = self.windows(rates, changed_only=False)
        newest = rates.closed[0].closed_until
        for segment in filter(self.is_watched, rates.segments.all()):
            for measure in range(len(self._measures)):
                values |= self.history(rates.closed[0].all_rows(segment, measure), newest)
        return values | self.segments(rates.segments)


def _previous_steps(plans: Plans) -> list[int]:
    """Return, for each measure, the step before it that is not optional; -1 where there is none."""
    previous = [-1] * len(plans.measures)
    for group in plans.groups:
        if group.includes_base:
            before = group.base
            for measure in group.members:
                previous[measure] = before
                if not plans.optional[measure]:
                    before = measure
    return previous
