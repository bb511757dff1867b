"""Attempts across sessions against the search of all chains, and against what must hold of any attempts."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise
from random import Random

from tests.oracle.attempts import attempts_of
from tests.oracle.matching import steps_of
from tests.oracle.test_reaching import random_funnel, random_visit, searched


def test_an_attempt_reaches_what_a_search_finds_in_its_events() -> None:
    """Unless an event matches step 0 and another, times are those of a search of all chains."""
    random = Random(7)
    met: Counter[str] = Counter()
    for _ in range(6_000):
        events = random_visit(random)
        funnel = replace(random_funnel(random), order="ordered", scope="visitor")
        if any(len(steps_of(e, funnel.steps)) > 1 and 0 in steps_of(e, funnel.steps) for e in events):
            continue
        for attempt in attempts_of(events, funnel):
            its_own = tuple(e for e in events if any(turn.event is e for turn in attempt.turns))
            wanted = searched(its_own, funnel)
            assert attempt.times == wanted, (events, funnel)
            met["completed" if len(funnel.steps) - 1 in wanted else f"reached {len(wanted)}"] += 1
            met["excluded"] += any(turn.ends for turn in attempt.turns)
    assert min(met.values()) > 20, met


def test_attempts_open_and_close_as_they_should() -> None:
    """No step 0 is outside of attempts; the next one opens only after the last step, or too late."""
    random = Random(9)
    met: Counter[str] = Counter()
    for _ in range(6_000):
        events = random_visit(random)
        funnel = replace(random_funnel(random), order="ordered", scope="visitor")
        attempts = attempts_of(events, funnel)
        last = len(funnel.steps) - 1
        taken = [turn.event.event_id for attempt in attempts for turn in attempt.turns if turn.steps]
        assert len(taken) == len(set(taken)), "an event is in one attempt"
        entries = {e.event_id for e in events if 0 in steps_of(e, funnel.steps)}
        assert entries <= set(taken)
        for before, after in pairwise(attempts):
            newest = max(turn.time for turn in before.turns if 0 in turn.steps)
            if last in before.times:
                assert before.times[last] == before.turns[-1].time <= after.first.time
                met["completed"] += 1
            else:
                assert after.first.time - newest > funnel.within_ms
                met["expired"] += 1
    assert min(met["completed"], met["expired"]) > 100, met
