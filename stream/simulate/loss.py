"""Which events of simulated visits are not sent, because conversions are to be dropped.

Each visit is followed with the very rules by which a worker counts it, so that just the events go that would
make a conversion. A dropped conversion takes with it what the visitor would have done after it: the later
steps of that funnel, and, where it was on the way to the site's goal, the rest of that way. All else stays as
it is. Funnels across a visitor's sessions are followed by :mod:`stream.simulate.loss_across`: an event is
not sent if either stops it, and both see the same events sent.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from stream.core.definition import Definition
from stream.core.event import LABEL_FIELDS, Event
from stream.core.funnel import advance, begin
from stream.core.labels import LabelReader, Labels
from stream.core.log import fill, joins
from stream.core.plans import Plans
from stream.core.session import Session
from stream.simulate.drop import Drop
from stream.simulate.event import SiteEvent
from stream.simulate.loss_across import AttemptLosses, Candidate
from stream.simulate.rule import Rule
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
        stuck: Rules by which events of it were not sent, each with whether that keeps it from the goal.
    """

    until_ms: int
    session: Session | None = None
    stuck: dict[Rule, bool] = field(default_factory=dict)


class Losses:
    """Decides, event by event in order of time, what is not sent.

    Args:
        drops: What is to be dropped.
        definition: What is measured.
        seed: Decides which sessions, or attempts, it strikes: of a larger share all those of a smaller one,
            and more.
        site: What is simulated.

    Attributes:
        rules: The drops, each with how many it struck so far.
    """

    def __init__(self, drops: Sequence[Drop], definition: Definition, seed: int, site: Site = SHOP) -> None:
        self._begins, self._goes_on = site.begins, site.goes_on
        self._times = definition.times
        self._plans = Plans(definition)
        self._labels = LabelReader(definition.dimensions)
        self.rules = tuple(Rule(drop, definition, self._plans, self._labels, seed) for drop in drops)
        across = [rule for rule in self.rules if rule.journey is not None]
        self._attempts = AttemptLosses(across, self._plans) if across else None
        self._visits: dict[str, _Going] = {}

    def takes(self, at_ms: int, event: SiteEvent, visit: Visit, last: bool) -> bool:
        """Return whether an event is not sent.

        Args:
            at_ms: When it happens, ms since the epoch; no earlier than the events before.
            event: The event, with all that it says.
            visit: What it is part of.
            last: Whether nothing more happens in that visit.
        """
        if not self.rules:
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
        kind = self._plans.kinds.of(read)
        plan, labels = self._plans.by_kind(kind), self._labels.of(read)
        ahead = begin(at_ms, labels) if going.session is None else going.session.copy()
        ahead.last = at_ms
        ahead.labels = fill(ahead.labels, labels)
        reached = advance(ahead, self._plans, plan, at_ms)
        across: Collection[Rule] = ()
        if self._attempts is not None:
            candidate = Candidate(at_ms, event, kind, plan, visit, ahead)
            across = self._attempts.stopping(candidate)
        if self._stops(going, at_ms, event, visit, ahead.labels, plan.mask, reached, across):
            return True
        if self._attempts is not None:
            self._attempts.take(candidate)
        going.session = ahead
        for rule in [rule for rule in going.stuck if plan.mask >> rule.measure & 1]:
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
        reached: Collection[int],
        across: Collection[Rule],
    ) -> bool:
        """Return whether an event is not sent; by the rules ``across`` it is not, for an attempt's sake."""
        stopped = False
        for rule in self.rules:
            if rule in across:
                stops = True
            elif rule.measure in reached:
                stops = rule.drop.covers(at_ms) and rule.strikes(visit.session_id, labels, visit.returning)
                rule.struck += stops and rule not in going.stuck
            elif rule not in going.stuck:
                stops = False
            elif mask >> rule.measure & 1:
                stops = rule.journey is None and rule.drop.covers(at_ms)
            else:
                stops = (rule.journey is None and bool(mask & rule.later)) or (
                    going.stuck[rule] and self._goes_on.has(event.name, event.page)
                )
            if stops:
                going.stuck[rule] = going.stuck.get(rule, False) or self._begins.has(event.name, event.page)
                stopped = True
        return stopped


def as_read(event: SiteEvent) -> Event:
    """Return an event as a worker reads it, with all that rules can ask for."""
    return Event(**{name: getattr(event, name) for name in _READ})
