"""Topics before the start: wait for the brokers, make what is missing, refuse what does not fit together."""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import (
    InvalidReplicationFactorError,
    KafkaError,
    KafkaTimeoutError,
    TopicAlreadyExistsError,
    for_code,
)

from stream.engine.connection import Connection
from stream.engine.fatal import EngineError, describe

logger = logging.getLogger(__name__)

CHANGELOG_CONFIG: Mapping[str, str] = {
    "cleanup.policy": "compact",
    "max.message.bytes": str(16 * 1024 * 1024),
    "segment.bytes": str(64 * 1024 * 1024),
    "segment.ms": "600000",
    "max.compaction.lag.ms": "600000",
    "min.cleanable.dirty.ratio": "0.1",
    "compression.type": "producer",
}
"""A changelog keeps the newest row of each key and little else, so that recovery has little to read."""

FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 30.0
PASSING = (KafkaTimeoutError, InvalidReplicationFactorError)
"""Errors that go away although Kafka does not call them retriable: of a slow or starting broker."""

TOPICS_APPEAR_WITHIN_S = 30.0


class TopicsRefusedError(EngineError):
    """The topics cannot be used as they are; the text names them and what is wanted."""


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """A topic to make where it is missing. One that exists is used as it is.

    Attributes:
        name: The topic.
        partitions: How many; ``None`` for as many as the co-partitioned topics of its group have, else the
            default.
        config: Topic configuration, Kafka's names.
        replicas: Replication factor; ``-1`` for the broker's default.
    """

    name: str
    partitions: int | None = None
    config: Mapping[str, str] = field(default_factory=dict)
    replicas: int = -1


@dataclass(frozen=True, slots=True)
class TopicPlan:
    """All topics of an engine.

    Attributes:
        groups: Topics that must have equal partition counts, by the topology that wants it: inputs, outputs
            and changelog.
        specs: What missing topics are made like, by name; those not named get the defaults.
        changelogs: Which of them are changelogs.
        default_partitions: For groups of which no topic exists and no spec says a number.
    """

    groups: Mapping[str, tuple[str, ...]]
    specs: Mapping[str, TopicSpec]
    changelogs: frozenset[str]
    default_partitions: int = 1

    def names(self) -> set[str]:
        """Return all topics."""
        return {*self.specs, *(topic for group in self.groups.values() for topic in group)}

    def missing(self, existing: Mapping[str, int]) -> list[NewTopic]:
        """Return what is to be made, given what exists with how many partitions.

        Raises:
            TopicsRefusedError: Existing topics of a group differ.
        """
        wanted: dict[str, int] = {}
        for group, topics in self.groups.items():
            count = self._count(group, topics, {**existing, **wanted})
            wanted.update(dict.fromkeys(topics, count))
        new = []
        for name in sorted(self.names() - set(existing)):
            spec = self.specs.get(name, TopicSpec(name))
            config = {**(CHANGELOG_CONFIG if name in self.changelogs else {}), **spec.config}
            count = wanted.get(name) or spec.partitions or self.default_partitions
            topic = NewTopic(name, count, 1, topic_configs=config)
            topic.replication_factor = spec.replicas  # its constructor refuses -1, the broker's default
            new.append(topic)
        return new

    def _count(self, group: str, topics: Iterable[str], existing: Mapping[str, int]) -> int:
        counts = {topic: existing[topic] for topic in topics if topic in existing}
        if len(set(counts.values())) > 1:
            listed = ", ".join(f"{topic} has {count}" for topic, count in counts.items())
            raise TopicsRefusedError(
                f"the topics of '{group}' must have the same number of partitions, but {listed}. Make the "
                "inputs equal; a changelog with the wrong number belongs to other inputs: use another group"
            )
        declared = [spec.partitions for spec in map(self.specs.get, topics) if spec and spec.partitions]
        return next(iter(counts.values()), declared[0] if declared else self.default_partitions)


async def ensure_topics(connection: Connection, plan: TopicPlan) -> dict[str, int]:
    """Wait for the brokers for as long as it takes, then make and check the topics.

    Returns:
        How many partitions each of them has.

    Raises:
        TopicsRefusedError: Partition counts do not fit together, or a topic cannot be made.
    """
    pause = FIRST_PAUSE_S
    while True:
        admin = AIOKafkaAdminClient(**connection.client_options("topics"))
        try:
            await admin.start()
            return await _ensure(admin, plan)
        except TopicsRefusedError:
            raise
        except (KafkaError, OSError, TimeoutError) as error:
            if isinstance(error, KafkaError) and not (error.retriable or isinstance(error, PASSING)):
                raise
            brokers = ", ".join(connection.brokers)
            logger.warning(
                "Kafka at %s is not reachable (%s); next try in %.0f s", brokers, describe(error), pause
            )
            await asyncio.sleep(pause)
            pause = min(LONGEST_PAUSE_S, pause * 2)
        finally:
            await admin.close()


async def _ensure(admin: AIOKafkaAdminClient, plan: TopicPlan) -> dict[str, int]:
    deadline = asyncio.get_running_loop().time() + TOPICS_APPEAR_WITHIN_S
    existing = await _partition_counts(admin, plan.names())
    new = plan.missing(existing)
    if new:
        await _create(admin, new)
        logger.info(
            "made the topics %s", ", ".join(f"{topic.name} ({topic.num_partitions})" for topic in new)
        )
    old_changelogs = plan.changelogs & set(existing)
    if old_changelogs:
        await _compare_configs(admin, sorted(old_changelogs))
    while missing := plan.names() - set(existing := await _partition_counts(admin, plan.names())):
        if asyncio.get_running_loop().time() > deadline:
            raise TopicsRefusedError(f"the topics {', '.join(sorted(missing))} were made but do not appear")
        await asyncio.sleep(0.05)
    plan.missing(existing)  # another worker may have made some of them, otherwise
    return existing


async def _partition_counts(admin: AIOKafkaAdminClient, names: set[str]) -> dict[str, int]:
    """Return the partition counts of those topics that exist and whose partitions all have a leader."""
    described = await admin.describe_topics()  # all of them: asking for one by name may make it
    return {
        topic["topic"]: len(topic["partitions"])
        for topic in described
        if topic["topic"] in names
        and topic["partitions"]
        and all(partition["leader"] >= 0 for partition in topic["partitions"])
    }


async def _create(admin: AIOKafkaAdminClient, topics: list[NewTopic]) -> None:
    response = await admin.create_topics(topics, timeout_ms=15_000)
    for name, code, *message in response.topic_errors:
        error = for_code(code)
        if code and error is not TopicAlreadyExistsError:
            if error.retriable or error in PASSING:
                raise error(*message)
            raise TopicsRefusedError(
                f"topic {name} cannot be made: {(message and message[0]) or error.__name__}"
            )


async def _compare_configs(admin: AIOKafkaAdminClient, changelogs: list[str]) -> None:
    """Warn of changelogs that are configured otherwise; they are left as they are."""
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in changelogs]
    for response in await admin.describe_configs(resources):
        for _code, _message, _kind, name, entries in response.resources:
            found = {entry[0]: entry[1] for entry in entries}
            for key, wanted in CHANGELOG_CONFIG.items():
                if key in found and found[key] != wanted:
                    logger.warning("changelog %s has %s=%s instead of %s", name, key, found[key], wanted)
