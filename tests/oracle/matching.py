"""Which events are a step, a micro-conversion or an exclusion: by name and by conditions on fields."""

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase

from stream.core.definition import Condition, Definition, Exclusion, Micro, Step
from tests.oracle.record import Event


def matches(event: Event, wanted: Step | Micro | Exclusion) -> bool:
    """Say whether an event is what a step, micro-conversion or exclusion asks for."""
    return event.name == wanted.event and all(_holds(event, condition) for condition in wanted.where)


def steps_of(event: Event, steps: Sequence[Step]) -> list[int]:
    """Return the numbers of the steps of a funnel that an event matches, lowest first."""
    return [number for number, step in enumerate(steps) if matches(event, step)]


def is_step(event: Event, definition: Definition) -> bool:
    """Say whether an event is a step event: a step of a funnel or a micro-conversion."""
    return any(steps_of(event, funnel.steps) for funnel in definition.funnels) or any(
        matches(event, micro) for micro in definition.micros
    )


def _holds(event: Event, condition: Condition) -> bool:
    """Say whether any of the patterns fits."""
    return any(_fits(event, condition.field, pattern) for pattern in condition.patterns)


def _fits(event: Event, field: str, pattern: str) -> bool:
    """A field equals a pattern, or matches it as a glob; an absent field is empty text.

    Of ``value`` and properties a pattern that begins with < or > is no text but comparisons of numbers, all
    of which hold. Only what JSON has as a number is one.
    """
    if (field == "value" or field.startswith("props.")) and pattern.lstrip()[:1] in ("<", ">"):
        number = event.numbers.get(field)
        return number is not None and all(
            _compares(number, sign, float(limit)) for sign, limit in _comparisons(pattern)
        )
    text = event.field(field)
    return text == pattern or fnmatchcase(text, pattern)


def _comparisons(pattern: str) -> list[tuple[str, str]]:
    """Return signs and the numbers behind them: of ``>= 10 < 50`` (``>=``, ``10``) and (``<``, ``50``)."""
    return re.findall(r"([<>]=?)\s*([^\s<>=]+)", pattern)


def _compares(number: int | float, sign: str, limit: float) -> bool:
    if sign == "<":
        return number < limit
    if sign == "<=":
        return number <= limit
    if sign == ">":
        return number > limit
    return number >= limit
