"""What each stage costs inside the process, without sockets: fetch and transactions are not in it.

``python -m bench.stages EVENTS`` prints it as JSON: microseconds of CPU an event, by stage.
"""

import gc
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ParamSpec, TypeVar

from aiokafka.partitioner import murmur2

from bench.load import PARTITIONS, TOPIC, everyday
from bench.package import Package
from bench.process import start
from stream.agents.rates import RatesState, RatesTopics
from stream.agents.sessions import SessionsState, SessionsTopics
from stream.configuration import load
from stream.core.closed import ClosedRow
from stream.engine.api import Chunk
from stream.formats.canonical import parse
from stream.simulate.disorder import Arrival

P = ParamSpec("P")
R = TypeVar("R")
CHUNK = 1_000
CHUNKS_A_FLUSH = 5


class _Nobody:
    def opened(self, state: RatesState) -> None:
        """Ignore it."""

    def committed(self, state: RatesState, seq: int, closed: list[ClosedRow], oldest: list[int]) -> None:
        """Ignore it."""

    def released(self, state: RatesState) -> None:
        """Ignore it."""


@dataclass
class Stages:
    """CPU seconds by stage, for so many events."""

    events: int
    seconds: dict[str, float] = field(default_factory=dict)

    def time(self, stage: str, work: Callable[P, R], *arguments: P.args, **named: P.kwargs) -> R:
        """Do the work, and add what it took to the stage."""
        began = time.process_time()
        result = work(*arguments, **named)
        self.seconds[stage] = self.seconds.get(stage, 0.0) + time.process_time() - began
        return result

    def per_event_us(self) -> dict[str, float]:
        """Return microseconds of CPU per event, by stage."""
        return {stage: seconds / self.events * 1e6 for stage, seconds in self.seconds.items()}


def measure(arrivals: list[Arrival]) -> Stages:
    """Run all stages over records of four partitions, as one worker does."""
    stages = Stages(len(arrivals))
    definition = load(preset="ecommerce").definition()
    stages.time("decode (is part of apply, too)", _decode, arrivals)
    parts: list[list[Arrival]] = [[] for _ in range(PARTITIONS)]
    for arrival in arrivals:
        parts[(murmur2(arrival.key) & 0x7FFFFFFF) % PARTITIONS].append(arrival)
    topics = SessionsTopics((TOPIC,), "commands", "deltas", "rejected", "late")
    sessions = [SessionsState(definition, topics, p, PARTITIONS) for p in range(PARTITIONS)]
    rates = RatesState(definition, RatesTopics("rates", "history"), lambda *_: 0, lambda: 1, _Nobody())
    for state in (*sessions, rates):
        state.restored()
    gc.collect()
    gc.freeze()
    read, folded, seq = 0, 0, 0
    while any(read < len(part) for part in parts):
        seq += 1
        deltas: list[bytes | None] = []
        for state, part in zip(sessions, parts, strict=True):
            for first in range(read, read + CHUNK * CHUNKS_A_FLUSH, CHUNK):
                stages.time(
                    "apply: decode, judge, log",
                    state.apply,
                    _chunk(state.partition, first, part[first : first + CHUNK]),
                )
            stages.time("settle and close sessions", state.tick, seq * 150, {})
            flush = stages.time("flush sessions: rows and delta", state.flush, seq)
            deltas += [record.value for record in flush.effects if record.topic == "deltas"]
        read += CHUNK * CHUNKS_A_FLUSH
        offsets = list(range(folded, folded + len(deltas)))
        folded += len(deltas)
        none: list[bytes | None] = [None] * len(deltas)
        found = Chunk("deltas", 0, deltas, none, [0] * len(deltas), offsets, offsets[0], folded)
        stages.time("fold deltas", rates.apply, found)
        stages.time("slide and close windows", rates.tick, seq * 150, {})
        stages.time("flush rates: rows and closed windows", rates.flush, seq)
        rates.committed(seq)
        gc.freeze()
    return stages


def of(package: Package, count: int) -> dict[str, float]:
    """Return what the stages cost in a process of its own that runs the package so."""
    process = start([*package.options, "-m", "bench.stages", str(count)], package.environment)
    try:
        found: dict[str, float] = json.loads(process.line())
    finally:
        process.end()
    return found


def _decode(arrivals: list[Arrival]) -> None:
    for arrival in arrivals:
        parse(arrival.value, arrival.at_ms, 300_000)


def _chunk(partition: int, first: int, arrivals: list[Arrival]) -> Chunk:
    return Chunk(
        TOPIC,
        partition,
        [a.value for a in arrivals],
        [a.key for a in arrivals],
        [a.at_ms for a in arrivals],
        list(range(first, first + len(arrivals))),
        first,
        first + len(arrivals),
    )


if __name__ == "__main__":
    print(json.dumps(measure(list(everyday(int(sys.argv[1])))).per_event_us()))
