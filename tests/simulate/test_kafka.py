import asyncio
import json
import ssl
import time
from collections import Counter, defaultdict
from dataclasses import replace
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError, KafkaError

from stream.configuration import ConfigurationError, load
from stream.embedded.process import free_port
from stream.sections import Auth
from stream.simulate.command import simulate
from stream.simulate.disorder import EVERYDAY, Arrival, arrivals
from stream.simulate.sink.connection import client_of, ensure_topic
from stream.simulate.sink.kafka import to_kafka
from stream.simulate.traffic import Traffic, live
from tests.parts import KafkaBroker, create_topics, read_topic

TRAFFIC = Traffic(start_ms=1_772_445_600_000, rate=28, sessions=4_000, seed=5)
FOREVER = {"retention.ms": "-1"}  # the events are old: else the broker may delete them while a test looks


async def test_a_topic_gets_the_records_as_they_arrive(kafka: KafkaBroker) -> None:
    """Key, value and time of arrival reach the topic; the order within a partition is that of arrival."""
    await create_topics(kafka.bootstrap, ["simulated"], partitions=4, config=FOREVER)
    sent = list(arrivals(TRAFFIC, replace(EVERYDAY, invalid=0.01)))
    told: list[int] = []
    count = await to_kafka(sent, kafka.bootstrap, "simulated", progress=lambda so_far, _: told.append(so_far))
    stored = await read_topic(kafka.bootstrap, "simulated")

    assert count == len(sent) == len(stored) == told[-1]
    assert max(len(record.value) for record in sent) > 900_000  # larger than a batch, and there all the same
    partition_of = {record.key: record.partition for record in stored}
    wanted: dict[int, list[Arrival]] = defaultdict(list)
    for record in sent:
        wanted[partition_of[record.key]].append(record)
    found: dict[int, list[Arrival]] = defaultdict(list)
    for record in stored:
        assert record.key is not None
        assert record.value is not None
        found[record.partition].append(Arrival(record.timestamp, record.key, record.value))
    assert set(found) == {0, 1, 2, 3}
    assert found == wanted
    async with AIOKafkaProducer(bootstrap_servers=kafka.bootstrap) as producer:
        for key in list(partition_of)[:20]:
            placed = await producer.send_and_wait("simulated", b"{}", key=key)
            assert placed.partition == partition_of[key]


async def test_live_records_are_of_now(kafka: KafkaBroker) -> None:
    """A live stream that is cut off has put what happened until then into the topic."""
    await create_topics(kafka.bootstrap, ["live"], partitions=2)
    loop = asyncio.get_running_loop()
    cut = loop.create_future()

    def enough(sent: int, at_ms: int) -> None:
        if sent > 600 and not cut.done():
            cut.set_result(at_ms)

    began = int(time.time() * 1000)
    stream = arrivals(live(500, now_ms=began, seed=1, pace=60))
    sending = asyncio.create_task(to_kafka(stream, kafka.bootstrap, "live", live=True, progress=enough))
    last_ms = await asyncio.wait_for(cut, timeout=30)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending

    stored = await read_topic(kafka.bootstrap, "live")
    assert len(stored) > 600
    assert all(began <= record.timestamp <= int(time.time() * 1000) for record in stored)
    assert last_ms <= max(record.timestamp for record in stored)
    assert any(b'"add_to_cart"' in (record.value or b"") for record in stored)


async def test_dropped_conversions_never_reach_the_topic(
    kafka: KafkaBroker, capsys: pytest.CaptureFixture[str]
) -> None:
    """The verb sends to Kafka what it sends without, less what is dropped, and says how many it struck."""
    settings = load(
        preset="ecommerce",
        environ={"MICROCONV_KAFKA__BROKERS": kafka.bootstrap, "MICROCONV_KAFKA__EVENTS": '["dropped"]'},
    )
    drop = "checkout.add_to_cart@device=mobile:1:10m:1h"
    arguments = {"sessions": 1_000, "start": "2026-03-02T20:00", "drops": [drop]}
    assert await asyncio.to_thread(simulate, settings, **arguments) == 0
    said = capsys.readouterr().err.splitlines()
    stored = await read_topic(kafka.bootstrap, "dropped")
    whole = list(arrivals(Traffic(start_ms=1_772_481_600_000, rate=50, sessions=1_000), EVERYDAY))
    gone = Counter(record.value for record in whole) - Counter(record.value for record in stored)
    assert len(whole) - gone.total() == len(stored)
    assert all(b'"mobile"' in value for value in gone)
    assert {json.loads(value)["name"] for value in gone} >= {"add_to_cart", "begin_checkout"}
    struck = {json.loads(value).get("visitor_id") for value in gone}
    assert said[-1] == f"--drop {drop}: {len(struck)} sessions did not convert"


async def test_a_missing_topic_is_created_once(kafka: KafkaBroker) -> None:
    """It gets the partitions wanted and the broker's own replication; one that exists stays as it is."""
    assert await ensure_topic(kafka.bootstrap, "wanted", 3, config=FOREVER)
    assert not await ensure_topic(kafka.bootstrap, "wanted", 5)
    async with AIOKafkaProducer(bootstrap_servers=kafka.bootstrap) as producer:
        assert await producer.partitions_for("wanted") == {0, 1, 2}


async def test_a_refused_topic_says_why(kafka: KafkaBroker) -> None:
    """What the broker does not allow is an error that names the topic."""
    with pytest.raises(KafkaError, match="too-safe"):
        await ensure_topic(kafka.bootstrap, "too-safe", 1, replication=7)


async def test_nothing_is_sent_where_no_broker_is() -> None:
    """Without a broker sending fails instead of waiting."""
    with pytest.raises(KafkaConnectionError):
        await to_kafka(arrivals(TRAFFIC), f"127.0.0.1:{free_port()}", "anywhere")


def test_the_command_fills_the_configured_topic(
    kafka: KafkaBroker, capsys: pytest.CaptureFixture[str]
) -> None:
    """`simulate` creates the events topic with its partitions, and fills it; the exit code is 0."""
    environ = {
        "MICROCONV_KAFKA__BROKERS": kafka.bootstrap,
        "MICROCONV_KAFKA__EVENTS": '["shop-events"]',
        "MICROCONV_KAFKA__PARTITIONS": "3",
    }
    settings = load(preset="ecommerce", environ=environ)
    assert simulate(settings, rate=20, sessions=100, start="2026-03-02T10:00:00Z", seed=1) == 0

    stored = asyncio.run(read_topic(kafka.bootstrap, "shop-events"))
    expected = list(arrivals(Traffic(start_ms=1_772_445_600_000, rate=20, sessions=100, seed=1), EVERYDAY))
    assert sorted(record.value or b"" for record in stored) == sorted(record.value for record in expected)
    assert {record.partition for record in stored} == {0, 1, 2}
    assert f"sent {len(expected):,} records" in capsys.readouterr().err


def test_the_command_says_that_kafka_is_away(capsys: pytest.CaptureFixture[str]) -> None:
    """Without Kafka the exit code is 1, and the message names the brokers that were tried."""
    brokers = f"127.0.0.1:{free_port()}"
    settings = load(preset="ecommerce", environ={"MICROCONV_KAFKA__BROKERS": brokers})
    assert simulate(settings, sessions=1, start="2026-03-02") == 1
    assert brokers in capsys.readouterr().err


def test_a_client_logs_in_as_configured(tmp_path: Path) -> None:
    """Each way of logging in becomes the arguments that aiokafka knows for it."""
    assert client_of(Auth()) == {"security_protocol": "PLAINTEXT"}

    (tmp_path / "password").write_text("from a file\n")
    secret = str(tmp_path / "password")
    by_file = client_of(Auth(mechanism="SCRAM-SHA-512", username="shop", password_file=secret))
    assert by_file == {
        "security_protocol": "SASL_PLAINTEXT",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "shop",
        "sasl_plain_password": "from a file",
    }
    secure = client_of(Auth(mechanism="PLAIN", username="shop", password="x", tls=True))
    assert secure["security_protocol"] == "SASL_SSL"
    assert isinstance(secure["ssl_context"], ssl.SSLContext)
    assert client_of(Auth(tls=True))["security_protocol"] == "SSL"
    with pytest.raises(ConfigurationError, match=r"auth\.password_file: nowhere: No such file"):
        client_of(Auth(mechanism="PLAIN", password_file="nowhere"))
