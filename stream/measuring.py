"""The sections of the configuration that say what is measured: funnels, steps, secondary actions."""

from collections.abc import Sequence
from typing import Literal

from pydantic import Field, model_validator

from stream.core.definition import MICRO, SESSION
from stream.kinds import Duration, Name, Section, Where
from stream.units import duration_ms

HEAVIEST = 1_000_000.0
"""Greatest weight: sums of scores, in millionths, stay within 64 bits."""

CONDITIONS = "equality or glob on fields, or comparison of numbers; a list means any of"
"""What a ``where`` is."""


class Step(Section):
    """A step of a funnel."""

    name: Name = Field(
        description="second part of its measure's name, after the funnel's", examples=["form_start"]
    )
    event: str = Field(min_length=1, description="name of the event", examples=["form_start"])
    where: Where = Field(
        {},
        description=CONDITIONS,
        examples=[{"page": ["/", "/p/*"], "value": ">= 10"}],
    )
    optional: bool = Field(False, description="may be skipped")
    within: Duration | None = Field(
        None, description="longest time since the step before", examples=[duration_ms("20m")]
    )
    macro: bool = Field(
        False, description="the goal itself: what its events are worth is revenue; one step at most"
    )
    weight: float = Field(
        0.0,
        ge=0,
        le=HEAVIEST,
        description="what reaching it adds to a session's intent score, once;"
        " nothing where the funnel runs across sessions",
    )


class Exclude(Section):
    """An event that ends an attempt."""

    event: str = Field(min_length=1, description="name of the event", examples=["refund"])
    where: Where = Field(
        {},
        description=CONDITIONS,
        examples=[{"page": "/help/*"}],
    )
    from_: str = Field("", alias="from", description="step from which on it does; default: the first")
    to: str = Field("", description="step from which on it no longer does; default: the last")


class Funnel(Section):
    """Steps towards a goal."""

    name: Name = Field(description="first part of the names of its measures", examples=["lead"])
    order: Literal["ordered", "strict", "unordered"] = Field(
        "ordered",
        description="ordered: other events may come between; strict: none may; unordered: steps in any order",
    )
    scope: Literal["session", "visitor"] = Field(
        "session", description="session: all steps in one session; visitor: in any of a visitor's sessions"
    )
    within: Duration = Field(duration_ms("30m"), description="longest time from the first step, inclusive")
    reentry: Literal["first", "latest"] = Field("latest", description="which first step may lead on")
    steps: list[Step] = Field(
        min_length=1,
        description="in their order, each a table",
        examples=[
            [{"name": "form_start", "event": "form_start"}, {"name": "form_submit", "event": "form_submit"}]
        ],
    )

    exclude: list[Exclude] = Field(
        [],
        description="events that end an attempt, each a table",
        examples=[[{"event": "refund", "from": "form_start", "to": "form_submit"}]],
    )

    @model_validator(mode="after")
    def _steps_fit(self) -> "Funnel":
        if self.steps[0].optional:
            raise ValueError("steps: the first step of a funnel is never optional")
        if self.steps[0].within is not None:
            raise ValueError("steps: the first step of a funnel has no step before it, so no 'within'")
        unique("steps", [s.name for s in self.steps])
        if sum(s.macro for s in self.steps) > 1:
            raise ValueError("steps: only one step can be the macro-conversion")
        if self.name in (MICRO, SESSION):
            raise ValueError(f"name: {self.name!r} is a built-in funnel")
        if self.scope == "visitor" and self.order != "ordered":
            raise ValueError(
                f"order: {self.order!r} is of one session; with scope = 'visitor' wanted: ordered"
            )
        if self.order == "unordered":
            self._fits_unordered()
        for exclude in self.exclude:
            self.span(exclude)
        return self

    def _fits_unordered(self) -> None:
        """Refuse what needs an order of steps."""
        if any(step.within is not None for step in self.steps):
            raise ValueError("steps: 'within' of a step needs a step before it, so no order = 'unordered'")
        if self.exclude:
            raise ValueError("exclude: ends what goes from step to step, so not with order = 'unordered'")
        if self.reentry != "latest":
            raise ValueError("reentry: in any order there is no first entry; wanted: latest, or leave it out")

    def span(self, exclude: "Exclude") -> tuple[int, int]:
        """Return the places of the steps between which an exclusion holds.

        Raises:
            ValueError: There is no such step, or they are not in this order.
        """
        names = [step.name for step in self.steps]
        first, last = exclude.from_ or names[0], exclude.to or names[-1]
        for key, name in (("from", first), ("to", last)):
            if name not in names:
                raise ValueError(f"exclude: {key} = {name!r}; wanted: a step of it: {', '.join(names)}")
        if names.index(first) >= names.index(last):
            raise ValueError(f"exclude: from {first!r} to {last!r}; wanted: a step, and a later one")
        return names.index(first), names.index(last)


class Micro(Section):
    """A secondary action."""

    name: Name = Field(
        description="second part of its measure's name, after `micro`", examples=["newsletter"]
    )
    event: str = Field(min_length=1, description="name of the event", examples=["sign_up"])
    where: Where = Field(
        {},
        description=CONDITIONS,
        examples=[{"page": "/blog/*"}],
    )
    of: str = Field(SESSION, description="relevant sessions: `session`, or a measure that they reached")
    weight: float = Field(
        0.0, ge=0, le=HEAVIEST, description="what doing it adds to a session's intent score, once"
    )


def unique(what: str, names: Sequence[str]) -> None:
    """Check that no name is given twice.

    Raises:
        ValueError: One is.
    """
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"{what}: the name {name!r} is given twice; wanted: a name for each")
