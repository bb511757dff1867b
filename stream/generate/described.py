"""What the definitions say of each key of the configuration: kind, default, meaning; and values as TOML."""

import json
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

from annotated_types import Ge, Le
from pydantic.fields import FieldInfo

from stream.kinds import Kind, NotYet, Section

_KINDS = {str: "text", bool: "true or false", int: "whole number", float: "number"}


class Described(NamedTuple):
    """A key of a table of the configuration.

    Attributes:
        name: The key.
        kind: What people write for it.
        default: As TOML; empty where there is none.
        needed: Whether it must be given.
        example: A value as TOML that passes the checks: the default, unless the definition has an example.
        meaning: What it is for.
        not_yet: What this version does not do with it; empty where it does all.
        table: The section that it holds, or that each item of it is; ``None`` for a plain value.
    """

    name: str
    kind: str
    default: str
    needed: bool
    example: str
    meaning: str
    not_yet: str
    table: type[Section] | None

    def text(self) -> str:
        """Return its meaning, with what is not done yet."""
        return f"{self.meaning} (not done yet: {self.not_yet})" if self.not_yet else self.meaning


def described(section: type[Section]) -> list[Described]:
    """Return the keys of a table, in the order of their definition."""
    return [_described(field.alias or name, field) for name, field in section.model_fields.items()]


def toml(value: Any, type_: Any = Any) -> str:
    """Return a value as TOML has it, as people write a value of its type; ``None`` is empty."""
    if value is None:
        return ""
    kind = _kind(type_)
    if kind is not None and isinstance(value, int | float) and not isinstance(value, bool):
        return json.dumps(kind.text(value))
    if isinstance(value, dict):
        inside = ", ".join(f"{_key(name)} = {toml(item)}" for name, item in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(value, list):
        item_type = next(iter(get_args(_plain(type_))), Any)
        return f"[{', '.join(toml(item, item_type) for item in value)}]"
    return json.dumps(value, ensure_ascii=False)


def _described(name: str, field: FieldInfo) -> Described:
    type_ = Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
    needed = field.is_required()
    table = _table(field.annotation)
    given = None if needed or table is not None else field.get_default(call_default_factory=True)
    default = toml(given, type_)
    example = toml(field.examples[0], type_) if field.examples else default
    meaning = field.description or (_meaning(table) if table is not None else "")
    not_yet = next((mark.text for mark in field.metadata if isinstance(mark, NotYet)), "")
    return Described(name, _name(type_), default, needed, example, meaning, not_yet, table)


def _meaning(section: type[Section]) -> str:
    """Return the first line of a section's docstring as a description."""
    line = (section.__doc__ or "").partition("\n")[0].rstrip(".")
    return line[:1].lower() + line[1:]


def _name(type_: Any) -> str:
    """Return what people write for a value of a type."""
    kind, plain = _kind(type_), _plain(type_)
    if kind is not None:
        return kind.name
    if get_origin(plain) is Literal:
        return ", ".join(f"`{choice}`" for choice in get_args(plain))
    if get_origin(plain) is list:
        (item,) = get_args(plain)
        return "tables" if _table(plain) else f"list of {_name(item)}"
    if get_origin(plain) is dict or _table(plain):
        return "table" if get_origin(plain) is not dict else "tables by name"
    return _KINDS.get(plain, "") + _bounds(type_)


def _bounds(type_: Any) -> str:
    """Return the bounds of a number, where it has any."""
    marks = type_.__metadata__ if get_origin(type_) is Annotated else ()
    least = next((mark.ge for mark in marks if isinstance(mark, Ge)), None)
    most = next((mark.le for mark in marks if isinstance(mark, Le)), None)
    if least is None:
        return ""
    return f", {least} or more" if most is None else f", {least} to {most}"


def _table(type_: Any) -> type[Section] | None:
    """Return the section class inside ``X``, ``list[X]`` or ``dict[str, X]``."""
    plain = _plain(type_)
    if get_origin(plain) in (list, dict):
        plain = _plain(get_args(plain)[-1])
    return plain if isinstance(plain, type) and issubclass(plain, Section) else None


def _kind(type_: Any) -> Kind | None:
    if get_origin(type_) in (Union, UnionType):
        (type_,) = [item for item in get_args(type_) if item is not NoneType][:1]
    marks = type_.__metadata__ if get_origin(type_) is Annotated else ()
    found = next((mark for mark in marks if isinstance(mark, Kind)), None)
    inner = get_args(type_)[0] if get_origin(type_) is Annotated else None
    return found or (_kind(inner) if inner is not None else None)


def _plain(type_: Any) -> Any:
    """Return a type without its marks and without ``None``."""
    if get_origin(type_) is Annotated:
        return _plain(get_args(type_)[0])
    if get_origin(type_) in (Union, UnionType):
        return _plain(next(item for item in get_args(type_) if item is not NoneType))
    return type_


def _key(name: str) -> str:
    """Return a key of a table; one with a dot would be two."""
    return name if name.replace("_", "").replace("-", "").isalnum() else json.dumps(name)
