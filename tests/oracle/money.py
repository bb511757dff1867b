"""What sessions brought: the money of events that match a macro step, from the time it was reached on."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction

from stream.core.currency import CURRENCIES
from stream.core.definition import Definition, Funnel
from tests.oracle.matching import matches
from tests.oracle.record import Event

Brought = Counter[str]
"""Millionths by currency."""

LARGEST = 10**12
"""A value beyond this, above or below 0, is no price."""


def worth(event: Event) -> Brought:
    """Return what an event is worth: its value in decimals as it is written, half a millionth to even."""
    value = event.numbers.get("value", 0)
    if abs(value) > LARGEST:
        return Counter()
    code = event.field("currency").upper()
    known = re.fullmatch("[A-Z]{3}", event.field("currency"), re.IGNORECASE | re.ASCII) and code in CURRENCIES
    return Counter({code if known else "XXX": round(Fraction(str(value)) * 1_000_000)})


def macro_of(funnel: Funnel) -> str | None:
    """Return the measure of a funnel's macro step."""
    return next((f"{funnel.name}.{step.name}" for step in funnel.steps if step.macro), None)


def paying(events: Iterable[Event], funnel: Funnel, times: Mapping[str, int]) -> list[Event]:
    """Return the events that are revenue of who has taken these and reached measures at these times."""
    macro = next((step for step in funnel.steps if step.macro), None)
    if macro is None or (reached := times.get(f"{funnel.name}.{macro.name}")) is None:
        return []
    return [event for event in events if event.time >= reached and matches(event, macro)]


def total(events: Iterable[Event]) -> Brought:
    """Return what events are worth together."""
    brought: Brought = Counter()
    for event in events:
        for currency, millionths in worth(event).items():
            brought[currency] += millionths
    return brought


def brought_by(events: Iterable[Event], definition: Definition, times: Mapping[str, int]) -> Brought:
    """Return what a session as a whole brought: each event once, of however many funnels it is revenue."""
    events = list(events)
    funnels = [funnel for funnel in definition.funnels if funnel.scope == "session"]
    chosen = {id(event): event for funnel in funnels for event in paying(events, funnel, times)}
    return total(chosen.values())


def texts(brought: Mapping[str, int]) -> dict[str, str]:
    """Return amounts as rows have them: two decimals, or more where they are needed; nothing of what is 0."""
    found: dict[str, str] = {}
    for currency, millionths in brought.items():
        if millionths:
            text = f"{Decimal(millionths) / 1_000_000:.6f}"
            found[currency] = text[:-4] + text[-4:].rstrip("0")
    return found
