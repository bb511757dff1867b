"""Which events are a step: by name and by conditions on fields."""

from collections.abc import Sequence
from fnmatch import fnmatchcase

from stream.core.definition import Condition, Definition, Micro, Step
from tests.oracle.record import Event


def matches(event: Event, step: Step | Micro) -> bool:
    """Say whether an event is what a step or micro-conversion asks for."""
    return event.name == step.event and all(_holds(event, condition) for condition in step.where)


def steps_of(event: Event, steps: Sequence[Step]) -> list[int]:
    """Return the numbers of the steps of a funnel that an event matches, lowest first."""
    return [number for number, step in enumerate(steps) if matches(event, step)]


def is_step(event: Event, definition: Definition) -> bool:
    """Say whether an event is a step event: one that some measure is made of."""
    return any(steps_of(event, funnel.steps) for funnel in definition.funnels) or any(
        matches(event, micro) for micro in definition.micros
    )


def _holds(event: Event, condition: Condition) -> bool:
    """A field equals, or matches as a glob, any of the patterns; an absent field is empty text."""
    text = event.field(condition.field)
    return any(text == pattern or fnmatchcase(text, pattern) for pattern in condition.patterns)
