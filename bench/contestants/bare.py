"""A bare aiokafka loop: the least that reading Kafka from Python costs. With ``decode``: msgspec too."""

import asyncio
import sys

import msgspec
import uvloop
from aiokafka import AIOKafkaConsumer

from stream.core.event import Event


async def main(bootstrap: str, topic: str, count: int, decode: bool) -> None:
    """Read so many records, then say so and wait to be killed."""
    decoder = msgspec.json.Decoder(Event).decode
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest", group_id=None
    )
    await consumer.start()
    print("ready", flush=True)
    sys.stdin.readline()
    read = broken = 0
    while read < count:
        for found in (await consumer.getmany(timeout_ms=1000)).values():
            read += len(found)
            if decode:
                for record in found:
                    try:
                        decoder(record.value)
                    except ValueError:
                        broken += 1
    print("done", flush=True)
    sys.stdin.readline()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4] == "decode"))
    asyncio.set_event_loop(None)
