"""What to think twice about: too much, what can have no effect, and what is configured but not done yet."""

from collections.abc import Iterator
from itertools import pairwise
from math import inf
from typing import Any

import msgspec

from stream.core.condition import comparisons, is_number
from stream.core.definition import MICRO, Definition
from stream.core.pages import path_of
from stream.kinds import NotYet, Section
from stream.settings import Settings
from stream.units import duration_text

ADVISED_AT_MOST = 10
"""So many micro-conversions can be watched at a time."""

_ANY = "\x00"
"""Stands for the ``?`` of a pattern while its path is told."""


class MicroConversions(msgspec.Struct, frozen=True):
    """How many micro-conversions there are.

    Attributes:
        count: All of them.
        actions: Secondary actions.
        steps: Steps of funnels after the first, macro-conversions among them.
        macros: The measures of ``steps`` that are macro-conversions.
        advised_at_most: More than so many are too many.
    """

    count: int
    actions: int
    steps: int
    macros: tuple[str, ...]
    advised_at_most: int = ADVISED_AT_MOST


class Doubt(msgspec.Struct, frozen=True):
    """A warning: which keys it is about, and what it says."""

    keys: tuple[str, ...]
    text: str


def micro_conversions(definition: Definition) -> MicroConversions:
    """Return how many micro-conversions are measured: ``micro.*``, and funnel steps after the first."""
    later = [(funnel.name, step) for funnel in definition.funnels for step in funnel.steps[1:]]
    return MicroConversions(
        count=len(definition.micros) + len(later),
        actions=len(definition.micros),
        steps=len(later),
        macros=tuple(f"{funnel}.{step.name}" for funnel, step in later if step.macro),
    )


def doubts(
    settings: Settings, counted: MicroConversions, hashes_a_measure: int, series_a_measure: int
) -> tuple[Doubt, ...]:
    """Return the warnings of a configuration.

    Args:
        settings: The configuration.
        counted: Its micro-conversions.
        hashes_a_measure: Redis hashes that each measure can make.
        series_a_measure: Prometheus series that each measure can make.
    """
    found = []
    if counted.count > ADVISED_AT_MOST:
        found.append(
            Doubt(
                ("funnel", "micro"),
                f"{counted.count} micro-conversions ({counted.actions} {MICRO}.*, {counted.steps} funnel"
                f" steps after the first) are more than {ADVISED_AT_MOST}: each takes attention from the"
                f" others, and makes up to {hashes_a_measure:,} Redis hashes and {series_a_measure:,}"
                " Prometheus series. Keep those on which somebody acts.",
            )
        )
    found += _without_effect(settings)
    found += _never(settings)
    by_reason: dict[str, list[str]] = {}
    for key, mark in _not_yet("", settings):
        by_reason.setdefault(mark.text, []).append(key)
    found += [Doubt(tuple(keys), f"not done by this version: {reason}") for reason, keys in by_reason.items()]
    return tuple(found)


def _without_effect(settings: Settings) -> Iterator[Doubt]:
    """Yield what is said about weights, spans, crosses and pages and can change nothing."""
    weights = [
        f"funnel.{funnel.name}.{step.name}.weight"
        for funnel in settings.funnel
        if funnel.scope == "visitor"
        for step in funnel.steps
        if step.weight
    ]
    if weights:
        text = (
            "the funnel runs across sessions, so its steps add nothing to a session's intent score;"
            " a [[micro]] with the same event can"
        )
        yield Doubt(tuple(weights), text)
    longest = settings.sessions.max_length
    for funnel in settings.funnel:
        if funnel.scope == "session" and funnel.within > longest:
            text = (
                f"{duration_text(funnel.within)} is longer than any session (sessions.max_length ="
                f" {duration_text(longest)}), in which the funnel runs; wanted: at most that, or"
                " scope = 'visitor'"
            )
            yield Doubt((f"funnel.{funnel.name}.within",), text)
    for name, dimension in settings.dimensions.items():
        for twice in sorted({part for part in dimension.cross if dimension.cross.count(part) > 1}):
            text = f"{twice!r} is crossed with itself, which tells nothing more apart; wanted: each once"
            yield Doubt((f"dimensions.{name}",), text)
    for group in settings.definition().pages.groups:
        for pattern in group.patterns:
            path = path_of(pattern.replace("?", _ANY)).replace(_ANY, "?")
            if path != pattern:
                text = f"{pattern!r} fits no page: pages are known by their paths; wanted: such as {path!r}"
                yield Doubt((f"pages.groups.{group.name}",), text)


def _never(settings: Settings) -> Iterator[Doubt]:
    """Yield the conditions that no event can fulfil."""
    wheres = [(f"micro.{micro.name}", micro.where) for micro in settings.micro]
    for funnel in settings.funnel:
        wheres += [(f"funnel.{funnel.name}.{step.name}", step.where) for step in funnel.steps]
        wheres += [(f"funnel.{funnel.name}.exclude.{ends.event}", ends.where) for ends in funnel.exclude]
    for path, where in wheres:
        for field, patterns in where.items():
            for pattern in [patterns] if isinstance(patterns, str) else patterns:
                if is_number(field) and _contradicts_itself(pattern):
                    yield Doubt((f"{path}.where.{field}",), f"{pattern!r} holds for no number")


def _contradicts_itself(pattern: str) -> bool:
    """Whether a pattern is comparisons of which never all hold."""
    found = comparisons(pattern)
    limits = sorted({limit for _, limit in found})
    # What holds for any number holds for one of these: a limit, one between two limits, or beyond them all.
    numbers = (-inf, *limits, *(a / 2 + b / 2 for a, b in pairwise(limits)), inf)
    return not any(all(compare(number, limit) for compare, limit in found) for number in numbers)


def _not_yet(path: str, section: Section) -> Iterator[tuple[str, NotYet]]:
    """Yield the keys that say something other than their default and do nothing in this version."""
    for name, field in type(section).model_fields.items():
        value = getattr(section, name)
        mark = next((mark for mark in field.metadata if isinstance(mark, NotYet)), None)
        if mark is None:
            yield from _inside(f"{path}{name}", value)
        elif value != field.get_default(call_default_factory=True):
            for key in _named(f"{path}{name}", value):
                yield key, mark


def _inside(path: str, value: Any) -> Iterator[tuple[str, NotYet]]:
    """Yield those of the tables inside a value."""
    if isinstance(value, Section):
        yield from _not_yet(f"{path}.", value)
    elif isinstance(value, list):
        for item in value:
            if isinstance(item, Section):
                yield from _not_yet(f"{path}.{getattr(item, 'name', '')}.", item)
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _inside(f"{path}.{name}", item)


def _named(path: str, value: Any) -> list[str]:
    """Return the path of each item of a list of tables, by its name where it has one; else the path."""
    items = value if isinstance(value, list) else []
    return [f"{path}.{name}" for item in items if (name := getattr(item, "name", ""))] or [path]
