"""Histograms: how near their quantiles are, and that adding them up is all that merging takes."""

from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.core.histogram import BINS, ERROR, LARGEST, bin_of, estimate, percentile

DAY = 86_400_000
VALUES = st.lists(
    st.one_of(st.integers(0, 3), st.integers(0, 10_000), st.integers(0, 40 * DAY), st.integers(0, LARGEST)),
    max_size=60,
)


def histogram(values: list[int]) -> Counter[int]:
    """Return how many of the values are in each bin."""
    return Counter(bin_of(value) for value in values if value)


def exact(values: list[int], percent: int) -> int:
    """Return the smallest value that so many percent of all do not exceed, by counting them."""
    return min(v for v in values if 100 * sum(other <= v for other in values) >= percent * len(values))


@pytest.mark.says("from histograms that merge by addition: within 2 % of the exact ones.")
@given(VALUES, st.sampled_from((1, 10, 50, 90, 99, 100)))
def test_a_percentile_is_near_the_exact_one(values: list[int], percent: int) -> None:
    """Whatever the values: no further from the exact percentile than 2 % of it; of nothing there is none."""
    found = percentile(histogram(values), len(values), percent)
    if not values:
        assert found is None
        return
    wanted = exact(values, percent)
    assert found is not None
    assert abs(found - wanted) <= ERROR * wanted * (1 + 1e-12)


@given(VALUES, VALUES, VALUES)
def test_merging_is_adding(one: list[int], other: list[int], gone: list[int]) -> None:
    """Added histograms are the histogram of all values, in any order; what is taken away leaves no trace."""
    together = histogram(one) + histogram(other)
    assert together == histogram(other + one) == histogram(sorted(one + other))
    assert histogram(one + gone) - histogram(gone) == histogram(one)


@given(st.integers(1, LARGEST))
def test_a_bin_has_the_values_between_its_bounds(value: int) -> None:
    """Bin i has the values in (gamma^(i-1), gamma^i], exactly, however large they are."""
    gamma, number = Fraction(102, 98), bin_of(value)
    assert gamma ** (number - 1) < value <= gamma**number
    assert abs(estimate(number) - value) <= ERROR * value * (1 + 1e-12)


def test_every_bound_is_in_its_bin() -> None:
    """The largest whole number of each bin is in it, and the next one is not."""
    for number in range(BINS):
        largest = 51**number // 49**number
        assert bin_of(largest) <= number < bin_of(largest + 1) or number == BINS - 1


def test_what_is_larger_than_any_number_is_in_the_last_bin() -> None:
    """A value beyond the largest is counted as that."""
    assert bin_of(LARGEST) == bin_of(LARGEST * 10**6) == BINS - 1
