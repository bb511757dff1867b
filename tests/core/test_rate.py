"""What counts say: shares and their intervals, against another implementation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.core.rate import rate
from tests.oracle import wilson


@pytest.mark.says(
    "`ratio = converted / sessions` (50 of 400 = 12.5 %), with a 95 % Wilson interval `low`, `high`;",
    "`flow_ratio = actions / sessions`",
)
def test_shares_of_relevant_sessions() -> None:
    """Fifty of four hundred are 12.5 %, between 9.6 and 16.1 %; a hundred actions beside them are 25 %."""
    found = rate([400, 50, 350, 100], 0)
    assert (found.ratio, found.flow_ratio) == (0.125, 0.25)
    assert (found.low, found.high) == pytest.approx((0.096115, 0.161019), abs=1e-6)


@pytest.mark.says("`low`, `high`; never above 1;")
@given(st.integers(1, 10**9).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))))
def test_the_interval_is_wilson_s(counts: tuple[int, int]) -> None:
    """Whatever the counts, low <= ratio <= high lie within 0 and 1, where the batch has them."""
    sessions, converted = counts
    found = rate([sessions, converted, 0, converted], 0)
    assert found.ratio is not None
    assert found.low is not None
    assert found.high is not None
    assert 0 <= found.low <= found.ratio <= found.high <= 1
    assert (found.low, found.high) == pytest.approx(wilson(converted, sessions), abs=1e-9)


@pytest.mark.says("moves at once when something breaks, and may exceed 1.")
def test_flow_is_of_the_window_s_own_actions() -> None:
    """Three sessions act in a window in which two began: 150 %, whatever those two did."""
    found = rate([2, 0, 2, 3], 0)
    assert (found.ratio, found.flow_ratio) == (0, 1.5)


@pytest.mark.says("A rate of no sessions is no data")
def test_no_sessions_are_no_data() -> None:
    """Without relevant sessions there is no share, not even of actions."""
    found = rate([0, 0, 0, 5], 0)
    assert (found.ratio, found.flow_ratio, found.low, found.high) == (None, None, None, None)
