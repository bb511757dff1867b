"""A drop as a rule for events: whom it strikes, and which steps go with the one that is dropped."""

import random

from stream.core.definition import Definition
from stream.core.labels import LabelReader, Labels, unsaid
from stream.core.plan import JourneyPlan
from stream.core.plans import Plans
from stream.core.segment import ALL, cross_value
from stream.simulate.drop import Drop


class Rule:
    """A drop, ready to be applied.

    Args:
        drop: What is to be dropped.
        definition: What is measured.
        plans: The same, compiled.
        reader: Reads its labels.
        seed: Decides whom it strikes: of a larger share all those of a smaller one, and more.

    Attributes:
        drop: What is to be dropped.
        measure: Number of the measure.
        later: Bits of the steps that come after it in its funnel.
        journey: Its funnel, if that runs across sessions; ``None``: the measure is one of sessions.
        struck: How many sessions, or attempts across sessions, it struck so far.
    """

    def __init__(
        self, drop: Drop, definition: Definition, plans: Plans, reader: LabelReader, seed: int
    ) -> None:
        self.drop = drop
        self.measure = plans.measures.index(drop.measure)
        self.later = 0
        self.journey: JourneyPlan | None = None
        self.struck = 0
        for group in plans.groups:
            steps = group.itself, *group.members
            if group.base == group.itself and self.measure in steps:
                self.later = sum(1 << step for step in steps if step > self.measure)
                across = (plan for plan in plans.journeys.values() if plan.last == steps[-1])
                self.journey = next(across, None)
        self._segment = _Segment(drop.segment, definition, reader)
        self._seed = seed

    @property
    def whom(self) -> str:
        """Whom it strikes, in a word."""
        return "sessions" if self.journey is None else "attempts"

    def strikes(self, name: str, labels: Labels, returning: bool) -> bool:
        """Return whether a session or an attempt is struck, if it is in time.

        Args:
            name: Tells it from all others: nothing else decides its chance.
            labels: What it said so far in the plain dimensions.
            returning: Whether its visitor was here before.
        """
        if not self._segment.holds(labels, returning):
            return False
        chance = random.Random(f"drop {self._seed} {self.drop.measure}@{self.drop.segment} {name}")
        return chance.random() < self.drop.share


class _Segment:
    """Tells whether a session is in a segment."""

    def __init__(self, segment: str, definition: Definition, reader: LabelReader) -> None:
        name, _, self._value = segment.partition("=")
        dimension = next((d for d in definition.dimensions if d.name == name), None)
        plain = [d.name for d in reader.plain]
        names = () if segment == ALL or dimension is None else dimension.cross or (name,)
        self._places = [plain.index(part) for part in names]
        self._crosses = dimension is not None and bool(dimension.cross)
        self._fields = [d.field for d in reader.plain]

    def holds(self, labels: Labels, returning: bool) -> bool:
        parts = tuple(labels[place] or unsaid(self._fields[place], returning) for place in self._places)
        found = cross_value(parts) if self._crosses else "".join(parts)
        return all(parts) and found == self._value
