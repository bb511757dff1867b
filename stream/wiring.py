"""What the configuration says, in the engine's terms: names of topics, how the brokers are reached."""

from typing import NamedTuple

from stream.configuration import ConfigurationError
from stream.engine.connection import Connection, Security
from stream.engine.topics import TopicSpec
from stream.login import login
from stream.settings import Settings
from stream.sinks.metrics import TOPOLOGIES
from stream.sinks.redis_link import RedisLink, RedisUrlError

DAY_MS = 86_400_000


class Written(NamedTuple):
    """A topic that is written for others: its name without the prefix, and what its records are."""

    name: str
    holds: str
    key: str
    value: str


RATES = Written(
    "conversion-rates",
    "every closed minute and hour of a measure and segment, again whenever its content changes",
    "`measure|segment|size|window_start`, the segment's value percent-encoded but for `/`",
    "JSON object",
)
HISTORY = Written(
    "conversion-history",
    "every closed hour likewise, for a year: also those that were loaded from files",
    "as in `conversion-rates`",
    "JSON object",
)
REJECTED = Written("site-events-rejected", "records that are no events", "as read", "the bytes as read")
REPARTITION = "repartition"
"""Topologies that repartition a topic of events are called so, with the topic's name behind it."""

BY_VISITOR = "events-by-visitor"
"""What topics of events are repartitioned to: an internal topic."""

LATE = Written("site-events-late", "events that came too late to be counted", "as read", "the bytes as read")


class Topics:
    """Names of all topics of a configuration.

    Attributes:
        events: What is read.
        repartitioned: Those of them that are not keyed by visitor: all or none.
        by_visitor: What they are repartitioned to.

    Raises:
        ConfigurationError: A topic of events is named twice, or is one that is written.
    """

    def __init__(self, settings: Settings) -> None:
        prefix, group = settings.kafka.topic_prefix, settings.kafka.group
        self.events = tuple(settings.kafka.events)
        self.rates = f"{prefix}{RATES.name}"
        self.history = f"{prefix}{HISTORY.name}"
        self.rejected = f"{prefix}{REJECTED.name}"
        self.late = f"{prefix}{LATE.name}"
        self.deltas = f"{group}-window-counts"
        self.commands = f"{group}-visitor-commands"
        self.by_visitor = f"{group}-{BY_VISITOR}"
        self.repartitioned = self.events if settings.kafka.keyed_by == "none" else ()
        self.written = (self.rates, self.history, self.rejected, self.late)
        served = (*TOPOLOGIES, *(f"{REPARTITION}-{topic}" for topic in self.repartitioned))
        self.changelogs = tuple(f"{group}-{topology}-changelog" for topology in served)
        own = (self.by_visitor,) if self.repartitioned else ()
        self.internal = (self.deltas, self.commands, *own, *self.changelogs)
        for topic in self.events:
            if self.events.count(topic) > 1 or topic in (*self.written, *self.internal):
                why = "twice" if self.events.count(topic) > 1 else "a topic that is written here"
                raise ConfigurationError(
                    f"kafka.events: found {topic!r}, {why}; wanted: topics of events, each once"
                )

    def specs(self, replicas: int) -> list[TopicSpec]:
        """Return what missing topics are made like; without a number: co-partitioned with the events."""
        month, year = ({"retention.ms": str(days * DAY_MS)} for days in (30, 366))
        big = {"max.message.bytes": str(16 * 1024 * 1024)}
        return [
            *(TopicSpec(topic, replicas=replicas) for topic in self.events),
            *(
                [TopicSpec(self.by_visitor, None, {"retention.ms": str(7 * DAY_MS), **big}, replicas)]
                if self.repartitioned
                else []
            ),
            TopicSpec(self.commands, replicas=replicas),
            # Records are set aside whole: whatever the events topics took, with headers, must fit.
            TopicSpec(self.rejected, config={**month, **big}, replicas=replicas),
            TopicSpec(self.late, config={**month, **big}, replicas=replicas),
            TopicSpec(self.deltas, 1, {"retention.ms": str(DAY_MS), **big}, replicas),
            TopicSpec(self.rates, 1, {"cleanup.policy": "compact,delete", **month}, replicas),
            TopicSpec(self.history, 1, {"cleanup.policy": "compact,delete", **year}, replicas),
        ]


def redis_place(settings: Settings) -> str:
    """Return host, port and database of Redis: its address without a password.

    Raises:
        ConfigurationError: The address is none.
    """
    try:
        return RedisLink(settings.redis.url, timeout_s=1).where
    except RedisUrlError as error:
        raise ConfigurationError(f"redis.url: {str(error).removeprefix('Redis URL: ')}") from None


def connection(settings: Settings) -> Connection:
    """Return how the brokers are reached.

    Raises:
        ConfigurationError: A file that the configuration names cannot be read.
    """
    kafka = settings.kafka
    return Connection(
        brokers=tuple(broker.strip() for broker in kafka.brokers.split(",")),
        group=kafka.group,
        security=Security(*login(kafka.auth)),
        instance_id=kafka.instance_id,
        transactions=kafka.transactions,
        heartbeat_s=0.3 if kafka.transactions else 1.0,
    )
