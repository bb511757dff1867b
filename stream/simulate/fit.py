"""Which site to simulate for a configuration of one's own: where most of what it measures happens."""

from stream.core.condition import all_hold
from stream.core.definition import Condition, Definition
from stream.core.event import Event
from stream.simulate.event import events
from stream.simulate.loss import as_read
from stream.simulate.site import Site
from stream.simulate.sites import SITES
from stream.simulate.traffic import Traffic

_VISITS = 500  # in so many, whatever is usual on a site happens
_Wanted = tuple[str, tuple[Condition, ...]]


def site_of(definition: Definition) -> Site:
    """Return the site for whose events a definition has most measures; of equals the shop, or the first."""
    wanted: list[_Wanted] = [(step.event, step.where) for f in definition.funnels for step in f.steps]
    wanted += [(micro.event, micro.where) for micro in definition.micros]
    return max(SITES.values(), key=lambda site: _met(set(wanted), site))


def _met(wanted: set[_Wanted], site: Site) -> int:
    """Return for how many of these there are events in some traffic."""
    left = {(name, where) for name, where in wanted if name in site.event_names}
    never = len(wanted) - len(left)
    for _, event in events(Traffic(start_ms=0, rate=1, sessions=_VISITS, site=site)):
        read = as_read(event)
        left = {(name, where) for name, where in left if not _is(name, where, read)}
        if not left:
            break
    return len(wanted) - never - len(left)


def _is(name: str, where: tuple[Condition, ...], event: Event) -> bool:
    return event.name == name and (not where or all_hold(where)(event))
