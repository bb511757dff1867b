"""Sessions as they are printed: an object a line, or some lines for people; in order of their starts."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from stream.core.definition import Definition
from stream.core.facts import MILLION
from stream.core.funnel import reached_by_closing
from stream.core.labels import unsaid
from stream.core.plans import Plans
from stream.core.revenue import accounts, amount_in, currency_of, decimals, measure_of
from stream.core.segment import cross_value
from stream.core.session import Session

Line = tuple[int, str, str, int, bytes]
"""What a session, or an attempt across sessions, is sorted by, and what is printed of it.

Start, visitor, client's session id, and 0 for a session: it comes before the attempts that begin with it,
which have 1 and more, by funnel.
"""

LINE_BYTES = 300
"""What a line uses in memory besides its text, in bytes."""

WIDTH = 80


class Lines:
    """Lines as a sorter's items."""

    def key(self, item: Line) -> tuple[object, ...]:
        """Return what they are sorted by."""
        return item

    def sort(self, items: list[Line]) -> None:
        """Put lines in order."""
        items.sort()

    def pack(self, items: list[Line]) -> bytes:
        """Return lines as bytes."""
        return msgspec.msgpack.encode(items)

    def unpack(self, packed: bytes) -> list[Line]:
        """Return the lines again."""
        return msgspec.msgpack.decode(packed, type=list[Line])


class Visits:
    """Makes lines of sessions."""

    def __init__(self, definition: Definition, *, as_json: bool) -> None:
        self._plans = Plans(definition)
        self._dimensions = Dimensions(definition)
        self._encode = msgspec.json.Encoder().encode
        self._as_json = as_json

    def line(self, visitor: str, sid: str, session: Session) -> Line:
        """Return the line of a session: JSON, or text of some lines."""
        closing = reached_by_closing(session, self._plans)
        reached = sorted(
            [(time, number) for number, time in session.reached.items()]
            + [(session.last, number) for number in range(closing.bit_length()) if closing >> number & 1]
        )
        measures = self._plans.measures
        fields: dict[str, Any] = {
            "visitor_id": visitor,
            "session_id": sid or None,
            "start": session.first,
            "end": session.last,
            "duration": session.last - session.first,
            "page_views": session.pages,
            "engaged": self._plans.engaged in session.reached,
            "bounced": closing >> self._plans.bounced & 1 == 1,
            "score": sum(self._plans.weights[number] for number in session.reached) / MILLION,
            "revenue": brought(session, self._plans.started),
            "steps": {measures[number]: time for time, number in reached},
            "dimensions": self._dimensions.of(session),
        }
        text = self._encode(fields) if self._as_json else _text(fields).encode()
        return session.first, visitor, sid, 0, text + b"\n"


class Dimensions:
    """Tells what sessions, and attempts across them, count under."""

    def __init__(self, definition: Definition) -> None:
        self._plain = [dimension for dimension in definition.dimensions if not dimension.cross]
        self._crosses = [dimension for dimension in definition.dimensions if dimension.cross]

    def of(self, session: Session) -> dict[str, str]:
        """Return that, as the session's events say it: also values that find no room."""
        found: dict[str, str] = {}
        for dimension, label in zip(self._plain, session.labels, strict=True):
            found[dimension.name] = label or unsaid(dimension.field, session.returning)
        for cross in self._crosses:
            parts = tuple(found[name] for name in cross.cross)
            found[cross.name] = cross_value(parts) if all(parts) else ""
        return {name: label for name, label in found.items() if label}


def brought(session: Session, measure: int) -> dict[str, str]:
    """Return what a session brought by a measure, by currency; as a whole by the one that it began."""
    amounts = {} if session.revenue is None else session.revenue.amounts
    own = [account for account in accounts(amounts) if measure_of(account) == measure]
    return decimals({currency_of(account): amount_in(amounts, account) for account in own})


def moment(ms: int) -> str:
    """Return a time as people read it, UTC."""
    return f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m-%d %H:%M:%S}"


def lasted(ms: float) -> str:
    """Return a duration as people read it."""
    seconds = round(ms / 1000)
    return f"{seconds // 60}m {seconds % 60:02}s"


def plain(text: str) -> str:
    """Return text of events so that it does no harm to a terminal."""
    return text if text.isprintable() else ascii(text)[1:-1]


def paragraph(fields: Mapping[str, Any], said: str, steps: list[str]) -> str:
    """Return some lines for people: when it was and whose, what is said of it, its steps, its dimensions."""
    who = plain(fields["visitor_id"])
    if fields["session_id"]:
        who += f", session {plain(fields['session_id'])}"
    dimensions = [f"{name}={plain(label)}" for name, label in fields["dimensions"].items()]
    first = f"{moment(fields['start'])}  {who}"
    head = [f"{first}  {said}"] if len(first) + 2 + len(said) <= WIDTH else [first, f"    {said}"]
    return "\n".join([*head, *_filled(steps), *_filled(dimensions)])


def _text(fields: dict[str, Any]) -> str:
    pages = f"{fields['page_views']} page view{'s' * (fields['page_views'] != 1)}"
    said = [lasted(fields["duration"]), pages, "bounced" if fields["bounced"] else "engaged"]
    if fields["score"]:
        said.append(f"score {fields['score']:g}")
    said += [f"{amount} {currency}" for currency, amount in fields["revenue"].items()]
    steps = [f"{moment(time)[11:]} {name}" for name, time in fields["steps"].items()]
    return paragraph(fields, f"({', '.join(said)})", steps)


def _filled(words: list[str]) -> list[str]:
    """Return words in indented lines of no more than the width, if no single word is longer."""
    lines: list[str] = []
    for word in words:
        if lines and len(lines[-1]) + len(word) + 2 <= WIDTH:
            lines[-1] += f"  {word}"
        else:
            lines.append(f"    {word}")
    return lines
