"""What Redis is told: sliding windows, closed minutes, values of dimensions, and how the work goes."""

from collections.abc import Iterator, Mapping
from itertools import product

import msgspec

from stream.core.cell import new_row
from stream.core.closed import ClosedRow
from stream.core.facts import facts
from stream.core.plans import Plans
from stream.core.rates import Rates
from stream.core.revenue import by_currency, decimals
from stream.core.segment import ALL, Segments
from stream.core.timing import timings
from stream.core.window import SlidingWindow
from stream.sinks.keys import LIVE_FOR_MS, Keys
from stream.sinks.live_pages import passages, stays
from stream.sinks.maturity import changes, maturity
from stream.sinks.rate_hash import RateHash
from stream.sinks.redis_values import Hash, Names, Scored, Value
from stream.units import duration_text

HISTORY_SIZE = "1m"

WINDOWS_A_PIECE = 500
"""A piece of everything has at most so many sliding windows, if one segment does not have more."""

ROWS_A_PIECE = 1_000
"""A piece of everything has at most about so many closed minutes, if one minute does not have more."""

SEGMENTS_A_PIECE = 5
"""A piece has the closed minutes of at most so many segments, so that it has several minutes of each."""

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
        self._measures = plans.measures
        self._plans = plans
        self._rates = RateHash(plans, lateness)

    def is_watched(self, segment: str) -> bool:
        """Whether a history is kept of a segment: ``all``, and those that alerts watch."""
        return segment in self._watched or segment.partition("=")[0] in self._watched

    def windows(self, rates: Rates) -> tuple[dict[str, Value], list[dict[str, object]]]:
        """Return the sliding windows that changed since the last time, which are then taken as told.

        Those of ``all`` are returned once more, as rows for the channel.
        """
        values: dict[str, Value] = {}
        rows: list[dict[str, object]] = []
        left = ALL in rates.day.changed
        for window in rates.windows.values():
            changed = changes(rates, window)
            size = duration_text(window.size)
            if ALL in changed:
                values |= stays(self.keys, rates, window)
            for segment in changed:
                values |= self._tallies(window, segment)
                for measure, fields in self._window(rates, window, segment):
                    values[self.keys.rate(measure, size, segment)] = Hash(fields, LIVE_FOR_MS)
                    if segment == ALL:
                        rows.append({"measure": measure, "segment": segment, "size": size, **fields})
        if left:
            values |= passages(self.keys, rates, self._plans)
        rates.day.changed.clear()
        return values, rows

    def _window(
        self, rates: Rates, window: SlidingWindow, segment: str
    ) -> Iterator[tuple[str, dict[str, str]]]:
        """Yield each measure with its fields; nothing before time is known."""
        if window.end is not None:
            cells = window.rows.get(segment) or new_row(len(self._measures))
            revenue = by_currency(window.tallies.get(segment, {})) if self._plans.macros else {}
            partial = rates.segments.is_partial(segment)
            for number, measure in enumerate(self._measures):
                fields = self._rates.fields(rates, window, cells, number, partial=partial)
                fields |= maturity(rates, window.size, segment, number)
                if number in self._plans.macros:
                    fields["revenue"] = _text(decimals(revenue.get(number, {})))
                yield measure, fields

    def _tallies(self, window: SlidingWindow, segment: str) -> dict[str, Value]:
        """Return the keys of the window's sessions and of its conversions; nothing before time is known."""
        if window.end is None:
            return {}
        cells = window.rows.get(segment) or new_row(len(self._measures))
        tallies, size = window.tallies.get(segment, {}), duration_text(window.size)
        found: dict[str, Mapping[str, float | dict[str, str]]] = {
            self.keys.session(size, segment): facts(cells, tallies, self._plans).fields()
        }
        for funnel, timing in timings(cells, tallies, self._plans).items():
            found[self.keys.time(funnel, size, segment)] = timing.fields()
        span = {"window_start": str(window.end - window.size), "window_end": str(window.end)}
        return {
            key: Hash(span | {name: _text(value) for name, value in fields.items()}, LIVE_FOR_MS)
            for key, fields in found.items()
        }

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

    def segments(self, segments: Segments, *, whole: bool = False) -> dict[str, Value]:
        """Return the values of all dimensions; ``whole``: Redis is to have no others."""
        return {
            self.keys.segments(dimension): Names(frozenset(values), self._history_ms, whole)
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

    def everything(self, rates: Rates) -> Iterator[dict[str, Value]]:
        """Yield the values of all keys but the status, for a Redis that has lost them, in pieces.

        First sliding windows, then closed minutes, the newest first. A piece takes some ms; it is made when
        it is asked for, of the rates as they are then. Nothing is taken as told: what changes, `windows` and
        `history` tell all the same. So of a segment that is admitted meanwhile they tell everything.
        """
        yield self.segments(rates.segments, whole=True)
        yield passages(self.keys, rates, self._plans)
        yield from self._all_windows(rates)
        yield from self._all_history(rates)

    def _all_windows(self, rates: Rates) -> Iterator[dict[str, Value]]:
        # All segments that ever were: an owner before may have shown what is no longer in a window.
        segments = rates.segments.all()
        hashes = len(rates.windows) * (len(self._measures) + 1 + len(self._plans.goals))
        for group in _groups(segments, WINDOWS_A_PIECE // hashes):
            values: dict[str, Value] = {}
            for segment, window in product(group, rates.windows.values()):
                values |= stays(self.keys, rates, window) if segment == ALL else {}
                values |= self._tallies(window, segment)
                for measure, fields in self._window(rates, window, segment):
                    key = self.keys.rate(measure, duration_text(window.size), segment)
                    values[key] = Hash(fields, LIVE_FOR_MS)
            yield values

    def _all_history(self, rates: Rates) -> Iterator[dict[str, Value]]:
        closed = rates.closed[0]
        watched = list(filter(self.is_watched, rates.segments.all()))
        groups = _groups(watched, SEGMENTS_A_PIECE)
        # Minutes in which nothing happened do not count, so that a quiet site has few pieces.
        minutes = max(1, ROWS_A_PIECE // (min(len(watched), SEGMENTS_A_PIECE) * len(self._measures)))
        end: int | None = None  # the newest span has no end: Redis must not have what is newer still
        more = True
        while more:
            # Minutes may have been forgotten, or come late, since the last span: they are looked up anew.
            begin = closed.closed_until - self._history_ms
            starts = closed.starts(begin, end)
            more = len(starts) > minutes
            if more:
                begin = starts[-minutes]
            for group in groups:
                yield self._span(rates, group, begin, end)
            end = begin

    def _span(self, rates: Rates, segments: list[str], begin: int, end: int | None) -> dict[str, Value]:
        """Return closed minutes from ``begin`` on and before ``end``, ms; also of keys that have none."""
        closed = rates.closed[0]
        members: dict[tuple[str, str], dict[int, str | None]] = {
            (measure, segment): {} for segment, measure in product(segments, self._measures)
        }
        for row in closed.rows(closed.starts(begin, end), segments):
            members[row.measure, row.segment][row.window_start] = _to_json(row).decode()
        keep_from = closed.closed_until - self._history_ms
        return {
            self.keys.history(*key): Scored(found, keep_from, self._history_ms, (begin, end))
            for key, found in members.items()
        }


def _text(value: float | dict[str, str]) -> str:
    return _to_json(value).decode() if isinstance(value, dict) else str(value)


def _groups(segments: list[str], size: int) -> list[list[str]]:
    """Return the segments in groups of so many, but at least one."""
    size = max(1, size)
    return [segments[first : first + size] for first in range(0, len(segments), size)]
