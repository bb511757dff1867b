"""Runs a Grafana dashboard's queries as Grafana would, against whatever answers PromQL."""

import math
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from tests.parts.prometheus import Sample

Json = Mapping[str, Any]
Ask = Callable[[str], Sequence[Sample]]
"""Answers an instant query; ``PrometheusServer.query`` is one."""

RATE_INTERVAL = "10s"
"""Stands for Grafana's ``$__rate_interval``: a few scrapes, which tests make every second."""

_REFERENCE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_LABEL_VALUES = re.compile(r"label_values\((.+), (\w+)\)")


def queries(dashboard: Json) -> list[str]:
    """Return the expressions of all panels, variables not yet put in."""
    return [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", ())]


def with_variables(expression: str, variables: Mapping[str, str]) -> str:
    """Return an expression with the values of its variables.

    Raises:
        KeyError: It names a variable that there is not.
    """
    values = {"__rate_interval": RATE_INTERVAL, **variables}
    return _REFERENCE.sub(lambda found: values[found[1] or found[2]], expression)


def choices(ask: Ask, variable: Json) -> set[str]:
    """Return what a variable that asks for the values of a label offers; empty while there are none."""
    found = _LABEL_VALUES.fullmatch(variable["query"]["query"])
    assert found, f"{variable['name']}: not a query for a label's values"
    metric, label = found.groups()
    return {sample.labels[label] for sample in ask(f"group by ({label}) ({metric})")}


def unanswered(ask: Ask, dashboard: Json) -> Iterator[str]:
    """Yield what a person who opens the dashboard would miss: choices, and queries that find no number."""
    variables = {}
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            first = variables[variable["name"]] = variable["current"]["value"]
            if first not in choices(ask, variable):
                yield f"${variable['name']} does not offer {first!r}"
    for expression in queries(dashboard):
        asked = with_variables(expression, variables)
        if all(math.isnan(sample.value) for sample in ask(asked)):
            yield asked


def wait_until_answered(ask: Ask, dashboard: Json, within: float = 60.0) -> None:
    """Return once every query of the dashboard finds a number.

    Raises:
        AssertionError: Some still find none ``within`` that many seconds; names them.
    """
    deadline = time.monotonic() + within
    while missing := list(unanswered(ask, dashboard)):
        assert time.monotonic() < deadline, "no data for:\n" + "\n".join(missing)
        time.sleep(0.5)  # a scrape later
