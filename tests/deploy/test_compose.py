import re
import subprocess
from pathlib import Path
from typing import Any

from stream.configuration import load
from stream.embedded import free_port
from stream.settings import Settings
from tests.deploy.files import ROOT, from_yaml, mounts, published
from tests.parts.kafka import KafkaBroker, Record, create_topics, produce, read_topic

Compose = dict[str, Any]


def settings_of(service: dict[str, Any]) -> Settings:
    """Return the settings that a worker makes of a service's environment."""
    return load(preset="ecommerce", environ=service["environment"])


def succeeds(command: list[str]) -> bool:
    """Run a command; tell whether it ends with 0."""
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


class ComposedBroker(KafkaBroker):
    """Kafka with the settings of a compose service, as its image translates them, on free ports."""

    def __init__(self, environment: dict[str, Any]) -> None:
        super().__init__()
        ports = {9092: self.port, 9093: free_port(), 19092: free_port()}
        self._settings = {
            name.removeprefix("KAFKA_").lower().replace("_", "."): re.sub(
                r":(\d+)", lambda port: f":{ports[int(port[1])]}", str(value).replace("kafka:", "localhost:")
            )
            for name, value in environment.items()
        }

    def _properties(self) -> dict[str, str]:
        return {**super()._properties(), "log.dirs": str(self.folder / "data")}


def test_every_image_has_a_version(compose: Compose) -> None:
    """What runs tomorrow is what was tried today: no image is the newest of its kind."""
    for name, service in compose["services"].items():
        if "build" not in service:
            assert re.search(r":v?\d+\.\d+", service["image"]), f"{name}: {service['image']}"


def test_ports_are_open_to_this_machine_alone(compose: Compose) -> None:
    """Nothing here asks for a password, so nothing listens beyond the loopback."""
    addresses = {address for service in compose["services"].values() for address, _, _ in published(service)}
    assert addresses == {"127.0.0.1"}


def test_what_is_mounted_exists(compose: Compose) -> None:
    """Docker would make an empty folder of a path that is not there; named volumes are declared."""
    sources = [source for service in compose["services"].values() for source in mounts(service).values()]
    files = [source for source in sources if source.startswith("/")]
    assert [file for file in files if not Path(file).exists()] == []
    assert set(sources) - set(files) == set(compose["volumes"])


def test_the_environment_of_workers_is_a_configuration(compose: Compose) -> None:
    """Every override names a setting, and leads to the services' addresses within the network."""
    services = compose["services"]
    advertised = services["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"]
    for name in ("worker", "worker-2", "traffic"):
        found = settings_of(services[name])
        assert f"//{found.kafka.brokers}" in advertised
        assert found.kafka.brokers.startswith("kafka:")
        assert found.redis.url == "redis://redis:6379/0"
        assert found.web.host == "0.0.0.0"
    assert (
        Settings.model_fields["kafka"].default.brokers in advertised
    )  # commands on this machine need no option


def test_workers_have_names_of_their_own(compose: Compose) -> None:
    """Two members of one name would put each other out of the group for ever."""
    names = [settings_of(compose["services"][name]).kafka.instance_id for name in ("worker", "worker-2")]
    assert all(names)
    assert len(set(names)) == len(names)


def test_workers_come_back(compose: Compose) -> None:
    """A worker ends itself on any error, so each is started again; Kafka is there first."""
    for name in ("worker", "worker-2"):
        service = compose["services"][name]
        assert service["restart"] == "unless-stopped"
        assert service["depends_on"]["kafka"]["condition"] == "service_healthy"
    assert compose["services"]["kafka"]["healthcheck"]["test"]


def test_prometheus_scrapes_the_workers(compose: Compose) -> None:
    """Its targets are the services and the port of their pages, and its rules lie where it looks for them."""
    files = mounts(compose["services"]["prometheus"])
    configuration = from_yaml(Path(files["/etc/prometheus/prometheus.yml"]).read_text())
    (job,) = configuration["scrape_configs"]
    (static,) = job["static_configs"]
    (found,) = job["dns_sd_configs"]
    services = compose["services"]

    assert static["targets"] == [f"worker:{settings_of(services['worker']).web.port}"]
    assert (found["names"], found["port"]) == (["worker-2"], settings_of(services["worker-2"]).web.port)
    assert [f"/etc/prometheus/{name}" in files for name in configuration["rule_files"]] == [True]
    assert published(services["worker"])[0][1:] == (6066, settings_of(services["worker"]).web.port)


async def test_kafka_starts_with_these_settings_and_commits_transactions(compose: Compose) -> None:
    """A real broker takes the service's settings, is found healthy, and keeps to transactions on one node."""
    kafka = compose["services"]["kafka"]
    with ComposedBroker(kafka["environment"]) as broker:
        check = [part.replace("9092", str(broker.port)) for part in kafka["healthcheck"]["test"][1:]]
        assert succeeds(check)

        await create_topics(broker.bootstrap, ["orders"])
        await produce(broker.bootstrap, "orders", [Record(b"one")], transaction="commit")
        assert [record.value for record in await read_topic(broker.bootstrap, "orders")] == [b"one"]

        broker.stop()
        assert not succeeds(check)


def test_the_file_says_how_it_is_started() -> None:
    """The commands in its first lines name profiles that it has."""
    text = (ROOT / "docker-compose.yml").read_text()
    services = from_yaml(text)["services"].values()
    assert set(re.findall(r"--profile (\S+)", text)) == {p for s in services for p in s.get("profiles", ())}
