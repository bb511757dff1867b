"""What a ledger hands out at a flush."""

from stream.core.delta import Code, Hit, Sighting


class Taken:
    """What a ledger's ``take`` returns; fields as in :class:`stream.core.delta.Delta`.

    ``said`` is what was said in each of ``labels``, and whether by a returning visitor.
    """

    __slots__ = ("codes", "corrections", "hits", "labels", "said", "sightings")

    def __init__(self, hits: list[Hit], corrections: list[Hit], sightings: list[Sighting]) -> None:
        self.hits = hits
        self.corrections = corrections
        self.sightings = sightings
        self.labels: list[tuple[str, ...]] = []
        self.said: list[tuple[tuple[str, ...], bool]] = []
        self.codes: list[Code] = []
