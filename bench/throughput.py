"""What an event costs, from a bare loop to the whole worker: all in one run, on one core."""

import asyncio
import json
import os
import tempfile
import time
import urllib.request
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

from redis import Redis

from bench.load import EVERYDAY_TOPIC, TOPIC, everyday, fill, lean
from bench.package import Package
from bench.process import Cost, Process, Watch, start
from stream.core.event import OUTCOMES
from stream.embedded import free_port
from tests.parts import KafkaBroker, RedisServer

DEADLINE_S = 900.0

NAIVE = "naive Faust (one agent, table[k] += 1, JSON)"

NAIVE_EVENTS = 40_000
"""Naive Faust is slow; what an event costs it shows with fewer of them."""


def measure(
    count: int, packages: list[Package], status: Callable[[str], AbstractContextManager[object]]
) -> list[Cost]:
    """Time all contestants on topics of so many records, one after the other.

    Args:
        count: Records of a topic.
        packages: As what the worker is run: from its sources, compiled.
        status: Shows what is done while the context that it returns is open.
    """
    with KafkaBroker() as kafka, RedisServer() as redis, tempfile.TemporaryDirectory() as folder:
        for topic, load in ((TOPIC, lean), (EVERYDAY_TOPIC, everyday)):
            with status(f"filling {topic}"):
                asyncio.run(fill(kafka.bootstrap, topic, list(load(count))))
        few = min(count, NAIVE_EVENTS)
        log = Path(folder) / "worker.log"
        contestants: list[tuple[str, Callable[[str], Cost]]] = [
            ("bare aiokafka loop", lambda name: bare(kafka.bootstrap, count, False, name)),
            ("bare aiokafka loop + msgspec", lambda name: bare(kafka.bootstrap, count, True, name)),
            (NAIVE, lambda name: naive_faust(kafka.bootstrap, TOPIC, few, name)),
        ]
        for what, topic in (
            ("whole preset, durable", TOPIC),
            ("whole events in everyday disorder", EVERYDAY_TOPIC),
        ):
            contestants += [
                (
                    f"this worker, {package.name}: {what}",
                    partial(_worker, kafka.bootstrap, redis.url, topic, package, count, log),
                )
                for package in packages
            ]
        costs = []
        for name, run in contestants:
            with status(name):
                costs.append(run(name))
        return costs


def bare(bootstrap: str, count: int, decode: bool, name: str) -> Cost:
    """Time a bare aiokafka loop, with or without msgspec."""
    process = start(
        ["-m", "bench.contestants.bare", bootstrap, TOPIC, str(count), "decode" if decode else "skip"]
    )
    try:
        process.wait_for("ready")
        watch = Watch(process)
        process.go()
        process.wait_for("done")
        return watch.stop(name, count)
    finally:
        process.end()


def naive_faust(bootstrap: str, topic: str, count: int, name: str) -> Cost:
    """Time Faust as its tutorial shows it, from its first event on."""
    process = start(["-m", "bench.contestants.naive_faust", bootstrap, topic, str(count), str(os.getpid())])
    try:
        process.wait_for("ready")
        watch = Watch(process)
        process.wait_for("done")
        return watch.stop(name, count)
    finally:
        process.end()


def _worker(kafka: str, redis: str, topic: str, package: Package, count: int, log: Path, name: str) -> Cost:
    """Time this worker with the whole preset: from ready until all records are counted durably."""
    port = free_port()
    own = f"{topic}-{package.name.replace(' ', '-')}"
    environment = {
        "MICROCONV_KAFKA__BROKERS": kafka,
        "MICROCONV_KAFKA__EVENTS": json.dumps([topic]),
        "MICROCONV_KAFKA__GROUP": f"bench-{own}",
        "MICROCONV_REDIS__URL": redis,
        "MICROCONV_REDIS__PREFIX": own,
        "MICROCONV_WEB__PORT": str(port),
        **package.environment,
    }
    process = start([*package.options, "-m", "stream", "worker", "--preset", "ecommerce"], environment, log)
    try:
        wait(process, lambda: get(port, "/ready") is not None)  # as with the others, the start is not in it
        watch = Watch(process)
        wait(process, lambda: judged(redis, own) >= count)
        return watch.stop(name, count)
    finally:
        process.end()


def wait(process: Process, condition: Callable[[], bool]) -> None:
    """Wait for a condition.

    Raises:
        RuntimeError: The process ended, or it takes too long.
    """
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        if not process.running or time.monotonic() > deadline:
            raise RuntimeError("the worker ended, or never got there; see its log")
        time.sleep(0.01)


def judged(redis: str, prefix: str) -> int:
    """Return how many records are judged and shown: asking Redis costs the worker nothing."""
    with Redis.from_url(redis, decode_responses=True) as store:
        status = store.hgetall(f"{prefix}:status")
    return sum(int(status.get(outcome, 0)) for outcome in OUTCOMES)


def get(port: int, path: str) -> str | None:
    """Return a page of the worker, or nothing while it is not there."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return str(answer.read().decode())
    except OSError:
        return None
