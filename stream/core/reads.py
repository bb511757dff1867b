"""Which fields of events a definition reads."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any, Final

from stream.core.definition import Condition, Definition

READ_FOR: Final = {
    "device": ("user_agent",),
    "channel": ("source", "medium", "campaign", "referrer", "page"),
}
"""Fields that are read for another one."""


def fields_read(definition: Definition) -> frozenset[str]:
    """Return the names of all fields that some ``where`` or dimension reads; ``props`` for a property.

    Those that are read for another field are among them.
    """
    named = {condition.field for condition in _conditions(definition)}
    named |= {dimension.field for dimension in definition.dimensions if not dimension.cross}
    read = {field.partition(".")[0] for field in named}
    return frozenset(read.union(*(READ_FOR.get(field, ()) for field in read)))


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
