"""When a session reaches the steps of a funnel whose steps come one after the other: ordered or strict.

A chain leads from step 0 onwards, each of its events after the one before. In a strict funnel each is the
very next event of the session. An exclusion ends chains.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from stream.core.definition import Exclusion, Funnel, Step
from tests.oracle.matching import matches, steps_of
from tests.oracle.record import Event


@dataclass(frozen=True, slots=True)
class Turn:
    """What an event is in its turn: some steps of the funnel, or none; or an exclusion.

    Attributes:
        time: When, ms.
        steps: The numbers of the steps that the event matches, lowest first.
        ends: What it ends as an exclusion: chains whose newest step is one of these.
        event: The event itself.
    """

    time: int
    event: Event
    steps: tuple[int, ...] = ()
    ends: range = range(0)


def chain_times(events: Sequence[Event], funnel: Funnel) -> dict[int, int]:
    """Return, for each step reached, the earliest time at which some chain leads from step 0 to it.

    Every event that may open a chain is tried on its own: with re-entry ``first`` only the session's first
    step 0, else each step 0.
    """
    turns = turns_of(events, funnel)
    entries = [position for position, turn in enumerate(turns) if 0 in turn.steps]
    if funnel.reentry == "first":
        entries = entries[:1]
    earliest: dict[int, int] = {}
    for entry in entries:
        for step, time in _chains_from(turns[entry:], funnel).items():
            earliest[step] = min(time, earliest.get(step, time))
    return earliest


def turns_of(events: Sequence[Event], funnel: Funnel) -> list[Turn]:
    """Return what the events are in the order of their turns.

    That is by time; ties by the lowest step matched, then what matches none, then event id, then session id:
    an id may come again by a topic that was so far behind that nobody knew it any more. At equal time
    exclusions come last: an event that is a step too has two turns. In an ordered funnel an event that is
    neither is left out, since others may come between.
    """
    turns: list[tuple[int, bool, int, str, str, Turn]] = []
    none = len(funnel.steps)
    for event in events:
        steps = tuple(steps_of(event, funnel.steps))
        if steps or funnel.order == "strict":
            turn = Turn(event.time, event, steps)
            turns.append(
                (event.time, False, min(steps, default=none), event.event_id, event.session_id, turn)
            )
        for exclusion in funnel.exclusions:
            if matches(event, exclusion):
                turn = Turn(event.time, event, ends=_ended_by(exclusion))
                turns.append((event.time, True, none, event.event_id, event.session_id, turn))
    return [turn for *_, turn in sorted(turns, key=lambda entry: entry[:-1])]


def may_follow(before: int, step: int, steps: tuple[Step, ...]) -> bool:
    """Say whether a chain may go from one step to another: forwards, with only optional steps between."""
    return before < step and all(between.optional for between in steps[before + 1 : step])


def _ended_by(exclusion: Exclusion) -> range:
    return range(exclusion.first, exclusion.last)


def _chains_from(turns: Sequence[Turn], funnel: Funnel) -> dict[int, int]:
    """Return when each step is first reached by chains whose step 0 is the first of these turns.

    ``newest[k]`` is the time of the newest event that ends some living chain at step k. It is the best event
    for the next one to follow: the span to the event before is all that depends on which one it was.
    """
    opened = turns[0].time
    newest = {0: opened}
    first = {0: opened}
    for turn in turns[1:]:
        if turn.time - opened > funnel.within_ms:
            break
        if turn.ends:
            newest = {step: time for step, time in newest.items() if step not in turn.ends}
            continue
        led_to = [step for step in turn.steps if _leads_to(step, turn.time, newest, funnel.steps)]
        if funnel.order == "strict":
            newest = {}  # what this event does not lead on is over
        newest |= dict.fromkeys(led_to, turn.time)
        for step in led_to:
            first.setdefault(step, turn.time)
    return first


def _leads_to(step: int, time: int, newest: dict[int, int], steps: tuple[Step, ...]) -> bool:
    """Say whether some chain may go on with an event of that time at that step."""
    longest = steps[step].within_ms
    return any(
        may_follow(before, step, steps) and (longest is None or time - at <= longest)
        for before, at in newest.items()
    )
