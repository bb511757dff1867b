"""What decides how long conversions took, and how many sessions came before them.

What late events do to them is rare here; golden cases and the tests of touchpoints have it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from stream.core.definition import Definition
from tests.oracle import Judged
from tests.oracle.attempts import across, attempts_of
from tests.oracle.conversions import of_visitor
from tests.oracle.record import Event
from tests.oracle.visits import by_visitor, sessions_of

CONVERTING = (
    "a conversion without a micro-conversion",
    "a micro-conversion at the time of the macro step",
    "several micro-conversions before a macro step",
    "two macro steps in one session",
    "a third session that converts",
    "a conversion after being away for too long",
    "an attempt that converts in another session",
    "an attempt that goes on after its macro step",
)


def converting(judged: Judged, definition: Definition) -> Iterator[str]:
    """Yield what the conversions are like in the end."""
    for events in by_visitor(judged.counted).values():
        yield from _in_the_end(events, definition)


def _in_the_end(events: Sequence[Event], definition: Definition) -> Iterator[str]:
    every = list(of_visitor(events, definition))
    sessions = sessions_of(events, definition)
    endless = replace(definition, times=replace(definition.times, known_for=10**12))
    if [c.touchpoints for c in of_visitor(events, endless)] != [c.touchpoints for c in every]:
        yield "a conversion after being away for too long"
    for conversion in every:
        if conversion.took is None:
            yield "a conversion without a micro-conversion"
        if conversion.took == 0:
            yield "a micro-conversion at the time of the macro step"
        if conversion.micros > 1 and conversion.took:
            yield "several micro-conversions before a macro step"
        if conversion.touchpoints > 2:
            yield "a third session that converts"
    for session in sessions:
        inside = [c for c in every if session.start <= c.time <= session.events[-1].time]
        if len({c.funnel for c in inside}) > 1:
            yield "two macro steps in one session"
    for funnel in definition.funnels:
        macro = next((n for n, step in enumerate(funnel.steps) if step.macro), None)
        if macro is None or not across(funnel):
            continue
        for attempt in attempts_of(events, funnel):
            event = attempt.events.get(macro)
            if event is None:
                continue
            if not any(event in s.events and attempt.first in s.events for s in sessions):
                yield "an attempt that converts in another session"
            if max(attempt.times.values()) > attempt.times[macro]:
                yield "an attempt that goes on after its macro step"
