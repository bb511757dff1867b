"""Conditions of a ``where``: compiled once, asked for each event that has the name.

A pattern is a text that must be equal, or a glob as the shell matches it, with case. Of ``value`` and of
properties it may also be one or several comparisons of numbers (``>= 10 < 50``), which must all hold.
"""

from collections.abc import Callable, Sequence
from fnmatch import translate
from operator import attrgetter, ge, gt, le, lt
from re import compile as compile_pattern
from typing import Final

from stream.core.definition import Condition
from stream.core.event import TEXT_FIELDS, Event, field_text

Test = Callable[[Event], bool]

Comparison = tuple[Callable[[float, float], bool], float]
"""An operator, and what a number is compared with."""

_OPERATORS: Final = {"<=": le, ">=": ge, "<": lt, ">": gt}
_COMPARISON = compile_pattern(r"\s*(<=|>=|<|>)\s*([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+))(?=\s|$|[<>])")


def is_number(field: str) -> bool:
    """Whether numbers of that field can be compared."""
    return field == "value" or field.startswith("props.")


def comparisons(pattern: str) -> tuple[Comparison, ...]:
    """Return the comparisons of a pattern; none if it is no such pattern: it begins with ``<`` or ``>``.

    Raises:
        ValueError: It begins like one and is none.
    """
    if not pattern.lstrip().startswith(("<", ">")):
        return ()
    found: list[Comparison] = []
    place = 0
    while pattern[place:].strip():
        match = _COMPARISON.match(pattern, place)
        if match is None:
            raise ValueError(f"{pattern!r}; wanted: comparisons of numbers, such as '>= 10' or '> 0 <= 9.5'")
        found.append((_OPERATORS[match[1]], float(match[2])))
        place = match.end()
    return tuple(found)


def all_hold(where: Sequence[Condition]) -> Test:
    """Return a test for all conditions; there is at least one."""
    tests = [_test(condition) for condition in where]
    if len(tests) == 1:
        return tests[0]
    return lambda event: all(test(event) for test in tests)


def _test(condition: Condition) -> Test:
    field, patterns = condition.field, list(condition.patterns)
    if is_number(field):
        compared = [found for pattern in patterns if (found := comparisons(pattern))]
        if compared:
            patterns = [pattern for pattern in patterns if not comparisons(pattern)]
            return _compares(field, compared, _matches(field, patterns))
    return _matches(field, patterns)


def _compares(field: str, wanted: Sequence[tuple[Comparison, ...]], otherwise: Test) -> Test:
    """Return a test whether the field is a number for which the comparisons of one pattern hold."""

    def holds(event: Event) -> bool:
        number = _number(event, field)
        if number is not None:
            for comparisons_ in wanted:
                if all(compare(number, limit) for compare, limit in comparisons_):
                    return True
        return otherwise(event)

    return holds


def _number(event: Event, field: str) -> float | None:
    """Return the field's number; a text that looks like one is none."""
    found = event.value if field == "value" else (event.props or {}).get(field[6:])
    return found if isinstance(found, int | float) and not isinstance(found, bool) else None


def _matches(field: str, patterns: Sequence[str]) -> Test:
    """Return a test whether the field's text is, or matches as a glob, any of the patterns."""
    equal = frozenset(patterns)
    globs = [pattern for pattern in patterns if any(sign in pattern for sign in "*?[")]
    if not globs and field in TEXT_FIELDS:
        get = attrgetter(field)
        return lambda event: (get(event) or "") in equal
    if not globs:
        return lambda event: field_text(event, field) in equal
    match = compile_pattern("|".join(map(translate, globs))).match

    def holds(event: Event) -> bool:
        text = field_text(event, field)
        return text in equal or match(text) is not None

    return holds
