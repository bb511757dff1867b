"""A delta: what one flush of a sessions partition tells the owner of the rates."""

from typing import Final, Literal

import msgspec

Hit = tuple[int, int, int, int]
"""Start of the pane (ms), number of the labels, number of the code, and how often (negative: withdrawn)."""


Sighting = tuple[int, int, int, int]
"""Number of the labels, number of the code, how often, and the labels under which it was seen before."""

NOBODY: Final = -1
"""Instead of labels: counters have not seen it."""


Kind = Literal[
    "enter", "convert", "act", "leave", "sum", "bin", "revenue", "goal", "delay", "stay", "left", "went_on"
]


class Code(msgspec.Struct, frozen=True, array_like=True):
    """What a hit says, by names, so that it can be read without the state that wrote it.

    ``name`` is a group for ``enter`` and ``leave``, a measure for ``convert`` and ``act``; ``left`` lists the
    measures that a leaving session had not reached. What a session has been when it closes is told as a
    ``sum`` (such as the ms that it lasted, as many times as there are) or as one more value in a ``bin`` of a
    histogram: :mod:`stream.core.ending`. ``revenue`` is what it brought by a measure: ``number`` tells in
    which currency (:mod:`stream.core.revenue`). What led to the macro step of the funnel ``name`` is told as
    a ``goal``, one more in the tally of that ``number``: :mod:`stream.core.conversion`. How long after its
    base the measure ``name`` was reached is told as a ``delay`` in the bin of that ``number``:
    :mod:`stream.core.delay`. ``stay`` is about the page ``name``; ``left`` and ``went_on`` are about the
    measure ``name``, and the page that ``left`` lists: :mod:`stream.core.leaving`.
    """

    kind: Kind
    name: str
    left: tuple[str, ...] = ()
    number: int = 0


class Delta(msgspec.Struct, array_like=True, gc=False):
    """The changes since the partition's flush before, and its state of time.

    Attributes:
        fingerprint: Of the definition by which it was counted.
        worker: Who counted it, to tell how many share the work.
        partition: Which partition it is of.
        partitions: How many there are: the global watermark waits for all.
        seq: Number of the flush; each is folded in once.
        watermark: The partition's watermark, ms; ``None`` while it never had an event.
        oldest: Arrival of the oldest record of this flush, ms; ``None``: it had none.
        outcomes: Records by outcome since ever, in the order of ``OUTCOMES``.
        labels: Combinations of labels that hits refer to.
        codes: Codes that hits refer to.
        hits: Contributions of events in order: they move counters too.
        corrections: Contributions withdrawn and made anew: they move cells only.
        sightings: First sightings among the corrections: they move counters only.
    """

    fingerprint: str
    worker: str
    partition: int
    partitions: int
    seq: int
    watermark: int | None
    oldest: int | None
    outcomes: tuple[int, ...]
    labels: list[tuple[str, ...]]
    codes: list[Code]
    hits: list[Hit]
    corrections: list[Hit]
    sightings: list[Sighting]


class Mark(msgspec.Struct, array_like=True):
    """The state of a sessions partition, as of the last delta folded in."""

    seq: int
    watermark: int | None
    outcomes: tuple[int, ...]
    worker: str
