"""How much memory an object holds, with all that hangs on it."""

import gc
import sys
from collections.abc import Iterator
from types import FunctionType, MethodType, ModuleType
from typing import Any

import msgspec

SHARED = (type, ModuleType, FunctionType, MethodType)
"""What belongs to the program, not to its state."""


def weight(root: object) -> int:
    """Return the bytes of an object and everything that it refers to, each thing once."""
    seen: set[int] = set()
    waiting = [root]
    bytes_held = 0
    while waiting:
        thing = waiting.pop()
        if id(thing) in seen or isinstance(thing, SHARED):
            continue
        seen.add(id(thing))
        bytes_held += sys.getsizeof(thing)
        waiting += _parts(thing)
    return bytes_held


def _parts(thing: Any) -> Iterator[object]:
    if isinstance(thing, dict):
        yield from thing.keys()
        yield from thing.values()
    elif isinstance(thing, list | tuple | set | frozenset):
        yield from thing
    elif isinstance(thing, msgspec.Struct):
        yield from (getattr(thing, name) for name in thing.__struct_fields__)
    elif not isinstance(thing, str | bytes | int | float | None):
        yield from gc.get_referents(thing)  # attributes, in whatever way the class keeps them
