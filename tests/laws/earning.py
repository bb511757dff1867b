"""Which rules about revenue decide in a session: what is tried by it?"""

from collections.abc import Iterator
from itertools import pairwise

from stream.core.definition import Definition
from tests.oracle.matching import matches
from tests.oracle.money import paying, total, worth
from tests.oracle.reaching import reached
from tests.oracle.visits import Session

EARNING = (
    "money before its macro step is reached",
    "money of a macro step that is never reached",
    "several events that are revenue of one session",
    "revenue of events of one time",
    "revenue in several currencies",
    "revenue below nothing",
    "an event that is revenue in two funnels",
    "an amount that takes both places",
)


def earning(session: Session, definition: Definition) -> Iterator[str]:
    """Yield the rules that decide in a session."""
    times = reached(session, definition)
    seen: set[str] = set()
    for funnel in definition.funnels:
        macro = next((step for step in funnel.steps if step.macro), None)
        if macro is None or funnel.scope == "visitor":
            continue
        paid = [event for event in paying(session.events, funnel, times) if any(worth(event).values())]
        others = [e for e in session.events if matches(e, macro) and e not in paid and any(worth(e).values())]
        if others and f"{funnel.name}.{macro.name}" in times:
            yield "money before its macro step is reached"
        elif others:
            yield "money of a macro step that is never reached"
        if len(paid) > 1:
            yield "several events that are revenue of one session"
        if any(a.time == b.time for a, b in pairwise(paid)):
            yield "revenue of events of one time"
        brought = total(paid)
        if len(brought) > 1:
            yield "revenue in several currencies"
        if any(amount < 0 for amount in brought.values()):
            yield "revenue below nothing"
        if any(amount > 2**32 for amount in brought.values()):
            yield "an amount that takes both places"
        if seen & {event.event_id for event in paid}:
            yield "an event that is revenue in two funnels"
        seen |= {event.event_id for event in paid}
