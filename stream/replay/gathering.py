"""Has files read by the processes of a replay, and puts what they tell of that in the order of the files."""

from collections import Counter
from collections.abc import Callable
from itertools import chain

from stream.core.event import Reason
from stream.replay.crew import Crew
from stream.replay.files import InputError, name_of
from stream.replay.intake import EXAMPLES, Example
from stream.replay.messages import Done, Part
from stream.replay.parts import parts

AHEAD = 2
"""Parts that a process is asked for at a time: so it has one to read while it is given the next."""


class Gathering:
    """Puts together what was read; fields are those of `stream.replay.intake.Intake`.

    Attributes:
        reasons: How many records were rejected, by reason.
        examples: The first of them.
        is_broken: Whether a file was found that cannot be read to its end.
    """

    def __init__(self, told: Callable[[int], None]) -> None:
        """Begin; ``told`` is told how many more bytes were read."""
        self.reasons: Counter[Reason] = Counter()
        self.examples: list[Example] = []
        self.is_broken = False
        self._told = told
        self._expected: dict[int, tuple[str, int]] = {}
        """File and number of the first line, if known, of parts whose turn has not come."""
        self._done: dict[int, Done] = {}
        self._count = 0
        self._next = 0
        self._lines = 0

    def expect(self, part: Part) -> int:
        """Return the number of a part that is given to be read."""
        number, self._count = self._count, self._count + 1
        begins = part.data is None and part.begin == 0 and part.group <= 0
        self._expected[number] = part.file, part.first or -begins
        return number

    def take(self, done: Done) -> None:
        """Take what came of a part.

        Raises:
            InputError: A file is broken: of several the first, as all before it were read.
        """
        self._told(done.size)
        self._done[done.number] = done
        while self._next in self._done:
            self._add(self._done.pop(self._next), *self._expected.pop(self._next))
            self._next += 1

    def _add(self, done: Done, file: str, first: int) -> None:
        if done.broken:
            self.is_broken = True
            raise InputError(file, done.broken, done.code)
        if first < 0:
            self._lines = 0
        before = 0 if first > 0 else self._lines
        self.reasons.update(done.reasons)
        for line, reason, detail in done.examples:
            if len(self.examples) < EXAMPLES:
                self.examples.append(Example(name_of(file), before + line, reason, detail))
        self._lines += done.lines


def read_all(crew: Crew, files: list[str], told: Callable[[int], None]) -> Gathering:
    """Have all parts of all files read, by whoever has least to do; return what was read.

    Args:
        crew: The processes.
        files: Paths; ``-`` is standard input.
        told: Is told how many more bytes were read.

    Raises:
        InputError: A file cannot be taken: of several the first.
        LostError: A process has ended.
    """
    gathering, busy = Gathering(told), dict.fromkeys(range(len(crew)), 0)

    def hear() -> None:
        number, done = crew.hear([number for number in busy if busy[number]])
        assert isinstance(done, Done)
        busy[number] -= 1
        gathering.take(done)

    broken: InputError | None = None
    try:
        for part in chain.from_iterable(parts(file, told) for file in files):
            part.number = gathering.expect(part)
            while min(busy.values()) >= AHEAD:
                hear()
            idle = min(busy, key=busy.__getitem__)
            busy[idle] += 1
            crew.ask(idle, part)
    except InputError as error:
        if gathering.is_broken:
            raise
        broken = error  # a file before it may be broken, too
    while any(busy.values()):
        hear()
    if broken is not None:
        raise broken
    return gathering
