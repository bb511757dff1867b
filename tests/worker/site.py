"""One site under test: its names on a broker and a Redis that others use too, its settings, its records."""

import itertools
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from redis.asyncio import Redis

from stream.configuration import load
from stream.core.definition import Definition
from stream.settings import Settings
from stream.simulate.disorder import Arrival
from stream.simulate.sink.kafka import to_kafka
from tests.parts import create_topics

_numbers = itertools.count()

HISTORICAL = {"retention.ms": "-1", "segment.ms": "604800000"}
"""For old events whose time goes quickly: else they may be deleted, and each few seconds make a file."""


def _new_tag() -> str:
    return f"site{os.getpid()}x{next(_numbers)}"


@dataclass(frozen=True)
class Site:
    """Names that no other test has, on parts that they share.

    Attributes:
        bootstrap: The broker.
        redis_url: The Redis.
        partitions: Of the events topic.
        preset: The built-in configuration.
        file: A configuration of its own instead, if it has one.
        transactions: Whether the broker has transactions.
        overrides: Further environment variables of the workers.
        tag: The consumer group, and the prefix of all topics and keys.
    """

    bootstrap: str
    redis_url: str
    partitions: int = 4
    preset: str = "ecommerce"
    file: Path | None = None
    transactions: bool = True
    overrides: Mapping[str, str] = field(default_factory=dict)
    tag: str = field(default_factory=_new_tag)

    @property
    def events(self) -> str:
        """The topic of events."""
        return f"{self.tag}-site-events"

    @property
    def rates(self) -> str:
        """The topic of closed windows."""
        return f"{self.tag}-conversion-rates"

    @property
    def rejected(self) -> str:
        """The topic of rejected records."""
        return f"{self.tag}-site-events-rejected"

    @property
    def late(self) -> str:
        """The topic of late records."""
        return f"{self.tag}-site-events-late"

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables that configure a worker of this site."""
        return {
            "MICROCONV_KAFKA__BROKERS": self.bootstrap,
            "MICROCONV_KAFKA__EVENTS": f'["{self.events}"]',
            "MICROCONV_KAFKA__GROUP": self.tag,
            "MICROCONV_KAFKA__TOPIC_PREFIX": f"{self.tag}-",
            "MICROCONV_KAFKA__TRANSACTIONS": "true" if self.transactions else "false",
            "MICROCONV_KAFKA__PARTITIONS": str(self.partitions),
            "MICROCONV_REDIS__URL": self.redis_url,
            "MICROCONV_REDIS__PREFIX": self.tag,
            **self.overrides,
        }

    @property
    def arguments(self) -> list[str]:
        """The options by which commands are told the configuration."""
        return ["--preset", self.preset] if self.file is None else ["-c", str(self.file)]

    def settings(self) -> Settings:
        """Return the configuration as its workers read it."""
        if self.file is not None:
            return load(str(self.file), environ=self.environment)
        return load(preset=self.preset, environ=self.environment)

    def definition(self) -> Definition:
        """Return what its workers measure."""
        return self.settings().definition()

    async def create_events(self) -> None:
        """Create the topic of events; the workers make all others."""
        await create_topics(self.bootstrap, [self.events], self.partitions, HISTORICAL)

    async def send(self, records: Iterable[Arrival], rate: float | None = None) -> int:
        """Send records by their keys, at most ``rate`` a second, with their times; return how many."""
        return await to_kafka(records, self.bootstrap, self.events, rate=rate)

    def store(self) -> Redis:
        """Return a client of the Redis; to be closed by the caller."""
        return Redis.from_url(self.redis_url, decode_responses=True)
