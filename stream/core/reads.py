"""Which fields of events a definition reads."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from stream.core.definition import Condition, Definition


def fields_read(definition: Definition) -> frozenset[str]:
    """Return the names of all fields that some ``where`` or dimension reads."""
    named = {condition.field for condition in _conditions(definition)}
    return frozenset(named | {dimension.field for dimension in definition.dimensions if not dimension.cross})


def _conditions(part: Any) -> Iterator[Condition]:
    """Yield the conditions in a part of a definition, wherever they are."""
    if isinstance(part, Condition):
        yield part
    elif isinstance(part, tuple):
        for item in part:
            yield from _conditions(item)
    elif is_dataclass(part):
        for field in fields(part):
            yield from _conditions(getattr(part, field.name))
