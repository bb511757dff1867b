"""The cases worked out by hand, held against the stream."""

from collections import Counter
from itertools import groupby

import pytest

from stream.units import duration_text
from tests.golden import Case, cases, differences, unlike_sessions
from tests.laws.pipeline import Pipeline
from tests.laws.sessions import kept


@pytest.mark.parametrize("at_once", [False, True], ids=["one by one", "at once"])
@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_golden_case(case: Case, at_once: bool) -> None:
    """The stream ends at the counts that a person expects, record by record, however many a flush has."""
    partitions = 1 + max(read.partition for read in case.reads)
    pipeline = Pipeline(case.definition, partitions)
    inputs = groupby(case.reads, key=lambda read: (read.topic, read.partition))
    pipeline.run([list(reads) for _, reads in inputs] if at_once else [[read] for read in case.reads])
    assert differences(case, pipeline.rows) == [], case.sentence
    sessions, conversions = {}, {}
    for window in kept(pipeline):
        size = duration_text(window.end - window.start)
        for segment, found in window.segments.items():
            sessions[segment, size, window.start] = found
        for (segment, funnel), found in window.times.items():
            conversions[funnel, segment, size, window.start] = found
    assert unlike_sessions(case, sessions, conversions, near=0.02) == [], case.sentence
    counted = sum((Counter(pipeline.outcomes(p)) for p in range(partitions)), Counter())
    assert counted == Counter(outcome.partition(":")[0] for outcome in case.outcomes), case.sentence
