"""Kinds of values in the configuration: how people write them, and how they are kept (durations in ms)."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from stream.core.condition import comparisons, is_number
from stream.core.event import WHERE_FIELDS, is_readable
from stream.units import duration_ms, duration_text, per_ms, per_ms_text, share, share_text

NAMES = "a name of a-z, 0-9 and _ that begins with a letter, at most 64 long"
"""What names are; they are parts of Redis keys and values of labels."""


class Section(BaseModel):
    """A table of the configuration; a key that it does not know is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True)
class Kind:
    """What people write for a key: its name, and how a kept value is written that way."""

    name: str
    text: Callable[[Any], str] = str


@dataclass(frozen=True, slots=True)
class NotYet:
    """Marks a key that is checked and otherwise does nothing in this version; says what is missing."""

    text: str


def _name(name: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,63}", name):
        raise ValueError(NAMES)
    return name


def _readable(where: dict[str, str | list[str]]) -> dict[str, str | list[str]]:
    """Refuse fields that no event has, reading one would stop the worker; and comparisons that are none."""
    for field, patterns in where.items():
        if not is_readable(field, WHERE_FIELDS):
            raise ValueError(f"not {field!r} but a field of events: {', '.join(WHERE_FIELDS)} or props.NAME")
        if not patterns and not isinstance(patterns, str):
            raise ValueError(f"of {field!r} at least one pattern: no event fits an empty list")
        if is_number(field):
            for pattern in [patterns] if isinstance(patterns, str) else patterns:
                comparisons(pattern)
    return where


def _some(groups: dict[str, str | list[str]]) -> dict[str, str | list[str]]:
    """Refuse groups that nothing can be in."""
    for name, paths in groups.items():
        if not paths or "" in ([paths] if isinstance(paths, str) else paths):
            raise ValueError(f"{name}: found {paths!r}; wanted: a path or several, such as '/p/*'")
    return groups


Duration = Annotated[int, BeforeValidator(duration_ms), Field(ge=1), Kind("duration", duration_text)]
Share = Annotated[float, BeforeValidator(share), Kind("share", share_text)]
Frequency = Annotated[float, BeforeValidator(per_ms), Kind("rate", per_ms_text)]
Name = Annotated[str, AfterValidator(_name), Kind("name")]
Paths = Annotated[
    dict[Name, str | list[str]], AfterValidator(_some), Kind("table: name = path or list of paths")
]
Where = Annotated[
    dict[str, str | list[str]], AfterValidator(_readable), Kind("table: field = text or list of text")
]
