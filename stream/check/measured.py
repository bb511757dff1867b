"""What a configuration measures, as data: funnels, secondary actions, dimensions. Times and spans are ms."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from stream.core import definition
from stream.core.segment import most_values

Where = dict[str, list[str]]
"""Field of the event to the patterns of which one must match."""


class Step(msgspec.Struct, frozen=True):
    """A step of a funnel; ``within_ms``: since the step before."""

    measure: str
    event: str
    where: Where
    optional: bool
    macro: bool
    within_ms: int | None


class Exclusion(msgspec.Struct, frozen=True):
    """An event that ends an attempt which has reached the measure ``reached`` and not ``before``."""

    event: str
    where: Where
    reached: str
    before: str


class Funnel(msgspec.Struct, frozen=True):
    """A funnel; ``within_ms``: from its first step, or, unordered, how far apart steps may be."""

    name: str
    order: Literal["ordered", "strict", "unordered"]
    scope: Literal["session", "visitor"]
    reentry: Literal["first", "latest"]
    within_ms: int
    steps: tuple[Step, ...]
    exclusions: tuple[Exclusion, ...]


class Micro(msgspec.Struct, frozen=True):
    """A secondary action; ``of``: ``session``, or the measure that makes a session relevant."""

    measure: str
    event: str
    where: Where
    of: str


class Dimension(msgspec.Struct, frozen=True):
    """A dimension; ``segments_at_most``: its values told apart, and one for the rest."""

    name: str
    field: str
    values: tuple[str, ...]
    max_values: int
    cross: tuple[str, ...]
    segments_at_most: int


class Pages(msgspec.Struct, frozen=True):
    """Which pages are told apart: groups with their paths, and so many others."""

    groups: Mapping[str, list[str]]
    max_values: int


def pages(what: definition.Definition) -> Pages:
    """Return which pages a definition tells apart."""
    groups = {group.name: list(group.patterns) for group in what.pages.groups}
    return Pages(groups, what.pages.max_values)


def funnels(what: definition.Definition) -> tuple[Funnel, ...]:
    """Return the funnels of a definition."""
    return tuple(map(_funnel, what.funnels))


def micros(what: definition.Definition) -> tuple[Micro, ...]:
    """Return its secondary actions."""
    return tuple(Micro(f"{definition.MICRO}.{m.name}", m.event, _where(m.where), m.of) for m in what.micros)


def dimensions(what: definition.Definition) -> tuple[Dimension, ...]:
    """Return its dimensions."""
    return tuple(
        Dimension(d.name, d.field, d.values, d.max_values, d.cross, most_values(d)) for d in what.dimensions
    )


def _funnel(funnel: definition.Funnel) -> Funnel:
    measures = [f"{funnel.name}.{step.name}" for step in funnel.steps]
    return Funnel(
        funnel.name,
        funnel.order,
        funnel.scope,
        funnel.reentry,
        funnel.within_ms,
        tuple(
            Step(measure, s.event, _where(s.where), s.optional, s.macro, s.within_ms)
            for measure, s in zip(measures, funnel.steps, strict=True)
        ),
        tuple(
            Exclusion(e.event, _where(e.where), measures[e.first], measures[e.last])
            for e in funnel.exclusions
        ),
    )


def _where(conditions: tuple[definition.Condition, ...]) -> Where:
    return {condition.field: list(condition.patterns) for condition in conditions}
