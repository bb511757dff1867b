"""Count sessions, and attempts across them, into windows: the last row of each once everything has closed."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

from stream.core.definition import SESSION, Definition, Funnel
from tests.oracle.attempts import across, attempts_of, reached_across, session_of
from tests.oracle.judging import Judged, judge
from tests.oracle.money import Brought, macro_of, paying, texts, total
from tests.oracle.reaching import bases, reached
from tests.oracle.record import Event, Read
from tests.oracle.visits import Session, by_visitor, overflowed, sessions_of

Key = tuple[str, str, str, int]
"""Measure, segment (``all`` or ``dimension=value``, raw), size (``1m``), start of the window in ms."""

Row = dict[str, Any]
"""Counts and ratios of one window, named as in topic ``conversion-rates``."""

Z_95 = 1.959963984540054
_UNITS_MS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


def size_ms(size: str) -> int:
    """Return the length of a window such as ``1m`` or ``24h``, ms."""
    return int(size[:-1]) * _UNITS_MS[size[-1]]


@dataclass(frozen=True, slots=True)
class Scope:
    """Which rows are exact, so that they can be compared.

    Attributes:
        sizes: Sizes of windows.
        listed: Segments of values that the configuration lists.
        whole: Dimensions of which every value is exact.
        until: Only windows that end by then, ms; none: all.
    """

    sizes: tuple[str, ...]
    listed: frozenset[str]
    whole: frozenset[str]
    until: int | None

    def segment(self, segment: str) -> bool:
        """Say whether a segment is counted exactly."""
        return segment == "all" or segment in self.listed or segment.partition("=")[0] in self.whole

    def key(self, key: Key) -> bool:
        """Say whether a row is one to compare."""
        _, segment, size, start = key
        if size not in self.sizes or not self.segment(segment):
            return False
        return self.until is None or start + size_ms(size) <= self.until


class Rows(dict[Key, Row]):
    """Rows by key, with the scope in which they are complete."""

    def __init__(self, scope: Scope) -> None:
        super().__init__()
        self.scope = scope

    def within(self, scope: Scope) -> "Rows":
        """Return those of the rows that are in a narrower scope, as if they alone had been asked for."""
        narrower = Rows(scope)
        narrower |= {key: row for key, row in self.items() if scope.key(key)}
        return narrower


def scope_of(
    counted: Sequence[Event],
    definition: Definition,
    sizes: Sequence[str] = ("1m", "1h"),
    *,
    unlisted: bool = False,
    until: int | None = None,
) -> Scope:
    """Return which rows of events that count are exact; all but these is said as for :func:`rows`."""
    whole = {d.name for d in definition.dimensions} - overflowed(counted, definition) if unlisted else set()
    listed = {f"{d.name}={value}" for d in definition.dimensions for value in d.values}
    return Scope(tuple(sizes), frozenset(listed), frozenset(whole), until)


def rows(
    reads: Iterable[Read] | Judged,
    definition: Definition,
    sizes: Sequence[str] = ("1m", "1h"),
    *,
    unlisted: bool = False,
    until: int | None = None,
) -> Rows:
    """Return the last row of every window that ever had a session or an action.

    Args:
        reads: Records in the order they were read, or what was judged of them.
        definition: What is measured.
        sizes: Sizes of windows, such as ``1m``.
        unlisted: Also rows of values that are not listed, for dimensions that cannot have overflowed.
        until: Only windows that end by then, ms. What lies before it must have closed.
    """
    counted = (reads if isinstance(reads, Judged) else judge(reads, definition)).counted
    scope = scope_of(counted, definition, sizes, unlisted=unlisted, until=until)
    counts: dict[Key, list[int]] = defaultdict(lambda: [0, 0, 0])
    revenue: dict[Key, Brought] = defaultdict(Counter)
    of, macros = bases(definition), set(map(macro_of, definition.funnels))
    for events in by_visitor(counted).values():
        sessions = sessions_of(events, definition)
        for session in sessions:
            times = reached(session, definition) | {SESSION: session.start}
            segments = _exact(session, scope)
            _count(times, of, segments, scope.sizes, counts)
            for funnel in definition.funnels:
                _earn(paying(session.events, funnel, times), funnel, times, segments, scope.sizes, revenue)
        for funnel in filter(across, definition.funnels):
            for attempt in attempts_of(events, funnel):
                segments = _exact(session_of(attempt, sessions), scope)
                times = reached_across(attempt, funnel)
                _count(times, of, segments, scope.sizes, counts)
                taken = attempt.took()
                _earn(paying(taken, funnel, times), funnel, times, segments, scope.sizes, revenue)
    result = Rows(scope)
    for key in sorted(counts):
        if scope.key(key):
            brought = texts(revenue[key]) if key[0] in macros else None
            result[key] = row(*counts[key], brought)
    return result


def _exact(session: Session, scope: Scope) -> list[str]:
    return [segment for segment in session.segments() if scope.segment(segment)]


def _count(
    times: Mapping[str, int],
    of: Mapping[str, str],
    segments: Sequence[str],
    sizes: Sequence[str],
    counts: dict[Key, list[int]],
) -> None:
    """Add a session, or an attempt across sessions, to the windows of its base times and of what it reached.

    Args:
        times: When it reached each measure, ms; of a session also when that began.
        of: The base of each measure.
        segments: The segments to count it in.
        sizes: Sizes of windows.
        counts: Sessions, converted and actions by key; they are added to.
    """
    for measure, base in of.items():
        base_time = times.get(base)
        if base_time is None:
            continue
        for size in sizes:
            length = size_ms(size)
            for segment in segments:
                relevant = counts[measure, segment, size, base_time // length * length]
                relevant[0] += 1
                if measure in times:
                    relevant[1] += 1
                    counts[measure, segment, size, times[measure] // length * length][2] += 1


def _earn(
    paid: Iterable[Event],
    funnel: Funnel,
    times: Mapping[str, int],
    segments: Sequence[str],
    sizes: Sequence[str],
    revenue: dict[Key, Brought],
) -> None:
    """Add what events brought to the windows of the time at which the funnel's macro step was reached."""
    brought, measure = total(paid), macro_of(funnel)
    if measure is not None and measure in times:
        for size in sizes:
            start = times[measure] // size_ms(size) * size_ms(size)
            for segment in segments:
                for currency, millionths in brought.items():
                    revenue[measure, segment, size, start][currency] += millionths


def row(sessions: int, converted: int, actions: int, revenue: dict[str, str] | None = None) -> Row:
    """Return a row of a window of which all sessions have closed."""
    low, high = wilson(converted, sessions)
    return {
        "sessions": sessions,
        "converted": converted,
        "open": 0,
        "actions": actions,
        "ratio": converted / sessions if sessions else None,
        "flow_ratio": actions / sessions if sessions else None,
        "low": low,
        "high": high,
        "revenue": revenue,
        "mature": True,
        "partial": False,
    }


def wilson(converted: int, sessions: int) -> tuple[float, float] | tuple[None, None]:
    """Return Wilson's 95 % interval of a share, or nothing for a share of nothing."""
    if not sessions:
        return None, None
    share = converted / sessions
    z2 = Z_95 * Z_95
    centre = share + z2 / (2 * sessions)
    reach = Z_95 * sqrt(share * (1 - share) / sessions + z2 / (4 * sessions * sessions))
    whole = 1 + z2 / sessions
    return max(0.0, (centre - reach) / whole), min(1.0, (centre + reach) / whole)
