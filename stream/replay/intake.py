"""Records become events in brief; those that are none are counted by reason, and the first are remembered."""

from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from stream.core.event import DETAIL_LIMIT, Event, Reason, Rejected
from stream.core.partition import Reading
from stream.formats.canonical import SIZE_LIMIT, UNSEEN, parse
from stream.replay.brief import Brief, Readings
from stream.replay.files import Batch, name_of

EXAMPLES = 5
"""How many rejected records are shown."""

BRIEF_BYTES = 300
"""What an event in brief uses besides its texts, in bytes: measured, and rounded up."""

SAMPLE = 16
"""Of so many events the texts of one are measured."""


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

    def __init__(self, max_future: int, read: Callable[[Event], Reading], readings: Readings) -> None:
        """Begin.

        Args:
            max_future: How far ahead of its arrival an event's time may be, ms.
            read: Returns what an event matches and says.
            readings: Gets what is read.
        """
        self.reasons: Counter[Reason] = Counter()
        self.examples: list[Example] = []
        self.size = 0
        self._max_future = max_future
        self._read = read
        self._readings = readings

    def events(self, file: str, batch: Batch) -> list[Brief]:
        """Return the events of a batch in order; blank lines are none, and no mistake."""
        events: list[Brief] = []
        take, read, max_future = events.append, self._read, self._max_future
        numbers, number_of = self._readings.numbers, self._readings.number
        for line, record in enumerate(batch.records, batch.first):
            if not record:
                continue
            event = parse(record, UNSEEN, max_future)
            if type(event) is Rejected:
                if record.strip():
                    self._reject(file, line, event)
                continue
            reading = read(event)
            number = numbers.get(reading)
            what = number_of(reading) if number is None else number
            session_id = event.session_id or ""
            take(Brief(event.time, event.event_id, event.visitor_id, session_id, what))  # type: ignore[arg-type] # an event is made whole before it gets here
        some = events[::SAMPLE]
        texts = sum(len(e.event_id) + len(e.visitor_id) + len(e.session_id) for e in some)
        self.size = BRIEF_BYTES * len(events) + (texts * len(events) // len(some) if some else 0)
        return events

    def _reject(self, file: str, line: int, why: Rejected) -> None:
        self.reasons[why.reason] += 1
        if len(self.examples) < EXAMPLES:
            # Of a very long line only the beginning was read, so how long it is is not known.
            detail = f"more than {SIZE_LIMIT} bytes" if why.reason == "too_large" else why.detail
            self.examples.append(Example(name_of(file), line, why.reason, detail[:DETAIL_LIMIT]))
