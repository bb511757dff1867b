"""The topologies that a worker serves: sessions and rates; before them repartition, where it is needed."""

from collections.abc import Callable
from functools import lru_cache

from stream.agents.forwarded import ForwardedSessionsState
from stream.agents.keys import KeyCheck
from stream.agents.rates import RatesState
from stream.agents.repartition import RepartitionState
from stream.agents.sessions import SessionsState, SessionsTopics
from stream.core.definition import Definition
from stream.engine.api import PartitionState, Topology
from stream.engine.builder import Engine
from stream.engine.partitioner import partition_of
from stream.sinks.prometheus import InputSample
from stream.wiring import REPARTITION, Topics

REPARTITION_FLUSH_MS = 100
SESSIONS_FLUSH_MS = 150
RATES_FLUSH_MS = 100

REPARTITION_FLUSH_BYTES = 4 * 1024 * 1024
"""What is forwarded waits in memory, and without transactions it must fit one record batch."""

HOMES_REMEMBERED = 1 << 16
"""So many visitors' partitions are remembered: Kafka's partitioner takes 5 us in Python."""


def topologies(
    topics: Topics,
    definition: Definition,
    partitions: Callable[[str], int],
    worker: str,
    rates: Callable[[int], RatesState],
) -> list[Topology]:
    """Return the topologies, in the order in which records flow.

    Args:
        topics: Names of the topics, and whether events are repartitioned.
        definition: What is counted.
        partitions: Tells how many partitions a topic has; asked when a state is made.
        worker: Name of the worker.
        rates: Makes the state of the rates.
    """
    names = SessionsTopics(topics.events, topics.commands, topics.deltas, topics.rejected, topics.late)
    keys = KeyCheck(partition_of)

    def keyed(partition: int) -> PartitionState:
        count = partitions(topics.events[0])
        return SessionsState(definition, names, partition, count, worker, keys)

    def forwarded(partition: int) -> PartitionState:
        sources = [(topic, number) for topic in topics.events for number in range(partitions(topic))]
        count = partitions(topics.by_visitor)
        return ForwardedSessionsState(definition, names, partition, count, sources, worker)

    return [
        *(_repartition(topic, topics.by_visitor, definition, partitions) for topic in topics.repartitioned),
        Topology(
            "sessions",
            (topics.by_visitor, topics.commands)
            if topics.repartitioned
            else (*topics.events, topics.commands),
            forwarded if topics.repartitioned else keyed,
            SESSIONS_FLUSH_MS,
            outputs=(topics.rejected, topics.late),
        ),
        Topology("rates", (topics.deltas,), rates, RATES_FLUSH_MS),
    ]


def _repartition(
    topic: str, target: str, definition: Definition, partitions: Callable[[str], int]
) -> Topology:
    """Return the topology that repartitions one topic: each topic has its own number of partitions."""

    @lru_cache(HOMES_REMEMBERED)
    def home_of(visitor: bytes) -> int:
        return partition_of(visitor, partitions(target))

    def state(partition: int) -> PartitionState:
        homes = partitions(target)
        return RepartitionState(definition.times, topic, partition, target, homes, home_of)

    return Topology(
        f"{REPARTITION}-{topic}",
        (topic,),
        state,
        REPARTITION_FLUSH_MS,
        flush_bytes=REPARTITION_FLUSH_BYTES,
    )


def input_samples(engine: Engine, topics: Topics) -> list[InputSample]:
    """Return what is known of the input partitions of this worker.

    Behind a repartition outcomes are by topic as it was read, and by partition of the visitors: there records
    are judged. Watermarks and lags are of every partition that is read.
    """
    lags = {(found.topic, found.partition): found.lag for found in engine.inputs()}
    samples = []
    for number, state in engine.states("sessions").items():
        if not isinstance(state, SessionsState):
            continue
        for topic, counts in state.counts.items():
            own = state.core.clock.inputs.get(topic)
            mark = own.watermark if own is not None else None
            lag = lags.get((topic, number)) if own is not None else None
            samples.append(InputSample(topic, number, counts.outcomes, counts.rejected, mark, lag))
        if topics.repartitioned:
            lag = lags.get((topics.by_visitor, number))
            samples.append(
                InputSample(topics.by_visitor, number, None, None, state.core.clock.watermark, lag)
            )
    for topic in topics.repartitioned:
        for number, source in engine.states(f"{REPARTITION}-{topic}").items():
            if isinstance(source, RepartitionState):
                mark = source.clock.inputs[topic].watermark
                samples.append(InputSample(topic, number, None, None, mark, lags.get((topic, number))))
    return samples
