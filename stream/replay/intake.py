"""Records become events; those that are none are counted by reason, and the first are remembered."""

from collections import Counter
from typing import NamedTuple

from stream.core.definition import Definition
from stream.core.event import Event, Reason, Rejected
from stream.core.reads import fields_read
from stream.formats.canonical import SIZE_LIMIT, UNSEEN, parse
from stream.replay.files import Batch, name_of

EXAMPLES = 5
"""How many rejected records are shown."""

LARGE = ("items", "props", "consent", "referrer", "email_sha256")
"""Fields that take much memory, objects of their own or long texts, and that not every event is judged by."""

SHORT = 350
"""Length of records, in bytes, that hold nothing large: it is not worth the time to look."""

EVENT_BYTES = 500
"""What an event uses besides its text, in bytes: measured, and rounded up."""


class Example(NamedTuple):
    """A rejected record: where it was found and why it is no event."""

    file: str
    line: int
    reason: Reason
    detail: str


class Intake:
    """Makes events of records.

    Attributes:
        reasons: How many records were rejected, by reason.
        examples: The first of them.
        size: About how many bytes of memory the events use that were returned last.
    """

    def __init__(self, definition: Definition) -> None:
        self.reasons: Counter[Reason] = Counter()
        self.examples: list[Example] = []
        self.size = 0
        self._max_future = definition.times.max_future
        self._unread = _unread(definition)

    def events(self, file: str, batch: Batch, *, waiting: bool) -> list[Event]:
        """Return the events of a batch in order; blank lines are none, and no mistake.

        Args:
            file: Where it is from.
            batch: The records.
            waiting: Whether events have to wait in memory: they are freed of what nothing reads.
        """
        events: list[Event] = []
        take, max_future, size = events.append, self._max_future, 0
        unread = self._unread if waiting else ()
        for number, record in enumerate(batch.records, batch.first):
            if not record:
                continue
            event = parse(record, UNSEEN, max_future)
            if type(event) is Rejected:
                if record.strip():
                    self._reject(file, number, event)
                continue
            size += len(record)
            if len(record) > SHORT:
                for field in unread:
                    setattr(event, field, None)
            take(event)
        self.size = size + EVENT_BYTES * len(events)
        return events

    def _reject(self, file: str, number: int, why: Rejected) -> None:
        self.reasons[why.reason] += 1
        if len(self.examples) < EXAMPLES:
            # Of a very long line only the beginning was read, so how long it is is not known.
            detail = f"more than {SIZE_LIMIT} bytes" if why.reason == "too_large" else why.detail
            self.examples.append(Example(name_of(file), number, why.reason, detail))


def _unread(definition: Definition) -> tuple[str, ...]:
    """Return the large fields that nothing in the definition reads."""
    read = fields_read(definition)
    return tuple(field for field in LARGE if field not in read)
