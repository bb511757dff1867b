"""Maturity: how soon conversions come, and what a cohort that is still young will come to.

Of the sessions of a young cohort only those that convert quickly have done so. A session of age a has
converted by now with the probability p * F(a): p is the ratio at which it ends, F(a) the part of all
conversions that come within a. So what the cohort will come to is estimated by converted / sum of F(a) over
its sessions, which is p on average, whatever their ages are. The same holds of attempts across sessions.

After Kalbfleisch, J. D., Lawless, J. F. (1989): Inference based on retrospective ascertainment. JASA 84
(delays of reports, of which only those are known that have come), and Chapelle, O. (2014): Modeling delayed
feedback in display advertising. KDD. F is not fitted here: it is what cohorts that have had their time tell.
"""

from bisect import bisect_left
from collections.abc import Mapping
from typing import Final

from stream.core.bucket import MINUTE
from stream.core.definition import Definition
from stream.core.delay import bin_of, bounds

FEWEST: Final = 20
"""With fewer delays nothing is told."""


def settling_span(definition: Definition) -> int:
    """Return for how long (ms, whole minutes) sessions may still convert after their base was reached.

    The timeout, the longest ``within`` of a funnel of sessions or of a step of one, and what events may be
    late by. No chain is longer than a session may be, whatever its ``within`` is.
    """
    times = definition.times
    within = 0
    for funnel in definition.funnels:
        if funnel.scope == "session":
            within = max(within, funnel.within_ms, *[step.within_ms or 0 for step in funnel.steps])
    return _whole_minutes(times.timeout + min(within, times.max_length) + times.allowed_lateness)


def settling_spans(definition: Definition) -> tuple[int, ...]:
    """Return the settling span (ms, whole minutes) of each measure, by its number.

    That of what is reached in a session is one for all of them. An attempt at a funnel across sessions may
    convert until the funnel's ``within`` has passed, and the events that tell of it may be late.
    """
    in_session = settling_span(definition)
    spans: list[int] = []
    for funnel in definition.funnels:
        across = _whole_minutes(funnel.within_ms + definition.times.allowed_lateness)
        spans += [in_session if funnel.scope == "session" else across] * len(funnel.steps)
    return (*spans, *[in_session] * (len(definition.measures()) - len(spans)))


def _whole_minutes(span: int) -> int:
    return -(-span // MINUTE) * MINUTE


class Course:
    """How conversions of a measure come in the course of time: the distribution of their delays.

    Attributes:
        count: How many delays it is made of.
    """

    def __init__(self, counts: Mapping[int, int], settled: int) -> None:
        """Begin.

        Args:
            counts: How many delays are in each bin (:mod:`stream.core.delay`).
            settled: After how long all conversions have come, ms.
        """
        self._settled = settled
        self._counts = counts
        self._numbers = sorted(counts)
        self._before = [0]
        """How many delays are in the bins before each that has any; last, in all."""
        for number in self._numbers:
            self._before.append(self._before[-1] + counts[number])
        self.count = self._before[-1]

    def part(self, age: float) -> float:
        """Return which part (0..1) of all conversions come within an age, ms; linear inside a bin."""
        if age >= self._settled:
            return 1.0
        if age <= 0 or not self.count:
            return 0.0
        number = bin_of(int(age))
        before, inside = self._before[bisect_left(self._numbers, number)], self._counts.get(number, 0)
        begin, end = bounds(number)
        return (before + inside * (age - begin) / (end - begin)) / self.count


def final_ratio(converted: int, sessions: int, missing: float) -> float | None:
    """Return the ratio that a cohort will come to, 0..1.

    Args:
        converted: How many of its sessions have converted by now.
        sessions: How many there are.
        missing: The sum of ``1 - F(age)`` over all of them.

    Returns:
        ``None``: its sessions are too few, or too young, to tell.
    """
    ripe = sessions - missing
    return min(1.0, converted / ripe) if ripe >= 1 else None
