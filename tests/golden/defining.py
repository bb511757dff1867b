"""Read what a case measures: funnels, micro-conversions, dimensions, spans, groups of pages."""

from collections.abc import Mapping
from typing import Any

from stream.core.definition import (
    Condition,
    Definition,
    Dimension,
    Exclusion,
    Funnel,
    Micro,
    PageGroup,
    Pages,
    Step,
    Times,
)

_UNITS_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


def definition_of(table: Mapping[str, Any]) -> Definition:
    """Return the definition that a case has, or its file."""
    spans: dict[str, Any] = {name: _span(span) for name, span in table.get("times", {}).items()}
    return Definition(
        funnels=tuple(_funnel(funnel) for funnel in table.get("funnel", [])),
        micros=tuple(
            Micro(m["name"], m.get("event", m["name"]), _where(m), m.get("of", "session"), _weight(m))
            for m in table.get("micro", [])
        ),
        dimensions=tuple(
            Dimension(
                name,
                "" if "cross" in d else d.get("field", name),
                tuple(d.get("values", ())),
                d.get("max_values", 20),
                tuple(d.get("cross", ())),
            )
            for name, d in table.get("dimensions", {}).items()
        ),
        times=Times(**spans),
        pages=Pages(tuple(PageGroup(n, _texts(patterns)) for n, patterns in table.get("groups", {}).items())),
    )


def _funnel(table: Mapping[str, Any]) -> Funnel:
    steps = tuple(
        Step(
            step["name"],
            step.get("event", step["name"]),
            _where(step),
            step.get("optional", False),
            _span(step["within"]) if "within" in step else None,
            step.get("macro", False),
            _weight(step),
        )
        for step in table["steps"]
    )
    names = [step.name for step in steps]
    return Funnel(
        table["name"],
        steps,
        _span(table.get("within", "30m")),
        table.get("reentry", "latest"),
        table.get("order", "ordered"),
        tuple(_exclusion(exclude, names) for exclude in table.get("exclude", [])),
        table.get("scope", "session"),
    )


def _exclusion(table: Mapping[str, Any], names: list[str]) -> Exclusion:
    """Return an exclusion; without ``from`` it is from the first step, without ``to`` to the last."""
    first, last = table.get("from", names[0]), table.get("to", names[-1])
    return Exclusion(table["event"], _where(table), names.index(first), names.index(last))


def _where(table: Mapping[str, Any]) -> tuple[Condition, ...]:
    return tuple(Condition(field, _texts(patterns)) for field, patterns in table.get("where", {}).items())


def _texts(said: str | list[str]) -> tuple[str, ...]:
    return (said,) if isinstance(said, str) else tuple(said)


def _weight(table: Mapping[str, Any]) -> int:
    return round(1_000_000 * float(table.get("weight", 0)))


def _span(text: str) -> int:
    number = text.rstrip("dhms")
    return int(number) * _UNITS_MS[text.removeprefix(number)]
