"""Attempts at funnels that run across a visitor's sessions: when they open, get on and close."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from stream.core.definition import Funnel
from tests.oracle.chains import Turn, may_follow, turns_of
from tests.oracle.record import Event
from tests.oracle.visits import Session


@dataclass(slots=True)
class Attempt:
    """One attempt.

    Attributes:
        turns: Its turns, the first of them that of the event that opened it, which serves as nothing else.
        times: When each step was reached, ms, by the step's number.
        events: By which event, likewise.
    """

    turns: list[Turn]
    times: dict[int, int]
    events: dict[int, Event]

    @property
    def first(self) -> Event:
        """The event that opened it."""
        return self.turns[0].event

    def took(self) -> list[Event]:
        """Return the events that it took as steps."""
        return [turn.event for turn in self.turns if turn.steps or turn is self.turns[0]]

    def newest_entry(self) -> int:
        """Return the time of the newest event of step 0, ms."""
        return max(turn.time for turn in self.turns if 0 in turn.steps)


def across(funnel: Funnel) -> bool:
    """Say whether a funnel runs across the sessions of a visitor."""
    return funnel.scope == "visitor"


def attempts_of(events: Sequence[Event], funnel: Funnel) -> list[Attempt]:
    """Return the attempts at a funnel that the counted events of one visitor make, in order of time.

    Each attempt takes all turns from the one that opens it to the one that closes it. After each of these
    it is asked anew what chains lead to: so its last step closes it at once.
    """
    attempts: list[Attempt] = []
    current: Attempt | None = None
    last = len(funnel.steps) - 1
    for turn in turns_of(events, funnel):
        if current is not None and turn.time - current.newest_entry() > funnel.within_ms:
            current = None
        if current is None:
            if 0 in turn.steps:
                current = Attempt([replace(turn, steps=(0,))], {0: turn.time}, {0: turn.event})
                attempts.append(current)
            continue
        current.turns.append(turn)
        for step in turn.steps:
            if step not in current.times and _is_led_to(step, current.turns, funnel):
                current.times[step] = turn.time
                current.events[step] = turn.event
        if last in current.times:
            current = None
    return attempts


def session_of(attempt: Attempt, sessions: Iterable[Session]) -> Session:
    """Return the session in which an attempt began."""
    return next(s for s in sessions if any(event is attempt.first for event in s.events))


def reached_across(attempt: Attempt, funnel: Funnel) -> dict[str, int]:
    """Return the time (ms) at which an attempt reached each measure; a measure not reached is left out."""
    return {f"{funnel.name}.{funnel.steps[step].name}": time for step, time in attempt.times.items()}


def _is_led_to(step: int, turns: Sequence[Turn], funnel: Funnel) -> bool:
    """Say whether some chain leads from an entry to this step at the last of these turns.

    It is searched backwards, through every event that could have come before.
    """
    return _leads_back(step, len(turns) - 1, turns[-1].time, turns, funnel)


def _leads_back(step: int, place: int, end: int, turns: Sequence[Turn], funnel: Funnel) -> bool:
    time = turns[place].time
    if step == 0:
        entries = [n for n, turn in enumerate(turns) if 0 in turn.steps]
        allowed = place == entries[0] or funnel.reentry == "latest"
        return allowed and end - time <= funnel.within_ms
    own = funnel.steps[step].within_ms
    for before in reversed(range(place)):
        turn = turns[before]
        if end - turn.time > funnel.within_ms:
            break
        if own is not None and time - turn.time > own:
            break
        for source in turn.steps:
            if (
                may_follow(source, step, funnel.steps)
                and not any(source in between.ends for between in turns[before + 1 : place])
                and _leads_back(source, before, end, turns, funnel)
            ):
                return True
    return False
