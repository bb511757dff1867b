"""Record batches as foreign or broken producers write them: bytes that no builder of ours would make."""

import asyncio
from collections.abc import Callable

from aiokafka import AIOKafkaProducer

from tests.engine.batches import sign
from tests.parts import Record

Change = Callable[[bytearray], bytearray]


async def produce_changed(
    bootstrap: str, topic: str, partition: int, records: list[Record], change: Change
) -> None:
    """Send records as one uncompressed batch whose bytes are changed, with the right checksum and length.

    Raises:
        KafkaError: The broker does not take it.
    """
    async with AIOKafkaProducer(bootstrap_servers=bootstrap) as producer:
        batch = producer.create_batch()
        for record in records:
            batch.append(
                key=record.key, value=record.value, timestamp=record.timestamp, headers=list(record.headers)
            )
        batch.close()
        build = batch._build

        def changed() -> bytes:
            data = change(bytearray(build()))
            data[8:12] = (len(data) - 12).to_bytes(4, "big")
            batch._buffer = bytes(sign(data))
            return batch._buffer

        batch._build = changed
        await asyncio.wait_for(await producer.send_batch(batch, topic, partition=partition), timeout=30)
