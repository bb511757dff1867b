"""A case with its expectations, and how rows differ from them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from math import isclose
from typing import Any

from stream.core.definition import Definition
from tests.oracle import Read

Series = tuple[str, str, str]
"""Measure, segment, size of window."""

Window = tuple[str, str, int]
"""Segment, size of window, start (ms)."""

Converted = tuple[str, str, str, int]
"""Funnel, segment, size of window, start (ms)."""

PageWindow = tuple[str, int]
"""Size of window, start (ms)."""

PageSeries = tuple[str, ...]
"""``stay``, or ``left`` or ``went_on`` and a measure."""

Counts = tuple[int, int, int]
"""Sessions, converted, actions."""


@dataclass(frozen=True, slots=True)
class Case:
    """Records in the order they are read, and what must come of them.

    Attributes:
        name: File and name, for the test's id.
        sentence: The property that the case shows.
        definition: What is measured.
        reads: The records.
        outcomes: What becomes of each record (``counted``, ``rejected: bad_time``).
        expected: For each series all its windows, start (ms) to counts, once everything has closed. Of series
            that are not named nothing is said.
        revenue: Likewise, of series of macro steps, what each of their windows has of it, by currency.
        sessions: Of some windows, what is known of their sessions by then, by name; ``None``: nothing.
        conversions: Likewise of the conversions of a funnel.
        pages: For each series named all its pages, with facts by name, of a window or (``None``) of the whole
            input. Of series that are not named nothing is said.
    """

    name: str
    sentence: str
    definition: Definition
    reads: tuple[Read, ...]
    outcomes: tuple[str, ...]
    expected: Mapping[Series, Mapping[int, Counts]]
    revenue: Mapping[Series, Mapping[int, Mapping[str, str]]]
    sessions: Mapping[Window, Mapping[str, Any]]
    conversions: Mapping[Converted, Mapping[str, float | None]]
    pages: Mapping[PageWindow | None, Mapping[PageSeries, Mapping[str, Mapping[str, float]]]]


def differences(case: Case, rows: Mapping[tuple[str, str, str, int], Mapping[str, Any]]) -> list[str]:
    """Return how rows (by measure, segment, size, window start) differ from what a case expects.

    A row of zeros is as good as none.
    """
    found = []
    for series, wanted in case.expected.items():
        starts = {start for *name, start in rows if tuple(name) == series} | set(wanted)
        for start in sorted(starts):
            row = rows.get((*series, start), {})
            got = tuple(row.get(name, 0) for name in ("sessions", "converted", "actions"))
            want = wanted.get(start, (0, 0, 0))
            if got != want:
                moment = datetime.fromtimestamp(start / 1000, UTC)
                found.append(f"{' '.join(series)} {moment:%Y-%m-%dT%H:%M}: is {got}, wanted {want}")
    for series, brought in case.revenue.items():
        had = {start: row["revenue"] for (*name, start), row in rows.items() if tuple(name) == series}
        had = {start: revenue for start, revenue in had.items() if revenue != {}}
        if had != brought:
            found.append(f"{' '.join(series)}: revenue is {had}, wanted {brought}")
    return found


def unlike_sessions(
    case: Case,
    sessions: Mapping[Window, Mapping[str, Any]],
    conversions: Mapping[Converted, Mapping[str, float]],
    near: float,
) -> list[str]:
    """Return how what is known of sessions and conversions differs from what a case expects.

    Args:
        case: The case.
        sessions: What is known of sessions, by window.
        conversions: What is known of conversions, by funnel and window.
        near: How far percentiles may be off, as a part of them.
    """
    wrong = _unlike(case.sessions, sessions, "sessions", near)
    return wrong + _unlike(case.conversions, conversions, "conversions", near)


def _unlike(
    expected: Mapping[Any, Mapping[str, float | None]],
    found: Mapping[Any, Mapping[str, float]],
    count: str,
    near: float,
) -> list[str]:
    wrong = []
    for window, wanted in expected.items():
        known = found.get(window, {})
        if not known.get(count):  # a window without any is as good as none
            known = {}
        for name, value in wanted.items():
            got = known.get(name)
            if isinstance(value, dict):
                wrong += [f"{window} {name}: is {got}, wanted {value}"] if got != value else []
                continue
            error = near if name.endswith(("p50", "p90")) else 1e-9
            if (got is None) != (value is None) or (
                got is not None and value is not None and not isclose(got, value, rel_tol=error, abs_tol=0)
            ):
                wrong.append(f"{window} {name}: is {got}, wanted {value}")
    return wrong


def unlike_pages(
    case: Case, found: Mapping[str, Mapping[str, Any]], window: PageWindow | None = None
) -> list[str]:
    """Return how what is known of pages differs from what a case expects.

    Args:
        case: The case.
        found: ``stays``, by page the time (ms) and how many stays; ``leaving``, by measure and page how many
            left and how many went on. Zeros are as good as nothing.
        window: Of which of the windows that the case names this is; none: of the whole input.
    """
    wrong = []
    for series, wanted in case.pages.get(window, {}).items():
        got = _of_pages(series, found)
        for page in sorted({*got, *wanted}):
            known, facts = got.get(page, {}), wanted.get(page, {})
            if {name: known.get(name) for name in facts} != facts or (known and not facts):
                where = f"{window} " if window else ""
                wrong.append(f"{where}{' '.join(series)} {page}: is {known}, wanted {facts}")
    return wrong


def _of_pages(series: PageSeries, found: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    """Return what is known of a series, by page and name of the fact."""
    kind, *measure = series
    if kind == "stay":
        stays = found["stays"].items()
        return {page: {"time": ms, "stays": n, "mean": ms / n} for page, (ms, n) in stays if n}
    leaving = found["leaving"].get(measure[0], {}).items()
    place = ("left", "went_on").index(kind)
    return {page: {"sessions": counts[place]} for page, counts in leaving if counts[place]}
