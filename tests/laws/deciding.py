"""Which rules about funnels, micro-conversions and facts decide in a session: what is tried by it?

A rule decides where without it the session would have reached something else.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

from stream.core.definition import Definition, Funnel
from tests.oracle.facts import PAGE_VIEW
from tests.oracle.matching import matches, steps_of
from tests.oracle.reaching import funnel_times, reached
from tests.oracle.record import Event
from tests.oracle.visits import Session

DECIDING = (
    "two optional steps skipped",
    "the last of five steps",
    "a step's within decides",
    "a funnel's within decides",
    "re-entry first decides",
    "re-entry latest decides",
    "a glob in where decides",
    "equality in where decides",
    "a comparison in where decides",
    "a text that looks like a number",
    "an exclusion decides",
    "a step that is an exclusion decides",
    "a step before an exclusion of its time decides",
    "a strict order decides",
    "the last step of a strict funnel",
    "an optional step of a strict funnel skipped",
    "a step before what is none and of its time decides",
    "another entry of a strict funnel decides",
    "any order decides",
    "the last step of an unordered funnel",
    "how far apart unordered events are decides",
    "one event that cannot be two steps",
    "a micro-conversion before its measure",
    "a micro-conversion before its measure only",
    "a micro-conversion of another",
    "a micro-conversion of an unordered step",
    "engaged by time alone",
    "engaged by a second page alone",
    "engaged by a conversion alone",
    "not engaged at exactly engaged_after",
    "a bounce of several events",
    "a single page among other events",
)


def deciding(session: Session, definition: Definition) -> Iterator[str]:
    """Yield the rules that decide in a session."""
    f, g, strict, unordered = definition.funnels[:4]
    times = reached(session, definition)
    yield from _of_ordered(session, f, g, times)
    yield from _of_exclusions(session, f, strict)
    yield from _of_strict(session, strict, times)
    yield from _of_unordered(session, unordered, times)
    yield from _of_micros(session, times)
    yield from _of_facts(session, definition, times)


def _of_ordered(session: Session, f: Funnel, g: Funnel, times: dict[str, int]) -> Iterator[str]:
    if "f.d" in times and not {"f.b", "f.c"} & times.keys():
        yield "two optional steps skipped"
    if "f.a2" in times:
        yield "the last of five steps"
    freed = tuple(replace(step, within_ms=None) for step in f.steps)
    yield from _decides(session, f, replace(f, steps=freed), "a step's within")
    for funnel in (f, g):
        yield from _decides(session, funnel, replace(funnel, within_ms=10**9), "a funnel's within")
    yield from _decides(session, g, replace(g, reentry="latest"), "re-entry first")
    yield from _decides(session, f, replace(f, reentry="first"), "re-entry latest")
    patterns = g.steps[1].where[0].patterns
    yield from _decides(session, g, _asking(g, 1, patterns[1:]), "a glob in where")
    yield from _decides(session, g, _asking(g, 1, patterns[:1]), "equality in where")


def _of_exclusions(session: Session, f: Funnel, strict: Funnel) -> Iterator[str]:
    yield from _decides(session, f, replace(f, exclusions=f.exclusions[1:]), "an exclusion")
    both = "a step that is an exclusion"
    yield from _decides(session, f, replace(f, exclusions=f.exclusions[:1]), both)
    yield from _decides(session, strict, replace(strict, exclusions=()), both)
    earlier = _earlier(session, lambda event: matches(event, f.exclusions[0]))
    if funnel_times(earlier, f) != funnel_times(session, f):
        yield "a step before an exclusion of its time decides"


def _of_strict(session: Session, strict: Funnel, times: dict[str, int]) -> Iterator[str]:
    yield from _decides(session, strict, replace(strict, order="ordered"), "a strict order")
    yield from _decides(session, strict, replace(strict, reentry="first"), "another entry of a strict funnel")
    if "strict.a2" in times:
        yield "the last step of a strict funnel"
    if "strict.c" in times and "strict.b" not in times:
        yield "an optional step of a strict funnel skipped"
    earlier = _earlier(session, lambda event: not steps_of(event, strict.steps))
    if funnel_times(earlier, strict) != funnel_times(session, strict):
        yield "a step before what is none and of its time decides"


def _of_unordered(session: Session, unordered: Funnel, times: dict[str, int]) -> Iterator[str]:
    yield from _decides(session, unordered, replace(unordered, order="ordered"), "any order")
    apart = "how far apart unordered events are"
    yield from _decides(session, unordered, replace(unordered, within_ms=10**9), apart)
    last = unordered.steps[-1].where[0].patterns
    yield from _decides(session, unordered, _asking(unordered, 3, last[1:]), "a comparison in where")
    if "unordered.e" in times:
        yield "the last step of an unordered funnel"
    if "unordered.d" in times and "unordered.d2" not in times:
        yield "one event that cannot be two steps"
    if any(
        e.name == "e" and e.field("props.n") == "20" and "props.n" not in e.numbers for e in session.events
    ):
        yield "a text that looks like a number"


def _of_micros(session: Session, times: dict[str, int]) -> Iterator[str]:
    if "f.b" in times and any(e.name == "c" and e.time < times["f.b"] for e in session.events):
        yield "a micro-conversion before its measure" + ("" if "micro.of" in times else " only")
    if "micro.ofof" in times:
        yield "a micro-conversion of another"
    if "micro.dear" in times:
        yield "a micro-conversion of an unordered step"


def _of_facts(session: Session, definition: Definition, times: dict[str, int]) -> Iterator[str]:
    pages = sum(event.name == PAGE_VIEW for event in session.events)
    length = session.events[-1].time - session.start
    firsts = {f"{funnel.name}.{funnel.steps[0].name}" for funnel in definition.funnels}
    converted = any(not measure.startswith("session.") for measure in times.keys() - firsts)
    shown = (length > definition.times.engaged_after, pages > 1, converted)
    for place, what in enumerate(("time", "a second page", "a conversion")):
        if shown[place] and sum(shown) == 1:
            yield f"engaged by {what} alone"
    if "session.bounced" in times and length == definition.times.engaged_after:
        yield "not engaged at exactly engaged_after"
    if "session.bounced" in times and len(session.events) > 1:
        yield "a bounce of several events"
    if "session.single_page" in times and len(session.events) > 1:
        yield "a single page among other events"


def _asking(funnel: Funnel, place: int, patterns: tuple[str, ...]) -> Funnel:
    """Return the funnel with other patterns in the only condition of one of its steps."""
    steps = list(funnel.steps)
    condition = replace(steps[place].where[0], patterns=patterns)
    steps[place] = replace(steps[place], where=(condition,))
    return replace(funnel, steps=tuple(steps))


def _earlier(session: Session, chosen: Callable[[Event], bool]) -> Session:
    """Return the session with some of its events a millisecond earlier, so before what was of their time."""
    events = [replace(e, time=e.time - 1) if chosen(e) else e for e in session.events]
    return Session(tuple(sorted(events, key=lambda e: (e.time, e.event_id))), session.values)


def _decides(session: Session, funnel: Funnel, otherwise: Funnel, rule: str) -> Iterator[str]:
    """Yield that a rule decides: without it the session would reach something else."""
    if funnel_times(session, funnel) != funnel_times(session, otherwise):
        yield f"{rule} decides"
