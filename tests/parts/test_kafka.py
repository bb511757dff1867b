import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError

from tests.parts.kafka import KafkaBroker, Record, create_topics, delete_topics, produce, read_topic


async def test_a_committed_transaction_is_read_and_an_aborted_one_is_not(kafka: KafkaBroker) -> None:
    """Reading committed to the end returns what was committed, though transaction markers come last."""
    await create_topics(kafka.bootstrap, ["transactions"], partitions=2)
    kept = [Record(b"kept", partition=p, timestamp=1_700_000_000_000, headers=[("h", b"1")]) for p in (0, 1)]
    await produce(kafka.bootstrap, "transactions", kept, transaction="commit")
    await produce(kafka.bootstrap, "transactions", [Record(b"ghost", partition=1)], transaction="abort")

    read = await read_topic(kafka.bootstrap, "transactions")
    everything = await read_topic(kafka.bootstrap, "transactions", isolation="read_uncommitted")

    assert [(r.partition, r.value, r.timestamp, tuple(r.headers)) for r in read] == [
        (p, b"kept", 1_700_000_000_000, (("h", b"1"),)) for p in (0, 1)
    ]
    assert [r.value for r in everything] == [b"kept", b"kept", b"ghost"]


@pytest.mark.parametrize("compression", [None, "gzip", "snappy", "lz4", "zstd"])
async def test_many_records_come_back_whole_and_in_order(kafka: KafkaBroker, compression: str | None) -> None:
    """Records of many batches come back as they were, keys on the partitions that Kafka's clients choose."""
    topic = f"many-{compression}"
    await create_topics(kafka.bootstrap, [topic], partitions=3)
    records = [Record(b"%d" % i * 50, key=b"visitor-%d" % (i % 10)) for i in range(20_000)]
    await produce(kafka.bootstrap, topic, records, compression=compression)

    read = await read_topic(kafka.bootstrap, topic)

    def by_key(some: object) -> dict[bytes, list[bytes]]:
        found: dict[bytes, list[bytes]] = {}
        for record in some:  # type: ignore[attr-defined]  # Record and ConsumerRecord share no type
            found.setdefault(record.key, []).append(record.value)
        return found

    assert by_key(read) == by_key(records)
    assert {r.partition for r in read} == {0, 1, 2}
    async with AIOKafkaProducer(bootstrap_servers=kafka.bootstrap) as producer:
        sent = await producer.send_and_wait(topic, b"one more", key=b"visitor-3")
    assert {r.partition for r in read if r.key == b"visitor-3"} == {sent.partition}


async def test_a_deleted_topic_is_gone(kafka: KafkaBroker) -> None:
    """Reading a deleted topic fails instead of returning nothing: topics are never made by themselves."""
    await create_topics(kafka.bootstrap, ["short-lived"])
    await delete_topics(kafka.bootstrap, ["short-lived"])

    with pytest.raises(Exception, match="short-lived"):
        await read_topic(kafka.bootstrap, "short-lived")


async def test_a_private_broker_comes_back_with_its_address_and_data() -> None:
    """After stop (nothing answers) and after kill -9, start brings the same address and records back."""
    with KafkaBroker({"num.network.threads": "2"}) as broker:
        await create_topics(broker.bootstrap, ["kept"])
        await produce(broker.bootstrap, "kept", [Record(b"before")])
        broker.stop()
        with pytest.raises(KafkaConnectionError):
            await produce(broker.bootstrap, "kept", [Record(b"while away")])
        broker.start()
        await produce(broker.bootstrap, "kept", [Record(b"after")])
        broker.kill()
        broker.start()

        assert [r.value for r in await read_topic(broker.bootstrap, "kept")] == [b"before", b"after"]
