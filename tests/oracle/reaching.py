"""At what time a session has reached each measure."""

from stream.core.definition import MICRO, SESSION, Definition, Funnel, Micro, Step
from tests.oracle.matching import matches, steps_of
from tests.oracle.record import Event
from tests.oracle.visits import Session

Hit = tuple[Event, list[int]]
"""An event with the numbers of the steps that it matches in one funnel."""


def reached(session: Session, definition: Definition) -> dict[str, int]:
    """Return the time (ms) at which the session reached each measure; a measure not reached is left out."""
    times: dict[str, int] = {}
    for funnel in definition.funnels:
        for number, time in funnel_times(session, funnel).items():
            times[f"{funnel.name}.{funnel.steps[number].name}"] = time
    for micro in definition.micros:  # a micro-conversion may only be of a measure named before it
        first = _micro_time(session, micro, times)
        if first is not None:
            times[f"{MICRO}.{micro.name}"] = first
    return times


def bases(definition: Definition) -> dict[str, str]:
    """Return what makes a session relevant for each measure: a measure, or ``session``."""
    of_steps = {
        f"{f.name}.{s.name}": f"{f.name}.{f.steps[0].name}" for f in definition.funnels for s in f.steps
    }
    return of_steps | {f"{MICRO}.{micro.name}": micro.of for micro in definition.micros}


def funnel_times(session: Session, funnel: Funnel) -> dict[int, int]:
    """Return, for each step reached, the earliest time at which some chain leads from step 0 to it.

    Every event that may open a chain is tried on its own: with re-entry ``first`` only the session's first
    step 0, else each step 0.
    """
    hits = in_order(session, funnel)
    entries = [position for position, (_, steps) in enumerate(hits) if 0 in steps]
    if funnel.reentry == "first":
        entries = entries[:1]
    earliest: dict[int, int] = {}
    for entry in entries:
        for step, time in _chains_from(hits[entry:], funnel).items():
            earliest[step] = min(time, earliest.get(step, time))
    return earliest


def in_order(session: Session, funnel: Funnel) -> list[Hit]:
    """Return the events that match a step, by time; ties by the lowest step matched, then by event id."""
    hits = [(event, steps) for event in session.events if (steps := steps_of(event, funnel.steps))]
    return sorted(hits, key=lambda hit: (hit[0].time, hit[1][0], hit[0].event_id))


def may_follow(before: int, step: int, steps: tuple[Step, ...]) -> bool:
    """Say whether a chain may go from one step to another: forwards, with only optional steps between."""
    return before < step and all(between.optional for between in steps[before + 1 : step])


def _chains_from(hits: list[Hit], funnel: Funnel) -> dict[int, int]:
    """Return when each step is first reached by chains whose step 0 is the first of these events.

    ``newest[k]`` is the time of the newest event that ends some chain at step k. It is the best event for
    the next one to follow: the span to the event before is all that depends on which one it was.
    """
    opened = hits[0][0].time
    newest = {0: opened}
    first = {0: opened}
    for event, matched in hits[1:]:
        if event.time - opened > funnel.within_ms:
            break
        before = dict(newest)  # what earlier events led to: an event never follows itself
        for step in matched:
            longest = funnel.steps[step].within_ms
            if any(
                may_follow(earlier, step, funnel.steps) and (longest is None or event.time - time <= longest)
                for earlier, time in before.items()
            ):
                newest[step] = event.time
                first.setdefault(step, event.time)
    return first


def _micro_time(session: Session, micro: Micro, times: dict[str, int]) -> int | None:
    """Return the time of the first matching event at or after the time the base was reached."""
    base = session.start if micro.of == SESSION else times.get(micro.of)
    if base is None:
        return None
    return next((e.time for e in session.events if e.time >= base and matches(e, micro)), None)
