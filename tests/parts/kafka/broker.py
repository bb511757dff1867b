"""Apache Kafka as one private broker: KRaft, ports of its own, its data in a folder that goes with it."""

import asyncio
import subprocess
import threading
import uuid
from collections.abc import Coroutine, Mapping, Sequence
from pathlib import Path

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from stream.embedded.process import StartError, free_port
from stream.embedded.server import Server
from tests.parts.kafka import jars
from tests.parts.missing import program

_LOGGING = Path(__file__).with_name("log4j2.properties")

FAST_COMPACTION = {
    "log.cleaner.backoff.ms": "200",
    "log.cleaner.min.cleanable.ratio": "0.01",
    "log.segment.bytes": str(1024 * 1024),
    "log.roll.ms": "2000",
}
"""Settings under which compaction is at work within seconds (1 MiB is the least segment that Kafka takes)."""


class KafkaBroker(Server):
    """A broker of one node; ``stop``, ``kill`` and ``start`` keep its address and data.

    Args:
        settings: Broker settings beyond, or instead of, those for a single quick node.
        heap: The most memory the JVM's heap may take, as Java writes it.

    Raises (on start):
        MissingPartError: If Java or the jars cannot be had.
        StartError: If the broker does not come up; tells the last lines of its log.
    """

    name = "Kafka"
    start_within = 60.0

    def __init__(self, settings: Mapping[str, str] | None = None, *, heap: str = "384m") -> None:
        super().__init__()
        self._controller_port = free_port()
        self._settings = dict(settings or {})
        self._heap = heap

    @property
    def bootstrap(self) -> str:
        """The address for clients, ``host:port``."""
        return self.address

    def command(self) -> Sequence[str]:
        """Write the settings, format the storage and return the broker's command line."""
        java = program("java", "default-jre-headless")
        class_path = f"{jars.folder()}/*"
        properties = self.folder / "server.properties"
        properties.write_text("".join(f"{key}={value}\n" for key, value in self._properties().items()))
        run = [
            *(java, f"-Xmx{self._heap}", "-Xms128m", "-XX:+UseSerialGC"),
            *(f"-Dlog4j2.configurationFile={_LOGGING}", "-cp", class_path),
        ]
        _format_storage(run, properties)
        return [*run, "kafka.Kafka", str(properties)]

    def ready(self) -> bool:
        """Tell whether the broker serves, and knows itself."""
        return super().ready() and _run_apart(_knows_itself(self.bootstrap))

    def _properties(self) -> dict[str, str]:
        return {
            "process.roles": "broker,controller",
            "node.id": "1",
            "controller.quorum.voters": f"1@127.0.0.1:{self._controller_port}",
            "controller.listener.names": "CONTROLLER",
            "listeners": f"PLAINTEXT://{self.bootstrap},CONTROLLER://127.0.0.1:{self._controller_port}",
            "advertised.listeners": f"PLAINTEXT://{self.bootstrap}",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "log.dirs": str(self.folder / "data"),
            "auto.create.topics.enable": "false",
            "default.replication.factor": "1",
            "offsets.topic.replication.factor": "1",
            "offsets.topic.num.partitions": "4",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            "transaction.state.log.num.partitions": "4",
            "share.coordinator.state.topic.replication.factor": "1",
            "share.coordinator.state.topic.min.isr": "1",
            "group.initial.rebalance.delay.ms": "0",
            # The quickest return after a kill: until then its former self is thought alive.
            "broker.session.timeout.ms": "3000",
            "broker.heartbeat.interval.ms": "500",
            "group.min.session.timeout.ms": "1000",
            **self._settings,
        }


def _format_storage(run: list[str], properties: Path) -> None:
    cluster = uuid.uuid4().hex[:22]
    command = [*run, "kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(properties)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode != 0:
        raise StartError(f"Kafka cannot format its storage:\n{done.stdout}{done.stderr}")


async def _knows_itself(bootstrap: str) -> bool:
    """Tell whether the broker is in its own metadata, without which topics cannot be created yet."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=2000)
    try:
        await admin.start()
        return bool((await admin.describe_cluster())["brokers"])
    except KafkaError:
        return False
    finally:
        await admin.close()


def _run_apart(question: Coroutine[None, None, bool]) -> bool:
    """Run a coroutine to its end in a thread of its own: the caller may be inside a running loop."""
    answers: list[bool] = []
    thread = threading.Thread(target=lambda: answers.append(asyncio.run(question)))
    thread.start()
    thread.join()
    return bool(answers and answers[0])
