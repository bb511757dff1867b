"""One process of a replay that is shared: reads parts of files, hands on what is others', counts its own."""

from array import array
from bisect import bisect_left
from collections.abc import Iterator
from itertools import islice
from operator import attrgetter
from typing import BinaryIO

from stream.core.bucket import MINUTE
from stream.core.definition import Definition
from stream.core.session import Session
from stream.core.visitor import Attempt
from stream.replay.answers import Answer
from stream.replay.brief import Brief
from stream.replay.exchange import Exchange
from stream.replay.files import InputError
from stream.replay.intake import Intake
from stream.replay.line import Desk
from stream.replay.messages import (
    Adopt,
    At,
    Counted,
    Done,
    Found,
    Judged,
    Key,
    Newest,
    Part,
    Reached,
    Sessions,
    Settle,
    Share,
    Take,
    Tied,
    Unclear,
    Until,
)
from stream.replay.parts import records
from stream.replay.shard import Shard
from stream.replay.visits import Line, Lines

TOGETHER = 1_000
"""Lines of sessions and attempts that are told at once."""

_time = attrgetter("time")


class Member:
    """Does what it is asked for, one thing after the other."""

    def __init__(
        self, desk: Desk, definition: Definition, files: list[BinaryIO], memory: int, answer: Answer
    ) -> None:
        """Begin.

        Args:
            desk: Where it hears and tells.
            definition: What is measured.
            files: Of each process, that to which it writes what is for others.
            memory: Bytes of events that it holds.
            answer: A copy of that which takes the results; only asked what they look like.
        """
        self._desk = desk
        self._answer = answer
        on_session = self._session if answer.wants_sessions else None
        self._shard = Shard(
            definition,
            desk.number,
            len(files),
            self._newest_of_others,
            on_session,
            tallies=answer.wants_tallies,
        )
        self._intake = Intake(definition.times.max_future, self._shard.read, self._shard.readings)
        self._exchange = Exchange(desk.number, files, self._shard.readings, memory)
        self._sorted: Iterator[list[Brief]] | None = None
        self._ahead: list[Brief] = []
        """Events that were read from those in order, and are to be judged next."""
        self._lines: list[Line] = []

    def work(self) -> None:
        """Do it, until nobody asks any more.

        Raises:
            EOFError: Nobody does.
            OSError: A file cannot be written or read that is of the replay itself.
        """
        desk, exchange = self._desk, self._exchange
        while True:
            match desk.next():
                case Part() as part:
                    desk.tell(self._read(part))
                case Share():
                    exchange.hand_over()
                    known = self._shard.readings.known
                    desk.tell(Share(dict(exchange.minutes), known, exchange.places, exchange.counts))
                case Adopt(process, count, size, readings, places):
                    exchange.adopt(process, count, size, readings, places)
                case Until(time):
                    self._judge_until(time)
                    self._tell_judged()
                case Reached():
                    minute = array("q", map(_time, self._ahead))
                    desk.tell(Reached(minute.tobytes()))
                case At(time):
                    self._tell_tied(time)
                case Take(count):
                    self._judge(self._ahead[:count])
                    del self._ahead[:count]
                    self._tell_judged()
                case Newest(key):
                    desk.tell(Found(self._shard.newest_before(key)))
                case Settle(newest, at_end):
                    settled = self._shard.finish() if at_end else self._shard.settle(newest)
                    self._tell_lines()
                    desk.tell(settled)

    def _read(self, part: Part) -> Done:
        intake = self._intake
        intake.reasons.clear()
        intake.examples.clear()
        size = lines = 0
        broken, code = "", 0

        def told(more: int) -> None:
            nonlocal size
            size += more

        try:
            for batch in records(part, told):
                lines += len(batch.records)
                events = intake.events(part.file, batch)
                self._exchange.take(events, intake.size)
        except InputError as error:
            broken, code = error.what, error.code
        examples = [(found.line, found.reason, found.detail) for found in intake.examples]
        return Done(part.number, lines, dict(intake.reasons), examples, size, broken, code)

    def _judge_until(self, time: int | None) -> None:
        """Judge all events before a time; have those of the minute after it ahead."""
        if self._sorted is None:
            self._sorted = self._exchange.sorter.sorted()
        ahead, self._ahead = self._ahead, []
        end = None if time is None else time + MINUTE
        while True:
            place = len(ahead) if time is None else bisect_left(ahead, time, key=_time)
            self._judge(ahead[:place] if place < len(ahead) else ahead)
            self._ahead += ahead[place:] if place < len(ahead) else []
            if end is not None and self._ahead and self._ahead[-1].time >= end:
                return
            found = next(self._sorted, None)
            if found is None:
                return
            ahead = found

    def _judge(self, events: list[Brief]) -> None:
        if events:
            self._shard.judge(events)
            self._desk.tell(Counted(len(events)))

    def _tell_judged(self) -> None:
        shard = self._shard
        self._desk.tell(Judged(shard.newest, shard.oldest, dict(shard.outcomes)))

    def _tell_tied(self, time: int) -> None:
        first, end = (bisect_left(self._ahead, at, key=_time) for at in (time, time + 1))
        self._desk.tell(Tied([(e.event_id, e.visitor_id) for e in islice(self._ahead, first, end)]))

    def _newest_of_others(self, key: Key) -> int | None:
        self._desk.tell(Unclear(key))
        while True:
            match self._desk.next():
                case Newest(before):
                    self._desk.tell(Found(self._shard.newest_before(before)))
                case Found(time):
                    return time

    def _session(self, visitor: str, sid: str, found: Session | Attempt) -> None:
        self._lines.append(self._answer.line(visitor, sid, found))
        if len(self._lines) >= TOGETHER:
            self._tell_lines()

    def _tell_lines(self) -> None:
        if self._lines:
            self._desk.tell(Sessions(Lines().pack(self._lines)))
            self._lines = []
