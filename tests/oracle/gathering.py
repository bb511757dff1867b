"""When a session reaches the steps of an unordered funnel: when it has gathered an event for each."""

from collections.abc import Sequence

from stream.core.definition import Funnel
from tests.oracle.matching import matches, steps_of
from tests.oracle.record import Event


def gathered_times(events: Sequence[Event], funnel: Funnel) -> dict[int, int]:
    """Return, for each step reached, the earliest time at which all it needs has come, in any order.

    It needs an event of its own for itself and for each step before it that is not optional, all of them no
    further apart than ``within_ms``.
    """
    times: dict[int, int] = {}
    matching = sorted((e for e in events if steps_of(e, funnel.steps)), key=lambda e: e.time)
    for step in range(len(funnel.steps)):
        needed = [k for k in range(step + 1) if k == step or not funnel.steps[k].optional]
        for event in matching:
            near = [e for e in matching if event.time - funnel.within_ms <= e.time <= event.time]
            if _one_for_each([[e for e in near if matches(e, funnel.steps[k])] for k in needed], []):
                times[step] = event.time
                break
    return times


def _one_for_each(choices: Sequence[Sequence[Event]], taken: Sequence[Event]) -> bool:
    """Say whether one event of each choice can be taken, and none twice."""
    if not choices:
        return True
    return any(
        _one_for_each(choices[1:], [*taken, event])
        for event in choices[0]
        if not any(event is other for other in taken)
    )
