"""What the sessions of a window were like: every value in a list, and what a person would reckon from it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import isclose
from typing import Any

from stream.core.definition import MICRO, Definition
from tests.oracle.judging import Judged
from tests.oracle.money import Brought, brought_by, macro_of, texts
from tests.oracle.reaching import reached
from tests.oracle.visits import Session, by_visitor, sessions_of

SEEN = ("view_item_list", "view_promotion")
CLICKED = ("select_item", "select_promotion")

ERROR = 0.02
"""How far a percentile may be from the exact one, as a part of that."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A session: when it was, what it reached and did. Times are ms, the score and money in millionths."""

    partition: int
    visitor: str
    start: int
    last: int
    segments: frozenset[str]
    reached: frozenset[str]
    has_intent: bool
    pages: int
    seen: int
    clicked: int
    score: int
    brought: Brought


def visits(judged: Judged, definition: Definition) -> list[Visit]:
    """Return all sessions in the events that count, as they are once they have closed."""
    return [
        _visit(session, definition)
        for events in by_visitor(judged.counted).values()
        for session in sessions_of(events, definition)
    ]


def _visit(session: Session, definition: Definition) -> Visit:
    times = reached(session, definition)
    measures = frozenset(times)
    funnels = [funnel for funnel in definition.funnels if funnel.scope == "session"]
    milestones = {f"{f.name}.{step.name}" for f in funnels for step in f.steps[1:]}
    milestones |= {f"{MICRO}.{micro.name}" for micro in definition.micros}
    weights = {f"{f.name}.{step.name}": step.weight for f in funnels for step in f.steps}
    weights |= {f"{MICRO}.{micro.name}": micro.weight for micro in definition.micros}
    names = [event.name for event in session.events]
    return Visit(
        partition=session.events[0].partition,
        visitor=session.events[0].visitor,
        start=session.start,
        last=session.events[-1].time,
        segments=frozenset(session.segments()),
        reached=measures,
        has_intent=bool(measures & milestones),
        pages=names.count("page_view"),
        seen=sum(name in SEEN for name in names),
        clicked=sum(name in CLICKED for name in names),
        score=sum(weights.get(measure, 0) for measure in measures),
        brought=brought_by(session.events, definition, times),
    )


def summary(
    inside: Iterable[Visit], definition: Definition, is_closed: Callable[[Visit], bool] = lambda _: True
) -> dict[str, Any]:
    """Return what is known of the sessions that began in a window, by the names that Redis has.

    What there is nothing to tell of is left out.

    Args:
        inside: The sessions.
        definition: What is measured.
        is_closed: Which of them have closed.
    """
    begun = list(inside)
    closed = [visit for visit in begun if is_closed(visit)]
    bounced = [visit for visit in closed if "session.bounced" in visit.reached]
    engaged = [visit for visit in begun if "session.engaged" in visit.reached]
    found: dict[str, Any] = {
        "sessions": len(begun),
        "closed": len(closed),
        "engaged": len(engaged),
        "bounced": len(bounced),
        "single_page": sum("session.single_page" in visit.reached for visit in closed),
    }
    if begun:
        found["engagement_ratio"] = len(engaged) / len(begun)
        found["bounce_ratio"] = len(bounced) / len(begun)
    found |= _spread("duration", [v.last - v.start for v in closed])
    found |= _spread("high_intent_duration", [v.last - v.start for v in closed if v.has_intent])
    if closed:
        found["page_views_mean"] = sum(v.pages for v in closed) / len(closed)
    if seen := sum(v.seen for v in closed):
        found["click_through"] = sum(v.clicked for v in closed) / seen
    steps = [step for funnel in definition.funnels if funnel.scope == "session" for step in funnel.steps]
    if any(what.weight for what in (*steps, *definition.micros)):
        found |= _spread("score", [v.score / 1_000_000 for v in closed])
    if closed and any(macro_of(funnel) for funnel in definition.funnels if funnel.scope == "session"):
        currencies = {currency for visit in closed for currency in visit.brought}
        sums = {currency: sum(visit.brought[currency] for visit in closed) for currency in currencies}
        each = {c: round(Fraction(n, len(closed))) for c, n in sums.items()}
        found["revenue_per_session"] = texts(each)
    return found


def _spread(name: str, values: Iterable[float]) -> dict[str, float]:
    ordered = sorted(values)
    if not ordered:
        return {}
    return {
        f"{name}_mean": sum(ordered) / len(ordered),
        f"{name}_p50": exact_percentile(ordered, 50),
        f"{name}_p90": exact_percentile(ordered, 90),
    }


def exact_percentile(values: Iterable[float], percent: int) -> float:
    """Return the smallest value that so many percent of all do not exceed."""
    ordered = sorted(values)
    return next(value for n, value in enumerate(ordered, start=1) if 100 * n >= percent * len(ordered))


def unlike(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    """Return what is not as it should be: percentiles may be 2 % off, all else is exact to nine digits.

    Nothing at all is as good as counts of 0.
    """
    if found == wanted or (not found and not any(wanted.values())):
        return []
    return [
        f"{name} is {found.get(name, 'missing')}, wanted {wanted.get(name, 'nothing')}"
        for name in sorted({*found, *wanted})
        if name not in found or name not in wanted or not _near(name, found[name], wanted[name])
    ]


def _near(name: str, found: Any, wanted: Any) -> bool:
    if isinstance(wanted, dict):
        return bool(found == wanted)
    error = ERROR + 1e-9 if name.endswith(("p50", "p90")) else 1e-9
    return isclose(found, wanted, rel_tol=0, abs_tol=error * abs(wanted))
