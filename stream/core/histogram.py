"""Histograms that merge by addition, with quantiles of a bounded relative error.

After DDSketch (Masson, C., Rim, J. E., Lee, H. K. (2019): DDSketch: a fast and fully-mergeable quantile
sketch with relative-error guarantees. PVLDB 12), with a = 2 %: bin i counts the values in (gamma^(i-1),
gamma^i] for gamma = (1 + a) / (1 - a), and stands for 2 gamma^i / (gamma + 1), from which none of them is
further than a. Values are whole numbers, so the bins' bounds are whole numbers too, made without floating
point: a value is in the same bin on every machine, and what was counted can be taken back anywhere. The value
0 has no bin; how many there were is what the bins lack.
"""

from bisect import bisect_left
from collections.abc import Mapping
from typing import Final

ERROR: Final = 0.02
"""How far an estimated quantile is from the exact one at most, as a part of that."""

_ABOVE, _BELOW = 51, 49
"""Gamma is their quotient: 1.02 / 0.98."""

LARGEST: Final = (1 << 63) - 1
"""Largest value that has a bin of its own; greater ones are in the last."""


def _upper_bounds() -> list[int]:
    """Return the largest whole number in each bin, up to the last one."""
    bounds: list[int] = []
    above, below = 1, 1
    while not bounds or bounds[-1] < LARGEST:
        bounds.append(above // below)
        above *= _ABOVE
        below *= _BELOW
    return bounds


_BOUNDS: Final = _upper_bounds()

BINS: Final = len(_BOUNDS)
"""How many bins there are."""


def bin_of(value: int) -> int:
    """Return the bin of a value greater than 0."""
    return min(bisect_left(_BOUNDS, value), BINS - 1)


def estimate(number: int) -> float:
    """Return the value that a bin stands for."""
    gamma = _ABOVE / _BELOW
    return 2 * gamma**number / (gamma + 1)


def percentile(counts: Mapping[int, int], total: int, percent: int) -> float | None:
    """Return the value that so many percent of all values do not exceed: the smallest such.

    Args:
        counts: How many values are in each bin.
        total: How many values there are: what is in no bin is 0.
        percent: 1 to 100.

    Returns:
        Within :data:`ERROR` of the exact one (0 exactly); ``None``: there are no values.
    """
    if total <= 0:
        return None
    rank = -(-total * percent // 100)
    seen = total - sum(counts.values())
    if rank <= seen:
        return 0.0
    for number in sorted(counts):
        seen += counts[number]
        if rank <= seen:
            return estimate(number)
    return None
