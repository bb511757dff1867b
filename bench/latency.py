"""From an event's arrival at the broker to its rate in Redis, and to the gauge, under steady load."""

import asyncio
import time

import msgspec
import redis.asyncio
from aiokafka import AIOKafkaProducer

from bench.load import TOPIC

PROBE_KEY = "mc:rate:micro.share:1h:campaign=probe"
"""Nobody but the probes shares in this campaign, so its actions count them."""


def probe(number: int) -> tuple[bytes, bytes]:
    """Return the key and value of a probe: a visitor of its own that shares something now."""
    visitor = f"probe-{number}-{time.time_ns()}"
    event = {
        "name": "share",
        "event_id": visitor,
        "visitor_id": visitor,
        "time": time.time_ns() // 1_000_000,
        "campaign": "probe",
    }
    return visitor.encode(), msgspec.json.encode(event)


async def probes(bootstrap: str, redis_url: str, seconds: float) -> list[float]:
    """Send probes one after the other; return how long each took to be seen in Redis, ms."""
    store = redis.asyncio.from_url(redis_url)
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, linger_ms=0)
    await producer.start()
    took: list[float] = []
    try:
        seen = int(await store.hget(PROBE_KEY, "actions") or 0)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            key, value = probe(len(took))
            began = time.monotonic()
            await producer.send_and_wait(TOPIC, value, key=key)
            while int(await store.hget(PROBE_KEY, "actions") or 0) <= seen:
                await asyncio.sleep(0.002)
                if time.monotonic() - began > 30:
                    raise RuntimeError("a probe was not seen in Redis within 30 s")
            took.append((time.monotonic() - began) * 1000)
            seen += 1
            await asyncio.sleep(0.05 * (len(took) % 7) / 7)  # not in step with flushes
    finally:
        await producer.stop()
        await store.aclose()
    return took
