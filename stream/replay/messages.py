"""What the processes of a replay say to each other. Times are ms; places are of the one order of events."""

from typing import Final

import msgspec

from stream.core.delta import Delta
from stream.core.event import Outcome, Reason
from stream.core.labels import Labels
from stream.core.partition import Reading
from stream.replay.sorter import Place

Key = tuple[int, str, str]
"""Where an event is in the one order: time, id, visitor."""

Said = tuple[Labels, bool]
"""What a combination of labels says, without bounds, and whether of a returning visitor."""

Turn = tuple[int, int, str, str]
"""When sessions of a visitor were settled: 0 while events are judged, 1 at the end of a step, 2 after it; and
the event whose turn it was: that which is judged, or the visitor's first of the step."""


class Message(msgspec.Struct, array_like=True, tag=True, gc=False):
    """One message."""


class Part(Message):
    """Asks for a part of a file to be read.

    Attributes:
        number: Of the part.
        file: The file's path, or ``-``.
        first: Number of its first line, if that is known; else 0.
        data: Lines, if they were read already.
        begin: Offset in bytes of a range: the lines that begin in it.
        end: Where it ends; -1: with the file.
        group: Number of a group of rows of a Parquet file; -1: it is none.
    """

    number: int
    file: str
    first: int = 0
    data: bytes | None = None
    begin: int = 0
    end: int = -1
    group: int = -1


class Done(Message):
    """A part was read.

    Attributes:
        number: Of the part.
        lines: How many lines it had.
        reasons: How many of them were rejected, in the order in which reasons turned up.
        examples: The first of them: line (as if the part's first were 1, unless it is known), reason, detail.
        size: How many bytes of the file were read.
        broken: What is the matter with the file, and the exit code; empty: nothing.
    """

    number: int
    lines: int
    reasons: dict[Reason, int]
    examples: list[tuple[int, Reason, str]]
    size: int = 0
    broken: str = ""
    code: int = 0


class Share(Message):
    """Asks for, or gives, what was read for others.

    Attributes:
        minutes: How many events of each minute were read.
        readings: What numbers in events stand for.
        places: For each process, where its events are in the file of the one that read them.
        counts: For each process, how many these are, and how many bytes of memory they use.
    """

    minutes: dict[int, int] = {}
    readings: list[Reading] = []
    places: list[list[Place]] = []
    counts: list[tuple[int, int]] = []


class Adopt(Message):
    """Gives what another process read.

    Attributes:
        process: Number of that process.
        count: How many events.
        size: About how many bytes of memory they use.
        readings: What numbers in them stand for.
        places: Where they are in its file.
    """

    process: int
    count: int
    size: int
    readings: list[Reading]
    places: list[Place]


class Until(Message):
    """Asks to judge all events before a time (``None``: all), and to have the minute after it ready."""

    time: int | None


class Reached(Message):
    """Asks for, or gives, the times of the events of that minute that were not judged, as 64-bit integers."""

    times: bytes = b""


class At(Message):
    """Asks which events have a time; one of the minute that was told of."""

    time: int


class Tied(Message):
    """Gives ids and visitors of these, in order."""

    keys: list[tuple[str, str]]


class Take(Message):
    """Asks to judge so many of the events of the minute."""

    count: int


class Unclear(Message):
    """Asks for the greatest time of an event that was counted before a place, in whatever process."""

    key: Key


class Newest(Message):
    """Asks for the greatest time of an event that was counted in this step before a place."""

    key: Key


class Found(Message):
    """Gives it; ``None``: there was none."""

    time: int | None


class Judged(Message):
    """All that was asked for was judged.

    Attributes:
        newest: Greatest time of a counted event so far.
        oldest: Least time of one.
        outcomes: What became of all events so far.
    """

    newest: int | None
    oldest: int | None
    outcomes: dict[Outcome, int]


class Settle(Message):
    """Asks to let time pass: to the end of all sessions, or to the greatest time of an event of all."""

    newest: int | None
    at_end: bool = False


class Novel(Message):
    """Which combinations of labels a step brought, and when they turned up, as on one core.

    Attributes:
        said: The combinations, each with its turn, in order.
        hits: Of those that are in hits, turn and number in `said`, once each, in order.
        corrections: Of the others, turn, number, key of the sum, and the sum, in order.
        sightings: Turn and number of those that are in sightings, once each, in order.
    """

    said: list[tuple[Turn, Said]] = []
    hits: list[tuple[Turn, int]] = []
    corrections: list[tuple[Turn, int, bytes, int]] = []
    sightings: list[tuple[Turn, int]] = []


class Settled(Message):
    """Gives what sessions have contributed.

    Attributes:
        delta: That, without labels.
        said: What the combinations that it refers to say.
        novel: Those that are new.
        until: The time before which nothing can change any more.
    """

    delta: Delta
    said: list[Said]
    novel: Novel
    until: int


class Counted(Message):
    """So many more events were judged."""

    count: int


class Sessions(Message):
    """Gives lines of sessions and of attempts across sessions, packed."""

    packed: bytes


class Failed(Message):
    """It could not go on, since something of the system's failed."""

    what: str


Asked = Part | Share | Adopt | Until | Reached | At | Take | Newest | Found | Settle
Told = Done | Share | Reached | Tied | Unclear | Found | Judged | Settled | Counted | Sessions | Failed

encode: Final = msgspec.msgpack.Encoder().encode
decode_asked: Final = msgspec.msgpack.Decoder(Asked).decode
decode_told: Final = msgspec.msgpack.Decoder(Told).decode
