"""Which events of simulated visits are not sent, because conversions are to be dropped.

Each visit is followed with the very rules by which a worker counts it, so that just the events go that would
make a conversion. A dropped conversion takes with it what the visitor would have done after it: the later
steps of that funnel, and, where it was on the way to the site's goal, the rest of that way. All else stays as
it is.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from stream.core.definition import Definition
from stream.core.event import LABEL_FIELDS, Event
from stream.core.funnel import advance, begin
from stream.core.labels import LabelReader, Labels, unsaid
from stream.core.log import fill, joins
from stream.core.plans import Plans
from stream.core.segment import ALL, cross_value
from stream.core.session import Session
from stream.simulate.drop import Drop
from stream.simulate.event import SiteEvent
from stream.simulate.site import Site
from stream.simulate.sites import SHOP
from stream.simulate.visit import Visit

_READ = tuple(sorted({*LABEL_FIELDS, "value", "props"} & set(SiteEvent.__struct_fields__)))


@dataclass(slots=True)
class _Going:
    """A visit that goes on.

    Attributes:
        until_ms: When something happened last.
        session: What a worker knows of it from the events that were sent; ``None``: nothing.
        stuck: Rules by which it could not convert, each with whether that keeps it from the goal.
    """

    until_ms: int
    session: Session | None = None
    stuck: dict[int, bool] = field(default_factory=dict)


class Losses:
    """Decides, event by event in order of time, what is not sent.

    Args:
        drops: What is to be dropped.
        definition: What is measured.
        seed: Decides which sessions it strikes: of a larger share all those of a smaller one, and more.
        site: What is simulated.

    Attributes:
        sessions: For each drop, how many sessions it struck so far.
    """

    def __init__(self, drops: Sequence[Drop], definition: Definition, seed: int, site: Site = SHOP) -> None:
        self.drops = tuple(drops)
        self.sessions = [0] * len(self.drops)
        self._seed = seed
        self._begins, self._goes_on = site.begins, site.goes_on
        self._times = definition.times
        self._plans = Plans(definition)
        self._labels = LabelReader(definition.dimensions)
        self._segments = [_Segment(drop.segment, definition, self._labels) for drop in self.drops]
        self._measures = [self._plans.measures.index(drop.measure) for drop in self.drops]
        self._later = [_later_steps(drop.measure, self._plans) for drop in self.drops]
        self._visits: dict[str, _Going] = {}

    def takes(self, at_ms: int, event: SiteEvent, visit: Visit, last: bool) -> bool:
        """Return whether an event is not sent.

        Args:
            at_ms: When it happens, ms since the epoch; no earlier than the events before.
            event: The event, with all that it says.
            visit: What it is part of.
            last: Whether nothing more happens in that visit.
        """
        if not self.drops:
            return False
        key = visit.session_id
        going = self._visits.pop(key, None) or _Going(at_ms)
        if not last:
            self._visits[key] = going
        if at_ms - going.until_ms > self._times.timeout:
            going.stuck.clear()
        going.until_ms = at_ms
        if going.session is not None and not joins(going.session, at_ms, self._times):
            going.session = None
        read = as_read(event)
        plan, labels = self._plans.by_kind(self._plans.kinds.of(read)), self._labels.of(read)
        ahead = begin(at_ms, labels) if going.session is None else going.session.copy()
        ahead.last = at_ms
        ahead.labels = fill(ahead.labels, labels)
        reached = advance(ahead, self._plans, plan, at_ms)
        if self._stops(going, at_ms, event, visit, ahead.labels, plan.mask, reached):
            return True
        going.session = ahead
        for rule in [rule for rule in going.stuck if plan.mask >> self._measures[rule] & 1]:
            del going.stuck[rule]  # another try, and it worked
        return False

    def _stops(
        self,
        going: _Going,
        at_ms: int,
        event: SiteEvent,
        visit: Visit,
        labels: Labels,
        mask: int,
        reached: list[int],
    ) -> bool:
        stopped = False
        for rule, drop in enumerate(self.drops):
            measure = self._measures[rule]
            if measure in reached:
                stops = (
                    drop.covers(at_ms)
                    and self._segments[rule].holds(labels, visit.returning)
                    and self._strikes(drop, visit)
                )
                if stops and rule not in going.stuck:
                    self.sessions[rule] += 1
            elif rule not in going.stuck:
                stops = False
            elif mask >> measure & 1:
                stops = drop.covers(at_ms)
            else:
                stops = bool(mask & self._later[rule]) or (
                    going.stuck[rule] and self._goes_on.has(event.name, event.page)
                )
            if stops:
                going.stuck[rule] = going.stuck.get(rule, False) or self._begins.has(event.name, event.page)
                stopped = True
        return stopped

    def _strikes(self, drop: Drop, visit: Visit) -> bool:
        chance = random.Random(f"drop {self._seed} {drop.measure}@{drop.segment} {visit.session_id}")
        return chance.random() < drop.share


class _Segment:
    """Tells whether a session is in a segment."""

    def __init__(self, segment: str, definition: Definition, reader: LabelReader) -> None:
        name, _, self._value = segment.partition("=")
        dimension = next((d for d in definition.dimensions if d.name == name), None)
        plain = [d.name for d in reader.plain]
        names = () if segment == ALL or dimension is None else dimension.cross or (name,)
        self._places = [plain.index(part) for part in names]
        self._crosses = dimension is not None and bool(dimension.cross)
        self._fields = [d.field for d in reader.plain]

    def holds(self, labels: Labels, returning: bool) -> bool:
        parts = tuple(labels[place] or unsaid(self._fields[place], returning) for place in self._places)
        found = cross_value(parts) if self._crosses else "".join(parts)
        return all(parts) and found == self._value


def _later_steps(measure: str, plans: Plans) -> int:
    """Return the bits of the steps that come after a step in its funnel."""
    number, later = plans.measures.index(measure), 0
    for group in plans.groups:
        if number in (group.itself, *group.members) and group.base == group.itself:
            later = sum(1 << member for member in group.members if member > number)
    return later


def as_read(event: SiteEvent) -> Event:
    """Return an event as a worker reads it, with all that rules can ask for."""
    return Event(**{name: getattr(event, name) for name in _READ})
