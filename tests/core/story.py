"""A site told by the clock of one day: what happens at 13:05, and what is published by then."""

from datetime import UTC, datetime
from typing import Any

import msgspec

from stream.agents.sessions import SessionsState
from stream.core.clock import PartitionClock
from stream.core.definition import Definition
from stream.units import duration_ms
from tests.laws.pipeline import TOPICS, Pipeline
from tests.oracle import Read


def at_ms(clock: str) -> int:
    """Return the time of ``13:05`` or ``13:05:30.500`` on the day of all stories, ms."""
    return round(datetime.fromisoformat(f"2026-01-05T{clock}").replace(tzinfo=UTC).timestamp() * 1000)


class Story:
    """The site. After everything that happens all is flushed, and what changed is published.

    Attributes:
        pipeline: What counts.
    """

    def __init__(self, definition: Definition, partitions: int = 1) -> None:
        self.pipeline = Pipeline(definition, partitions)
        self._told = 0

    def at(self, clock: str, name: str, *, topic: str = TOPICS[0], partition: int = 0, **said: Any) -> str:
        """Let an event be read that arrived as it happened; return what became of it."""
        owned, time = self.pipeline.sessions[partition], at_ms(clock)
        self._told += 1
        event = {"name": name, "time": time, "visitor_id": "v", "event_id": f"e{self._told}"} | said
        offset = owned.position.get(topic, 0)
        before = self.pipeline.outcomes(partition)
        owned.apply(
            topic, partition, offset, [Read(topic, partition, offset, time, msgspec.json.encode(event))]
        )
        self.flush(partition)
        after = self.pipeline.outcomes(partition)
        return next(outcome for outcome, n in after.items() if n > before.get(outcome, 0))

    def quiet(self, span: str, *topics: str, partition: int = 0) -> None:
        """Let time pass while inputs (all, if none is named) are read to their ends."""
        for passing in (0, duration_ms(span)):
            self.pipeline.now_ms += passing
            self.flush(partition, topics or TOPICS)

    def flush(self, partition: int, at_end: tuple[str, ...] = ()) -> None:
        """Flush the partition and the rates, late enough after the time before that all changes are out."""
        self.pipeline.flush(partition, at_end)
        self.pipeline.now_ms += 2_000 if not at_end else 0
        self.pipeline.flush_rates()

    def crash(self, partition: int = 0) -> None:
        """Let the partition move to another worker, that reads back its state."""
        self.pipeline.sessions[partition].crash()

    def row(self, measure: str, clock: str, size: str = "1m", segment: str = "all") -> dict[str, Any] | None:
        """Return the newest published row of a window, by where it begins; ``None``: there was none yet."""
        return self.pipeline.rows.get((measure, segment, size, at_ms(clock)))

    def visitors(self, partition: int = 0) -> int:
        """Return how many visitors are remembered."""
        return len(self._state(partition).core.visitors)

    def watermark(self, partition: int = 0) -> int | None:
        """Return the partition's watermark, ms."""
        return self.clock(partition).watermark

    def clock(self, partition: int = 0) -> PartitionClock:
        """Return the partition's clock."""
        return self._state(partition).core.clock

    def _state(self, partition: int = 0) -> SessionsState:
        """Return the state of the sessions of the partition."""
        state = self.pipeline.sessions[partition].state
        assert isinstance(state, SessionsState)
        return state
