"""Attempts across sessions as they are printed among the sessions: an object a line, or lines for people."""

from typing import Any

import msgspec

from stream.core.definition import Definition
from stream.core.plans import Plans
from stream.core.visitor import Attempt
from stream.replay.time_totals import took
from stream.replay.visits import Dimensions, Line, brought, moment, paragraph


class Attempts:
    """Makes lines of attempts."""

    def __init__(self, definition: Definition, *, as_json: bool) -> None:
        self._plans = Plans(definition)
        self._names = [funnel.name for funnel in definition.funnels]
        self._dimensions = Dimensions(definition)
        self._encode = msgspec.json.Encoder().encode
        self._as_json = as_json

    def line(self, visitor: str, attempt: Attempt) -> Line:
        """Return the line of an attempt: JSON, or text of some lines."""
        plan, state = self._plans.journeys[attempt.funnel], attempt.state
        end = state.reached.get(plan.last)
        reached = sorted((time, number) for number, time in state.reached.items())
        fields: dict[str, Any] = {
            "visitor_id": visitor,
            "session_id": attempt.sid or None,
            "funnel": self._names[attempt.funnel],
            "start": state.first,
            "end": end,
            "complete": end is not None,
            "touchpoints": state.earlier + 1 if plan.macro in state.reached else None,
            "revenue": brought(state, plan.macro),
            "steps": {self._plans.measures[number]: time for time, number in reached},
            "dimensions": self._dimensions.of(state),
        }
        text = self._encode(fields) if self._as_json else _text(fields).encode()
        return state.first, visitor, attempt.sid, 1 + attempt.funnel, text + b"\n"


def _text(fields: dict[str, Any]) -> str:
    said = [f"complete after {took(fields['end'] - fields['start'])}" if fields["complete"] else "incomplete"]
    if fields["touchpoints"]:
        said.append(f"{fields['touchpoints']} session{'s' * (fields['touchpoints'] != 1)}")
    said += [f"{amount} {currency}" for currency, amount in fields["revenue"].items()]
    steps = [f"{moment(time)} {name}" for name, time in fields["steps"].items()]  # it may take weeks
    return paragraph(fields, f"attempt at {fields['funnel']} ({', '.join(said)})", steps)
