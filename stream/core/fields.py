"""A field of what is read or written, as it is told to people."""

from typing import NamedTuple


class Field(NamedTuple):
    """A field: its name, what it means, and the unit of its value (empty where it has none)."""

    name: str
    meaning: str
    unit: str = ""
