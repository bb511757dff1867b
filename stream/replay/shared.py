"""A replay by several processes: who reads what, in steps that are those of one core, and the sum of it all.

Each process reads parts of the files, hands on what is of others' visitors, and counts its own. Here, in the
process that began, parts are handed out and results put together; no event passes through it but those that
only one process can read.
"""

from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from typing import BinaryIO, TypeVar, cast

from stream.core.bucket import MINUTE, Slot
from stream.core.definition import Definition
from stream.core.event import Outcome
from stream.core.labels import LabelReader
from stream.core.rates import Rates
from stream.replay.answers import Answer
from stream.replay.counting import by_minutes
from stream.replay.crew import Crew
from stream.replay.gathering import Gathering, read_all
from stream.replay.line import Desk
from stream.replay.member import Member
from stream.replay.messages import (
    Adopt,
    Asked,
    At,
    Counted,
    Found,
    Judged,
    Key,
    Message,
    Newest,
    Reached,
    Sessions,
    Settle,
    Settled,
    Share,
    Take,
    Tied,
    Told,
    Unclear,
    Until,
)
from stream.replay.novel import numbered, referred
from stream.replay.progress import Steps
from stream.replay.sorter import temporary
from stream.replay.visits import Lines
from stream.replay.windows import EVER, Windows

_Kind = TypeVar("_Kind", bound=Message)


class Shared:
    """A replay by several processes.

    Attributes:
        outcomes: What became of the events.
        oldest: Least time of a counted event, ms; ``None``: there was none.
        newest: Greatest time of one.
        rates: All counts that can still change.
        whole: The cells and tallies of all sessions whose hour has been handed out.
    """

    def __init__(
        self, definition: Definition, answer: Answer, cores: int, steps: Steps, memory: int, step: int
    ) -> None:
        """Begin; arguments are those of `stream.replay.run.replay`."""
        definition = by_minutes(definition)
        self.outcomes: Counter[Outcome] = Counter()
        self.oldest: int | None = None
        self.newest: int | None = None
        on_slots = answer.slots if answer.wants_slots else None
        on_counted = answer.counted if answer.wants_counted else None
        self._windows = Windows(definition, answer.window, answer.widths, on_slots, on_counted)
        self.rates: Rates = self._windows.rates
        self.whole: Slot = self._windows.whole
        self._labels = LabelReader(definition.dimensions)
        self._definition = definition
        self._answer = answer
        self._steps = steps
        self._memory = memory
        self._step = step
        self._cores = cores
        self._all = list(range(cores))
        self._total = 0
        self._settled: list[Settled] = []
        self._now: int | None = None
        """As `newest`, with what was judged since the last step."""

    def run(self, files: list[str]) -> Gathering:
        """Count the events of files; return what was read.

        Raises:
            InputError: A file cannot be taken.
            LostError: A process has ended that should not have.
            OSError: A temporary file cannot be written, or the answer cannot.
        """
        with ExitStack() as stack:
            spare = [stack.enter_context(cast(BinaryIO, temporary())) for _ in self._all]

            def work(desk: Desk) -> None:
                Member(desk, self._definition, spare, self._memory // self._cores, self._answer).work()

            self._crew = stack.enter_context(Crew(self._cores, work, [file.fileno() for file in spare]))
            gathering = read_all(self._crew, files, self._steps.read)
            self._count(self._share())
        return gathering

    def _share(self) -> Counter[int]:
        """Have what was read handed over; return how many events of each minute there are."""
        self._steps.sorting()
        shares = self._ask_all(Share(), Share)
        minutes: Counter[int] = Counter()
        for process, share in enumerate(shares):
            minutes.update(share.minutes)
            for number in self._all:
                count, size = share.counts[number]
                if count:
                    known = share.readings
                    self._crew.ask(number, Adopt(process, count, size, known, share.places[number]))
        self._total = minutes.total()
        return minutes

    def _count(self, minutes: Counter[int]) -> None:
        taken_minute, taken = -1, 0
        for minute, rank in _boundaries(minutes, self._step):
            if minute != taken_minute:
                taken_minute, taken = minute, 0
            self._judge(Until(minute * MINUTE))
            self._judge_some(rank - taken)
            taken = rank
            self._settle(at_end=False)
        self._judge(Until(None))
        self._settle(at_end=False)
        self._settle(at_end=True)

    def _judge_some(self, count: int) -> None:
        """Have so many of the events of the minute judged that all have reached, in the one order."""
        times = [array("q", reached.times) for reached in self._ask_all(Reached(), Reached)]
        time = sorted(time for some in times for time in some)[count - 1]
        before = [bisect_left(some, time) for some in times]
        tied = self._ask_all(At(time), Tied)
        order = sorted((key, number) for number in self._all for key in tied[number].keys)
        for _, number in order[: count - sum(before)]:
            before[number] += 1
        self._judge(*map(Take, before))

    def _judge(self, *asked: Asked) -> None:
        """Have events judged; where it matters, tell a process what others have counted before."""
        for number in self._all:
            self._crew.ask(number, asked[number if len(asked) > 1 else 0])
        self._catch_up()
        waiting: dict[int, Key] = {}
        open_, judged = set(self._all), list[Judged]()
        while open_ or waiting:
            if not open_:
                first = min(waiting, key=lambda number: waiting[number])
                key = waiting.pop(first)
                found = [self._newest_before(number, key) for number in self._all if number != first]
                known = [time for time in (*found, self.newest) if time is not None]
                self._crew.ask(first, Found(max(known, default=None)))
                open_.add(first)
            number, told = self._hear(list(open_))
            open_.remove(number)
            if isinstance(told, Unclear):
                waiting[number] = told.key
            else:
                assert isinstance(told, Judged)
                judged.append(told)
        self.outcomes = sum((Counter(told.outcomes) for told in judged), Counter())
        self._now = max((told.newest for told in judged if told.newest is not None), default=None)
        self.oldest = min((told.oldest for told in judged if told.oldest is not None), default=None)

    def _newest_before(self, number: int, key: Key) -> int | None:
        self._crew.ask(number, Newest(key))
        told = self._hear([number])[1]
        assert isinstance(told, Found)
        return told.time

    def _settle(self, *, at_end: bool) -> None:
        """Have time pass to the end of a step, or of all sessions."""
        self.newest = self._now
        settled = self._ask_all(Settle(self.newest, at_end), Settled)
        if not at_end:
            self._settled = settled
            return
        self._catch_up()
        self._put_together(settled, at_end=True)

    def _catch_up(self) -> None:
        """Put together what came of the last step, while the processes do what they were asked for since."""
        settled, self._settled = self._settled, []
        if settled:
            self._put_together(settled, at_end=False)

    def _put_together(self, settled: list[Settled], *, at_end: bool) -> None:
        """Fold in what has changed, admit what is new as one core would, hand out what is final."""
        novels = [told.novel for told in settled]
        for said in numbered(novels):
            self._bounded(said)
        for said in referred(novels):
            self.rates.segments.of(self._bounded(said))
        deltas = []
        for told in settled:
            told.delta.labels = [self._bounded(said) for said in told.said]
            deltas.append(told.delta)
        self._windows.fold(deltas)
        self._labels.forget()
        self._windows.hand_out(EVER if at_end else min(told.until for told in settled))

    def _bounded(self, said: tuple[tuple[str, ...], bool]) -> tuple[str, ...]:
        labels, returning = said
        return self._labels.combinations[self._labels.number(labels, returning)]

    def _ask_all(self, asked: Asked, kind: type[_Kind]) -> list[_Kind]:
        """Ask all processes for something; return what each tells."""
        for number in self._all:
            self._crew.ask(number, asked)
        self._catch_up()
        found: dict[int, _Kind] = {}
        while len(found) < self._cores:
            number, told = self._hear([number for number in self._all if number not in found])
            assert isinstance(told, kind)
            found[number] = told
        return [found[number] for number in self._all]

    def _hear(self, numbers: list[int]) -> tuple[int, Told]:
        """Return what is told next, besides what is told on the way."""
        while True:
            number, told = self._crew.hear(numbers)
            if isinstance(told, Counted):
                self._steps.counted(told.count, self._total)
            elif isinstance(told, Sessions):
                self._answer.lines(Lines().unpack(told.packed))
            else:
                return number, told


def _boundaries(minutes: Counter[int], step: int) -> Iterator[tuple[int, int]]:
    """Yield in which minute each step ends, and with which of its events, counted from 1."""
    total, wanted = 0, step
    for minute in sorted(minutes):
        while wanted <= total + minutes[minute]:
            yield minute, wanted - total
            wanted += step
        total += minutes[minute]
