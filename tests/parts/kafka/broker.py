"""Apache Kafka as one private broker: KRaft, its own ports, its data in a folder that goes with it."""

import asyncio
import subprocess
import tempfile
import threading
import uuid
from collections.abc import Coroutine, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from stream.embedded.process import ChildProcess, StartError, accepts_connections, free_port
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


class KafkaBroker:
    """A broker that starts on entering and stops on leaving; ``stop`` and ``start`` keep ports and data.

    Args:
        settings: Broker settings beyond, or instead of, those for a single quick node.
        heap: The most memory the JVM's heap may take, as Java writes it.

    Raises (on start):
        MissingPartError: If Java or the jars cannot be had.
        StartError: If the broker does not come up; tells the last lines of its log.
    """

    def __init__(self, settings: Mapping[str, str] | None = None, *, heap: str = "384m") -> None:
        self.port = free_port()
        self._controller_port = free_port()
        self._settings = dict(settings or {})
        self._heap = heap
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._process: ChildProcess | None = None

    @property
    def bootstrap(self) -> str:
        """The address for clients, ``host:port``."""
        return f"127.0.0.1:{self.port}"

    @property
    def process(self) -> ChildProcess:
        """The broker's process: its pid, its log."""
        if self._process is None:
            raise RuntimeError("the broker was never started")
        return self._process

    def start(self) -> None:
        """Start the broker, also again after ``stop`` or ``kill``, and wait until it serves."""
        if self._folder is None or self._process is None:
            self._folder, self._process = self._prepare()
        self._process.start(self._ready, within=60)

    def stop(self) -> None:
        """Shut the broker down in order; its data stay for the next ``start``."""
        self.process.stop(grace=30)

    def kill(self) -> None:
        """Kill the broker with -9; its data stay for the next ``start``."""
        self.process.kill()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.kill()  # an orderly end would only sync data that are about to go
        if self._folder is not None:
            self._folder.cleanup()

    def _prepare(self) -> tuple[tempfile.TemporaryDirectory[str], ChildProcess]:
        java = program("java", "default-jre-headless")
        libraries = f"{jars.folder()}/*"
        folder = tempfile.TemporaryDirectory(prefix="kafka-")
        properties = Path(folder.name, "server.properties")
        properties.write_text("".join(f"{k}={v}\n" for k, v in self._properties(Path(folder.name)).items()))
        run = [
            *(java, f"-Xmx{self._heap}", "-Xms128m", "-XX:+UseSerialGC"),
            *(f"-Dlog4j2.configurationFile={_LOGGING}", "-cp", libraries),
        ]
        _format_storage(run, properties)
        command = [*run, "kafka.Kafka", str(properties)]
        return folder, ChildProcess("Kafka", command, log=Path(folder.name, "broker.log"))

    def _properties(self, folder: Path) -> dict[str, str]:
        return {
            "process.roles": "broker,controller",
            "node.id": "1",
            "controller.quorum.voters": f"1@127.0.0.1:{self._controller_port}",
            "controller.listener.names": "CONTROLLER",
            "listeners": f"PLAINTEXT://{self.bootstrap},CONTROLLER://127.0.0.1:{self._controller_port}",
            "advertised.listeners": f"PLAINTEXT://{self.bootstrap}",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "log.dirs": str(folder / "data"),
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
            "group.min.session.timeout.ms": "1000",
            **self._settings,
        }

    def _ready(self) -> bool:
        return accepts_connections(self.port) and _run_apart(_knows_itself(self.bootstrap))


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
