"""At what time a session has reached each measure."""

from stream.core.definition import MICRO, SESSION, SESSION_FACTS, Definition, Funnel, Micro
from tests.oracle.chains import chain_times
from tests.oracle.facts import facts
from tests.oracle.gathering import gathered_times
from tests.oracle.matching import matches
from tests.oracle.visits import Session


def reached(session: Session, definition: Definition) -> dict[str, int]:
    """Return the time (ms) at which a session that has closed reached each measure.

    A measure not reached is left out, and so are those of funnels that run across sessions.
    """
    times: dict[str, int] = {}
    for funnel in definition.funnels:
        if funnel.scope == "visitor":
            continue
        for number, time in funnel_times(session, funnel).items():
            times[f"{funnel.name}.{funnel.steps[number].name}"] = time
    for micro in definition.micros:  # a micro-conversion may only be of a measure named before it
        first = _micro_time(session, micro, times)
        if first is not None:
            times[f"{MICRO}.{micro.name}"] = first
    return times | facts(session, definition, times)


def bases(definition: Definition) -> dict[str, str]:
    """Return what makes a session relevant for each measure: a measure, or ``session``."""
    of_steps = {
        f"{f.name}.{s.name}": f"{f.name}.{f.steps[0].name}" for f in definition.funnels for s in f.steps
    }
    of_micros = {f"{MICRO}.{micro.name}": micro.of for micro in definition.micros}
    return of_steps | of_micros | {f"{SESSION}.{fact}": SESSION for fact in SESSION_FACTS}


def funnel_times(session: Session, funnel: Funnel) -> dict[int, int]:
    """Return, for each step of a funnel that a session reached, the earliest time at which it did."""
    if funnel.order == "unordered":
        return gathered_times(session.events, funnel)
    return chain_times(session.events, funnel)


def _micro_time(session: Session, micro: Micro, times: dict[str, int]) -> int | None:
    """Return the time of the first matching event at or after the time the base was reached."""
    base = session.start if micro.of == SESSION else times.get(micro.of)
    if base is None:
        return None
    return next((e.time for e in session.events if e.time >= base and matches(e, micro)), None)
