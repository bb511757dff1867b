"""Brings records through the pipeline in drawn steps of work, with idle times and crashes."""

from collections.abc import Iterable, Sequence

import msgspec

from stream.agents.sessions import SessionsState
from stream.core.delta import Delta
from tests.laws.defined import CROWDED, MINUTE
from tests.laws.drawing import Work
from tests.laws.maturing import Mature, mature
from tests.laws.pipeline import TOPICS, Pipeline
from tests.laws.sessions import Shown, sliding
from tests.oracle import Read

_decode = msgspec.msgpack.Decoder(Delta).decode

PARTITIONS = 2

TROUBLES = (
    "a crash that loses what was read",
    "a crash amid an attempt across sessions",
    "a crash of the rates",
    "idle before more comes",
    "a closed session that is opened again",
)
"""What may happen to a worker."""


class Worker:
    """A pipeline at work.

    Attributes:
        pipeline: The pipeline.
        in_order: The records as partitions have taken them for good.
        met: Which troubles happened on the way.
        shown: Sliding windows as they were when all was read, and on the way until all had closed.
        mature: Mature windows as they were then.
    """

    def __init__(self, reads: Sequence[Read]) -> None:
        self.pipeline = Pipeline(CROWDED, PARTITIONS)
        self.in_order: list[Read] = []
        self.met: set[str] = set()
        self.shown: list[Shown] = []
        self.mature: list[Mature] = []
        self._inputs = {
            (topic, partition): [r for r in reads if (r.topic, r.partition) == (topic, partition)]
            for topic in TOPICS
            for partition in range(PARTITIONS)
        }
        self._taken: dict[int, list[Read]] = {partition: [] for partition in range(PARTITIONS)}

    def run(self, steps: Iterable[Work]) -> None:
        """Do the steps, read what is left, and let everything close."""
        for step in steps:
            self._do(step)
        for topic, partition in self._inputs:
            self._read(topic, partition, len(self._inputs[topic, partition]))
        self.in_order += [read for taken in self._taken.values() for read in taken]
        for minutes in (0, 3, 4 * 60, 2 * 24 * 60):
            self.pipeline.let_time_pass(minutes * MINUTE)
            self.shown += sliding(self.pipeline)
            self.mature += mature(self.pipeline)

    def _do(self, step: Work) -> None:
        pipeline, partition = self.pipeline, step.partition
        if step.kind == "read":
            self._read(TOPICS[step.topic], partition, step.amount)
        elif step.kind == "flush":
            self._flush(partition)
        elif step.kind == "idle":
            at_end = self._ended(
                partition, TOPICS if step.topic == 2 else TOPICS[step.topic : step.topic + 1]
            )
            self._flush(partition, at_end)
            pipeline.now_ms += step.amount * MINUTE
            self._flush(partition, at_end)
        elif step.kind == "crash":
            self._meet("a crash that loses what was read", bool(self._taken[partition]))
            pipeline.sessions[partition].crash()
            self._taken[partition] = []
            self._meet("a crash amid an attempt across sessions", self._is_amid_an_attempt(partition))
        elif step.kind == "flush rates":
            pipeline.flush_rates()
        else:
            self._meet("a crash of the rates", bool(pipeline.rates.log))
            pipeline.rates.crash()

    def _read(self, topic: str, partition: int, most: int) -> None:
        owned = self.pipeline.sessions[partition]
        first = owned.position.get(topic, 0)
        chunk = self._inputs[topic, partition][first : first + most]
        if chunk:
            owned.apply(topic, partition, first, chunk)
            self._taken[partition] += chunk

    def _flush(self, partition: int, at_end: Sequence[str] = ()) -> None:
        self.pipeline.flush(partition, at_end)
        self.in_order += self._taken[partition]
        self._taken[partition] = []
        told = _decode(self.pipeline.deltas[-1] or b"")
        left = sum(n for *_, code, n in told.corrections if told.codes[code].kind == "leave")
        self._meet("a closed session that is opened again", left < 0)

    def _ended(self, partition: int, topics: Sequence[str]) -> list[str]:
        """Return which of the topics may be idle: more may come, but not the very first event of a topic.

        Before that its partition keeps no state for it, once it was read to its end (decision 8).
        """
        owned = self.pipeline.sessions[partition]
        assert isinstance(owned.state, SessionsState)
        clocks = owned.state.core.clock.inputs
        over = {t for t in topics if owned.position.get(t, 0) == len(self._inputs[t, partition])}
        self._meet(
            "idle before more comes", any(t not in over and clocks[t].newest is not None for t in topics)
        )
        return [t for t in topics if t in over or clocks[t].newest is not None]

    def _is_amid_an_attempt(self, partition: int) -> bool:
        """Return whether an attempt that was read back can still go on."""
        state = self.pipeline.sessions[partition].state
        assert isinstance(state, SessionsState)
        core = state.core
        assert core.journeys is not None
        visitors = [core.visitors.look(name) for name in core.visitors.names()]
        journeys = [visitor.journey for visitor in visitors if visitor is not None and visitor.journey]
        return any(not core.journeys.is_closed(a) for journey in journeys for a in journey.attempts)

    def _meet(self, what: str, holds: bool) -> None:
        if holds:
            self.met.add(what)
