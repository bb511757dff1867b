"""The cases worked out by hand, held against the stream."""

from collections import Counter

import pytest

from tests.golden import Case, cases, differences
from tests.laws.pipeline import Pipeline


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_golden_case(case: Case) -> None:
    """The stream ends at the counts that a person expects, record by record."""
    partitions = 1 + max(read.partition for read in case.reads)
    pipeline = Pipeline(case.definition, partitions)
    pipeline.run([[read] for read in case.reads])
    assert differences(case, pipeline.rows) == [], case.sentence
    counted = sum((Counter(pipeline.outcomes(p)) for p in range(partitions)), Counter())
    assert counted == Counter(outcome.partition(":")[0] for outcome in case.outcomes), case.sentence
