"""The naive batch computation that every count of the stream is judged by.

Written from the meaning of the numbers alone, without the stream's counting code: put each visitor's
events in order of time and apply the rules literally. Slow, obvious, and the same for any way of running.
"""

from tests.oracle.comparison import compare, read_rates
from tests.oracle.judging import Judged, Verdict, judge
from tests.oracle.rates import Key, Row, Rows, rows, wilson
from tests.oracle.record import Read
from tests.oracle.unkeyed import judge_unkeyed

__all__ = [
    "Judged",
    "Key",
    "Read",
    "Row",
    "Rows",
    "Verdict",
    "compare",
    "judge",
    "judge_unkeyed",
    "read_rates",
    "rows",
    "wilson",
]
