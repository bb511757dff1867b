"""Groups: which measures share a base, and so the sessions that are relevant to them."""

from collections.abc import Mapping

from stream.core.definition import MICRO, SESSION, SESSION_FACTS, Definition
from stream.core.plan import NO_TIME, Group


def groups_of(definition: Definition, numbers: Mapping[str, int]) -> tuple[Group, ...]:
    """Return the groups of a definition, the session's own first; ``numbers`` are those of the measures."""
    of_base: dict[str, list[int]] = {SESSION: []}
    for micro in definition.micros:
        of_base.setdefault(micro.of, []).append(numbers[f"{MICRO}.{micro.name}"])
    started = len(numbers) - len(SESSION_FACTS)
    of_session = (*of_base.pop(SESSION), *range(started + 1, len(numbers)))
    groups = [Group(SESSION, NO_TIME, of_session, started)]
    for funnel in definition.funnels:
        members = tuple(numbers[f"{funnel.name}.{step.name}"] for step in funnel.steps)
        groups.append(Group(funnel.name, members[0], members[1:], members[0]))
    for base, micros in of_base.items():
        groups.append(Group(f"{MICRO}:{base}", numbers[base], tuple(micros), NO_TIME))
    return tuple(groups)
