"""What an event costs, from a bare loop to the whole worker: all in one run, on one core."""

import json
import os
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

from redis import Redis

from bench.load import TOPIC
from bench.process import Cost, Process, Watch, start
from stream.core.event import OUTCOMES
from stream.embedded import free_port

DEADLINE_S = 900.0


def bare(bootstrap: str, count: int, decode: bool) -> Cost:
    """Time a bare aiokafka loop, with or without msgspec."""
    process = start(
        ["-m", "bench.contestants.bare", bootstrap, TOPIC, str(count), "decode" if decode else "skip"]
    )
    try:
        process.wait_for("ready")
        watch = Watch(process)
        process.go()
        process.wait_for("done")
        return watch.stop("bare aiokafka loop" + (" + msgspec" if decode else ""), count)
    finally:
        process.end()


def naive_faust(bootstrap: str, topic: str, count: int) -> Cost:
    """Time Faust as its tutorial shows it, from its first event on."""
    process = start(["-m", "bench.contestants.naive_faust", bootstrap, topic, str(count), str(os.getpid())])
    try:
        process.wait_for("ready")
        watch = Watch(process)
        process.wait_for("done")
        return watch.stop("naive Faust (one agent, table[k] += 1, JSON)", count)
    finally:
        process.end()


def worker(bootstrap: str, redis: str, count: int, log: Path) -> Cost:
    """Time this worker with the whole preset: from ready until all records are counted durably."""
    port = free_port()
    environment = {
        "MICROCONV_KAFKA__BROKERS": bootstrap,
        "MICROCONV_KAFKA__GROUP": f"bench-{os.getpid()}-{count}",
        "MICROCONV_REDIS__URL": redis,
        "MICROCONV_WEB__PORT": str(port),
    }
    process = start(["-m", "stream", "worker", "--preset", "ecommerce"], environment, log)
    try:
        wait(process, lambda: get(port, "/ready") is not None)  # as with the others, the start is not in it
        watch = Watch(process)
        wait(process, lambda: judged(redis) >= count)
        return watch.stop("this worker, whole preset, durable", count)
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


def judged(redis: str) -> int:
    """Return how many records are judged and shown: asking Redis costs the worker nothing."""
    with Redis.from_url(redis, decode_responses=True) as store:
        status = store.hgetall("mc:status")
    return sum(int(status.get(outcome, 0)) for outcome in OUTCOMES)


def get(port: int, path: str) -> str | None:
    """Return a page of the worker, or nothing while it is not there."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return str(answer.read().decode())
    except OSError:
        return None


def as_json(costs: list[Cost]) -> str:
    """Return the table for programs."""
    return json.dumps(
        [
            {
                "name": c.name,
                "events": c.events,
                "cpu_s_per_million": round(c.cpu_per_million, 3),
                "events_per_s_and_core": round(c.events_per_core),
                "events_per_s": round(c.events / c.wall_s),
            }
            for c in costs
        ]
    )
