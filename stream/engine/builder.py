"""What a caller makes: one engine, which is one Faust app that serves some topologies."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NoReturn

from aiokafka import TopicPartition
from faust.types import TP

from stream.engine.api import InputStatus, Observer, PartitionState, Topology
from stream.engine.app import EngineApp
from stream.engine.connection import Connection
from stream.engine.log import PartitionLog
from stream.engine.log_plain import PlainLog
from stream.engine.log_transactional import TransactionalLog
from stream.engine.logs import quiet_libraries
from stream.engine.readiness import waits_for
from stream.engine.recovery import StateTables
from stream.engine.table import StateTable
from stream.engine.topics import TopicPlan, TopicSpec
from stream.engine.versions import check_versions
from stream.engine.worker import EngineWorker

BUFFERED_CHUNKS = 64
"""Chunks that may wait for an agent before its partition is no longer fetched."""

REBALANCE_TIMEOUT_S = 30.0
"""So long others wait for a worker that lives and does not join: longer than its last flush takes."""

REQUEST_TIMEOUT_S = 40.0
"""An answer that is lost is asked for again after this: longer than brokers may hold a join back."""


class Engine:
    """Serves topologies on one worker.

    Run it by ``engine.run()``, or by ``faust -A module:app worker`` where ``app = engine.app``. Faust's web
    server is off: pass own services, which start before the brokers are waited for, and stop last.

    Args:
        connection: Where the brokers are, and who we are there.
        topologies: What to serve.
        observer: Where to tell durations.
        topics: What missing topics are made like. Inputs without a spec, and with no co-partitioned topic
            that exists, get ``default_partitions``.
        default_partitions: See ``topics``.
        early_services: `mode.Service` objects, for example a web server for health checks.
        settings: Further Faust settings, which win over the engine's.

    Raises:
        UnsupportedVersionError: Another Faust or aiokafka is installed.
        ValueError: Two topologies share a name or an input.
    """

    def __init__(
        self,
        connection: Connection,
        topologies: Sequence[Topology],
        observer: Observer,
        topics: Iterable[TopicSpec] = (),
        default_partitions: int = 1,
        early_services: Sequence[Any] = (),
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        check_versions()
        _check_distinct(topologies)
        use_uvloop()
        quiet_libraries()
        changelogs = {
            topology.name: f"{connection.group}-{topology.name}-changelog" for topology in topologies
        }
        plan = TopicPlan(
            groups={t.name: (*t.inputs, *t.outputs, changelogs[t.name]) for t in topologies},
            specs={spec.name: spec for spec in topics},
            changelogs=frozenset(changelogs.values()),
            default_partitions=default_partitions,
        )
        self._connection = connection
        self.app = EngineApp(
            connection, plan, early_services, **{**_faust_settings(connection), **(settings or {})}
        )
        for topology in topologies:
            self._add(topology, changelogs[topology.name], observer)

    def run(self) -> NoReturn:
        """Run the worker in this process until SIGTERM or SIGINT, then exit with code 0; 1 after a failure.

        Logging is left as the caller set it up. ``faust -A`` does the same, with Faust's logging.
        """
        worker = self.app.Worker(override_logging=False, quiet=True)
        worker.execute_from_commandline()
        raise SystemExit(0)  # for readers: the line above does not return

    @property
    def ready(self) -> bool:
        """Whether the worker has joined the group, and all its partitions have their state."""
        return self.app.recovered

    @property
    def waits_for(self) -> list[str]:
        """What the worker waits for before it is ready, in words; nothing when it is."""
        return waits_for(self.app)

    def partitions(self, topic: str) -> int:
        """Return how many partitions a topic has; known before any state is made.

        Raises:
            KeyError: It is not one of this engine's topics, or Kafka has not been reached yet.
        """
        return self.app.partition_counts[topic]

    def states(self, topology: str) -> dict[int, PartitionState]:
        """Return the states of a topology's partitions that are open on this worker, by partition number."""
        return {
            partition.number: partition.state
            for table in self.app.states.tables
            if table.topology.name == topology
            for partition in table.owned.values()
            if partition.is_open
        }

    def inputs(self) -> list[InputStatus]:
        """Return how far each input partition of this worker has been read."""
        status = []
        for (topic, number), offset in sorted(self.app.states.positions().items()):
            end = self.app.consumer.stable_offset(TP(topic, number))
            status.append(InputStatus(topic, number, offset, None if end is None else max(0, end - offset)))
        return status

    def _add(self, topology: Topology, changelog: str, observer: Observer) -> None:
        app = self.app

        def new_log(partition: TopicPartition) -> PartitionLog:
            kind = TransactionalLog if self._connection.transactions else PlainLog
            return kind(self._connection, topology.name, partition)

        table = StateTable(app, topology, changelog, observer, new_log)
        app.tables.add(table)
        app.states.tables.append(table)
        inputs = app.topic(*topology.inputs, key_serializer="raw", value_serializer="raw", acks=False)
        app.agent(inputs, name=f"{topology.name}-agent")(table.take)


def _faust_settings(connection: Connection) -> dict[str, Any]:
    return {
        "broker": [f"kafka://{broker}" for broker in connection.brokers],
        "broker_credentials": connection.security.credentials(),
        "broker_session_timeout": connection.session_timeout_s,
        "broker_heartbeat_interval": connection.heartbeat_s,
        "broker_rebalance_timeout": REBALANCE_TIMEOUT_S,
        "broker_request_timeout": REQUEST_TIMEOUT_S,
        "broker_commit_interval": 1.0,
        "broker_client_id": f"{connection.group}-worker",
        "consumer_group_instance_id": connection.instance_id or None,
        "consumer_auto_offset_reset": "earliest",
        "stream_buffer_maxsize": BUFFERED_CHUNKS,
        "stream_recovery_delay": 0.0,
        "table_standby_replicas": 0,
        "topic_allow_declare": False,  # topics are made by `topics`, with their settings, or not at all
        "topic_disable_leader": True,
        "web_enabled": False,
        "worker_redirect_stdouts": False,
        "autodiscover": False,
        "TableManager": StateTables,
        "Worker": EngineWorker,
    }


def _check_distinct(topologies: Sequence[Topology]) -> None:
    names = [topology.name for topology in topologies]
    inputs = [topic for topology in topologies for topic in topology.inputs]
    for kind, all_of_them in (("topology", names), ("input", inputs)):
        twice = sorted({name for name in all_of_them if all_of_them.count(name) > 1})
        if twice:
            raise ValueError(f"{kind} {', '.join(twice)} is named twice")


def use_uvloop() -> None:
    """Run this process's event loops on uvloop, where there is one: it halves Faust's cost of a message."""
    try:
        import uvloop
    except ImportError:  # Windows
        return
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
