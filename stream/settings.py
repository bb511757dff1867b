"""The configuration as a whole: its sections, what must hold between them, and the core's form of it.

What is found wrong raises pydantic's ``ValidationError``; ``stream.configuration`` makes sentences of it.
"""

from typing import Annotated

from pydantic import Field, field_validator, model_validator

from stream.core import definition
from stream.core.definition import MICRO, SESSION, SESSION_FACTS
from stream.core.event import LABEL_FIELDS, is_readable
from stream.core.kinds import MOST_CONDITIONS
from stream.core.plans import Plans
from stream.kinds import Name, NotYet, Section, Where
from stream.measuring import Funnel, Micro, unique
from stream.sections import (
    Alert,
    Audience,
    Dimension,
    Kafka,
    Notify,
    Pages,
    Redis,
    Sessions,
    Time,
    Visitors,
    Web,
    Windows,
)

MEASURES_LIMIT = 60
"""With those of the session itself: state keeps sets of measures as bits of one integer of 64."""


class Settings(Section):
    """The whole configuration."""

    kafka: Kafka = Kafka()
    redis: Redis = Redis()
    web: Web = Web()
    sessions: Sessions = Sessions()
    time: Time = Time()
    windows: Windows = Windows()
    visitors: Visitors = Visitors()
    pages: Pages = Pages()
    dimensions: dict[Name, Dimension] = Field(
        {}, description="labels of sessions, by name", examples=[{"plan": {"field": "props.plan"}}]
    )
    funnel: list[Funnel] = Field([], description="steps towards a goal")
    micro: list[Micro] = Field([], description="secondary actions")
    audience: Annotated[list[Audience], NotYet("no audiences are kept")] = Field(
        [], description="visitors to win back"
    )
    alert: Annotated[
        list[Alert],
        NotYet("falls are not judged; of what is watched, closed minutes are kept in Redis"),
    ] = Field([], description="rates to watch for falls")
    notify: Annotated[list[Notify], NotYet("nobody is told")] = Field([], description="whom to tell")

    @field_validator("dimensions")
    @classmethod
    def _crosses_exist(cls, dimensions: dict[str, Dimension]) -> dict[str, Dimension]:
        plain = {name for name, d in dimensions.items() if not d.cross}
        for name, d in dimensions.items():
            if d.cross and (len(d.cross) < 2 or not set(d.cross) <= plain or d.field or d.values):
                raise ValueError(
                    f"{name}: cross names at least two declared dimensions, and nothing but max_values"
                )
            if not d.cross and not is_readable(d.field or name, LABEL_FIELDS):
                raise ValueError(
                    f"{name}: not {d.field or name!r} but a field of events:"
                    f" {', '.join(LABEL_FIELDS)} or props.NAME"
                )
            if name == "all":
                raise ValueError("'all' is the whole, not a dimension")
        return dimensions

    @model_validator(mode="after")
    def _names_exist(self) -> "Settings":
        unique("funnel", [f.name for f in self.funnel])
        unique("micro", [m.name for m in self.micro])
        if not self.funnel and not self.micro:
            raise ValueError("nothing to measure: at least one [[funnel]] or [[micro]]")
        known: list[str] = [f"{f.name}.{s.name}" for f in self.funnel for s in f.steps]
        across = {f.name for f in self.funnel if f.scope == "visitor"}
        for micro in self.micro:  # in order, so that no two can be each other's base
            if micro.of != SESSION and micro.of not in known:
                raise ValueError(
                    f"micro: {micro.name!r} is of {micro.of!r}; wanted in 'of': one of"
                    f" {', '.join([SESSION, *known])}"
                )
            if micro.of.partition(".")[0] in across:
                raise ValueError(
                    f"micro: {micro.name!r} is of {micro.of!r}, which runs across sessions; wanted: a measure"
                    " of one session"
                )
            known.append(f"{MICRO}.{micro.name}")
        if len(known) > MEASURES_LIMIT:
            raise ValueError(f"{len(known)} measures; at most {MEASURES_LIMIT}: drop some, or run two groups")
        known += [f"{SESSION}.{fact}" for fact in SESSION_FACTS]
        for audience in self.audience:
            for name in filter(None, (audience.entered, audience.without)):
                _known(f"audience: {audience.name!r}", name, known)
        for alert in self.alert:
            for pattern in alert.watch:
                _known(f"alert: {alert.name!r}", pattern, known)
            for name in alert.segments:
                if name != "all" and name.partition("=")[0] not in self.dimensions:
                    raise ValueError(
                        f"alert: {alert.name!r} watches segment {name!r}, which is no dimension; wanted:"
                        f" one of {', '.join(['all', *self.dimensions])}"
                    )
        return self

    @model_validator(mode="after")
    def _conditions_fit(self) -> "Settings":
        for event, count in Plans(self.definition()).conditions.items():
            if count > MOST_CONDITIONS:
                raise ValueError(
                    f"{count} different 'where' on events {event!r}; at most {MOST_CONDITIONS}:"
                    " join some with lists, or run two groups"
                )
        return self

    def watched_segments(self) -> tuple[str, ...]:
        """Return the dimensions and segments that alerts watch, ``all`` first: these have a history."""
        return tuple(dict.fromkeys(["all", *(s for a in self.alert for s in a.segments)]))

    def definition(self) -> definition.Definition:
        """Return what decides about numbers, in the core's form."""
        return definition.Definition(
            funnels=tuple(_funnel(f) for f in self.funnel),
            micros=tuple(
                definition.Micro(m.name, m.event, _where(m.where), m.of, _millionths(m.weight))
                for m in self.micro
            ),
            dimensions=tuple(
                definition.Dimension(
                    name, "" if d.cross else d.field or name, tuple(d.values), d.max_values, tuple(d.cross)
                )
                for name, d in self.dimensions.items()
            ),
            times=definition.Times(
                timeout=self.sessions.timeout,
                max_length=self.sessions.max_length,
                out_of_order=self.time.out_of_order,
                allowed_lateness=self.time.allowed_lateness,
                max_future=self.time.max_future,
                known_for=self.visitors.known_for,
                engaged_after=self.sessions.engaged_after,
                pane=self.windows.pane,
                sizes=tuple(sorted(self.windows.sizes)),
            ),
            pages=definition.Pages(
                tuple(
                    definition.PageGroup(name, (paths,) if isinstance(paths, str) else tuple(paths))
                    for name, paths in self.pages.groups.items()
                ),
                self.pages.max_values,
            ),
        )


def _funnel(funnel: Funnel) -> definition.Funnel:
    steps = tuple(
        definition.Step(
            s.name, s.event, _where(s.where), s.optional, s.within, s.macro, _millionths(s.weight)
        )
        for s in funnel.steps
    )
    exclusions = tuple(
        definition.Exclusion(e.event, _where(e.where), *funnel.span(e)) for e in funnel.exclude
    )
    return definition.Funnel(
        funnel.name, steps, funnel.within, funnel.reentry, funnel.order, exclusions, funnel.scope
    )


def _millionths(weight: float) -> int:
    return round(weight * 1_000_000)


def _where(where: Where) -> tuple[definition.Condition, ...]:
    return tuple(
        definition.Condition(field, tuple([patterns] if isinstance(patterns, str) else patterns))
        for field, patterns in where.items()
    )


def _known(who: str, name: str, known: list[str]) -> None:
    funnels = {measure.partition(".")[0] for measure in known}
    if name not in known and not (name.endswith(".*") and name[:-2] in funnels):
        raise ValueError(f"{who} names {name!r}, which is not measured; measured: {', '.join(known)}")
