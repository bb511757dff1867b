"""From an event's way to the broker to its rate in Redis and to the gauge, under steady load."""

import asyncio
import re
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import msgspec
import redis.asyncio
from aiokafka import AIOKafkaProducer

from bench.load import TOPIC
from bench.process import start
from bench.throughput import get, wait
from stream.embedded import free_port
from tests.parts import KafkaBroker, RedisServer, create_topics

LATENCY_PARTITIONS = 8
WARM_UP_S = 15.0

PROBE_KEY = "mc:rate:micro.share:1h:campaign=probe"
"""Nobody but the probes shares in this campaign, so its actions count them."""


GAUGE = re.compile(
    r"^microconv_window_actions\{"
    r'(?=[^}]*step="share")(?=[^}]*window="1h")(?=[^}]*value="probe")[^}]*\} (\S+)$',
    re.MULTILINE,
)
"""The same as a gauge."""


def measure(
    rate: float,
    seconds: float,
    status: Callable[[str], AbstractContextManager[object]],
    keyed_by: str = "visitor",
) -> list[float]:
    """Run a worker under load on this machine, with the broker; return what `probes` does.

    Args:
        rate: Events per second.
        seconds: How long to measure.
        status: Shows what is done while the context that it returns is open.
        keyed_by: As ``kafka.keyed_by``: with ``none`` the worker repartitions what it reads.
    """
    port = free_port()
    with KafkaBroker() as kafka, RedisServer() as redis, tempfile.TemporaryDirectory() as folder:
        asyncio.run(create_topics(kafka.bootstrap, [TOPIC], LATENCY_PARTITIONS))
        environment = {
            "MICROCONV_KAFKA__BROKERS": kafka.bootstrap,
            "MICROCONV_KAFKA__KEYED_BY": keyed_by,
            "MICROCONV_REDIS__URL": redis.url,
            "MICROCONV_WEB__PORT": str(port),
        }
        preset = ["--preset", "ecommerce"]
        process = start(["-m", "stream", "worker", *preset], environment, Path(folder) / "log", pinned=False)
        load = ["-m", "stream", "simulate", *preset, "--rate", str(rate)]
        traffic = start(load, environment, pinned=False)
        try:
            wait(process, lambda: get(port, "/ready") is not None)
            with status(f"{rate:.0f} events/s for {seconds:.0f} s"):
                asyncio.run(probes(kafka.bootstrap, redis.url, port, WARM_UP_S))
                return asyncio.run(probes(kafka.bootstrap, redis.url, port, seconds))
        finally:
            traffic.end()
            process.end()


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


async def probes(bootstrap: str, redis_url: str, port: int, seconds: float) -> list[float]:
    """Send probes one after the other; return how long each took to be seen in Redis and on /metrics, ms.

    Raises:
        TimeoutError: A probe was not seen within 30 s.
    """
    store = redis.asyncio.from_url(redis_url)
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, linger_ms=0)
    await producer.start()

    async def shares_in_redis() -> float:
        return float(await store.hget(PROBE_KEY, "actions") or 0)

    async def shares_on_page() -> float:
        found = GAUGE.search(await asyncio.to_thread(get, port, "/metrics") or "")
        return float(found[1]) if found else 0.0

    took: list[float] = []
    try:
        seen = await shares_in_redis()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            key, value = probe(len(took))
            began = time.monotonic()
            await producer.send_and_wait(TOPIC, value, key=key)
            for shares in (shares_in_redis, shares_on_page):
                while await shares() <= seen:
                    await asyncio.sleep(0.002)
                    if time.monotonic() - began > 30:
                        raise TimeoutError("a probe was not seen within 30 s")
            took.append((time.monotonic() - began) * 1000)
            seen += 1
            await asyncio.sleep(0.05 * (len(took) % 7) / 7)  # not in step with flushes
    finally:
        await producer.stop()
        await store.aclose()
    return took
