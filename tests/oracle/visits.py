"""Form the sessions of a visitor, and find the values of their dimensions."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product

from stream.core.definition import Definition, Dimension, Times
from tests.oracle.record import Event

MAX_DIMENSION_VALUE = 100
NEW, RETURNING = "new", "returning"
DIRECT = "Direct"


@dataclass(frozen=True, slots=True)
class Session:
    """The events of one visit in order of time, and its value of each dimension that it has one of."""

    events: tuple[Event, ...]
    values: Mapping[str, str]

    @property
    def start(self) -> int:
        """The time of the first event, ms."""
        return self.events[0].time

    def segments(self) -> list[str]:
        """Return the segments that the session is counted in."""
        return ["all", *(f"{dimension}={value}" for dimension, value in self.values.items())]


def by_visitor(counted: Iterable[Event]) -> dict[tuple[int, str], list[Event]]:
    """Return the events that count by partition and visitor, in the order of reading."""
    found: dict[tuple[int, str], list[Event]] = defaultdict(list)
    for event in counted:
        found[event.partition, event.visitor].append(event)
    return found


def split(events: Iterable[Event], times: Times) -> list[list[Event]]:
    """Split events of one session id (or of none) of one visitor into sessions.

    A gap longer than the timeout begins a new session, and so does an event more than the maximal length
    after the first; exactly as long does not.
    """
    sessions: list[list[Event]] = []
    for event in sorted(events, key=lambda e: (e.time, e.event_id)):
        if (
            not sessions
            or event.time - sessions[-1][-1].time > times.timeout
            or event.time - sessions[-1][0].time > times.max_length
        ):
            sessions.append([])
        sessions[-1].append(event)
    return sessions


def sessions_of(events: Iterable[Event], definition: Definition) -> list[Session]:
    """Return all sessions in the counted events of one visitor."""
    by_id: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        by_id[event.session_id].append(event)
    split_up = [s for same_id in by_id.values() for s in split(same_id, definition.times)]
    starts = [session[0].time for session in split_up]
    return [
        Session(tuple(session), _values(session, _user_type(session, starts, definition), definition))
        for session in split_up
    ]


def _user_type(session: list[Event], starts: list[int], definition: Definition) -> str:
    """Returning: another session of the visitor began strictly earlier, at most ``known_for`` ago."""
    known = any(0 < session[0].time - start <= definition.times.known_for for start in starts)
    return RETURNING if known else NEW


def _values(session: list[Event], user_type: str, definition: Definition) -> dict[str, str]:
    values: dict[str, str] = {}
    for dimension in definition.dimensions:
        if not dimension.cross:
            said = next((text for e in session if (text := e.field(dimension.field))), "")
            if not said:
                said = {"user_type": user_type, "channel": DIRECT}.get(dimension.field, "")
            values[dimension.name] = said[:MAX_DIMENSION_VALUE]
    for dimension in definition.dimensions:
        if dimension.cross and all(values[part] for part in dimension.cross):
            values[dimension.name] = crossed([values[part] for part in dimension.cross])
    return {dimension: value for dimension, value in values.items() if value}


def crossed(parts: Iterable[str]) -> str:
    """Join the values of a cross; a slash inside a part is written %2F, so that parts stay apart."""
    return "/".join(part.replace("/", "%2F") for part in parts)


def overflowed(events: Iterable[Event], definition: Definition) -> set[str]:
    """Return the dimensions that may have met more values than they tell apart, whatever came first.

    Not the final values of sessions count here but all that a session could have had for a while: the
    stream admits values as it sees them. A cross loses what one of its parts may have lost.
    """
    seen: dict[tuple[int, str, str], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    plain = [dimension for dimension in definition.dimensions if not dimension.cross]
    for event in events:
        values = seen[event.partition, event.visitor, event.session_id]
        for dimension in plain:
            if text := event.field(dimension.field):
                values[dimension.name].add(text[:MAX_DIMENSION_VALUE])
            if dimension.field == "user_type":
                values[dimension.name] |= {NEW, RETURNING}
            if dimension.field == "channel":
                values[dimension.name].add(DIRECT)
    crowded = {d.name for d in definition.dimensions if _unlisted(d, seen.values()) > d.max_values}
    return crowded | {d.name for d in definition.dimensions if crowded & set(d.cross)}


def _unlisted(dimension: Dimension, seen: Iterable[Mapping[str, set[str]]]) -> int:
    values: set[str] = set()
    for possible in seen:
        if dimension.cross:
            parts = (possible.get(part, set()) for part in dimension.cross)
            values.update(crossed(combination) for combination in product(*parts))
        else:
            values |= possible.get(dimension.name, set())
    return len(values - set(dimension.values))
