"""The cases worked out by hand, held against the stream."""

from collections import Counter
from collections.abc import Mapping
from itertools import groupby
from typing import Any

import pytest

from stream.units import duration_text
from tests.golden import Case, cases, differences, unlike_pages, unlike_sessions
from tests.laws.pipeline import Pipeline
from tests.laws.sessions import kept

NO_PAGES: Mapping[str, Mapping[str, Any]] = {"stays": {}, "leaving": {}}


@pytest.mark.parametrize("at_once", [False, True], ids=["one by one", "at once"])
@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_golden_case(case: Case, at_once: bool) -> None:
    """The stream ends at the counts that a person expects, record by record, however many a flush has."""
    partitions = 1 + max(read.partition for read in case.reads)
    pipeline = Pipeline(case.definition, partitions)
    inputs = groupby(case.reads, key=lambda read: (read.topic, read.partition))
    pipeline.run([list(reads) for _, reads in inputs] if at_once else [[read] for read in case.reads])
    assert differences(case, pipeline.rows) == [], case.sentence
    sessions, conversions, pages = {}, {}, {}
    for window in kept(pipeline):
        size = duration_text(window.end - window.start)
        for segment, found in window.segments.items():
            sessions[segment, size, window.start] = found
        for (segment, funnel), found in window.times.items():
            conversions[funnel, segment, size, window.start] = found
        pages[size, window.start] = {"stays": window.pages, "leaving": window.leaving}
    assert unlike_sessions(case, sessions, conversions, near=0.02) == [], case.sentence
    hours = [found for (size, _), found in pages.items() if size == "1h"]
    for where in case.pages:
        found_there = pages.get(where, NO_PAGES) if where else added_up(hours)
        assert unlike_pages(case, found_there, where) == [], case.sentence
    counted = sum((Counter(pipeline.outcomes(p)) for p in range(partitions)), Counter())
    assert counted == Counter(outcome.partition(":")[0] for outcome in case.outcomes), case.sentence


def added_up(windows: list[Mapping[str, Mapping[str, Any]]]) -> Mapping[str, Mapping[str, Any]]:
    """Return what is known of pages in some windows together."""
    stays: dict[str, tuple[int, int]] = {}
    leaving: dict[str, dict[str, tuple[int, int]]] = {}
    for window in windows:
        _add(stays, window["stays"])
        for measure, pages in window["leaving"].items():
            _add(leaving.setdefault(measure, {}), pages)
    return {"stays": stays, "leaving": leaving}


def _add(sums: dict[str, tuple[int, int]], more: Mapping[str, tuple[int, int]]) -> None:
    for page, (one, other) in more.items():
        before = sums.get(page, (0, 0))
        sums[page] = before[0] + one, before[1] + other
