"""``python -m bench``: one table of one run, on this machine."""

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bench.latency import probes
from bench.load import PARTITIONS, TOPIC, fill, records
from bench.process import Cost, start
from bench.stages import measure
from bench.throughput import bare, get, naive_faust, wait, worker
from stream.embedded import free_port
from tests.parts import KafkaBroker, RedisServer, create_topics

NAIVE_EVENTS = 40_000
"""Naive Faust is slow; what an event costs it shows with fewer of them."""

LATENCY_PARTITIONS = 8


def main() -> None:
    """Run what was asked for, and print it."""
    arguments = argparse.ArgumentParser(prog="python -m bench")
    arguments.add_argument("--events", type=int, default=500_000, help="records of the throughput part")
    arguments.add_argument("--seconds", type=float, default=60.0, help="length of the latency part")
    arguments.add_argument(
        "--rate", type=float, default=5_000.0, help="events per second of the latency part"
    )
    arguments.add_argument("--only", choices=("throughput", "latency", "stages"))
    arguments.add_argument("--json", action="store_true")
    given = arguments.parse_args()
    screen = Console(stderr=given.json, highlight=False, width=110)
    found: dict[str, object] = {"machine": _machine()}
    screen.print(f"[bold]{found['machine']}[/bold]")
    if given.only in (None, "stages"):
        with screen.status("stages"):
            stages = measure(list(records(min(given.events, 300_000)))).per_event_us()
        found["stages_us"] = {stage: round(us, 2) for stage, us in stages.items()}
        screen.print(_stage_table(stages))
    if given.only in (None, "throughput"):
        costs = _throughput(given.events, screen)
        found["throughput"] = [
            {
                "name": c.name,
                "events": c.events,
                "cpu_s_per_million": round(c.cpu_per_million, 3),
                "events_per_s_and_core": round(c.events_per_core),
                "events_per_s": round(c.events / c.wall_s),
            }
            for c in costs
        ]
        screen.print(_cost_table(costs))
    if given.only in (None, "latency"):
        took = _latency(given.rate, given.seconds, screen)
        cuts = statistics.quantiles(took, n=100)
        latency = {
            "rate": given.rate,
            "probes": len(took),
            "p50_ms": round(cuts[49]),
            "p99_ms": round(cuts[98]),
        }
        found["latency"] = {**latency, "max_ms": round(max(took))}
        screen.print(f"event to Redis at {given.rate:.0f} events/s: {found['latency']}")
    if given.json:
        json.dump(found, sys.stdout)
        sys.stdout.write("\n")


def _throughput(count: int, screen: Console) -> list[Cost]:
    with screen.status("making the load"):
        load = list(records(count))
    with KafkaBroker() as kafka, RedisServer() as redis, tempfile.TemporaryDirectory() as folder:
        with screen.status("filling the topic"):
            asyncio.run(fill(kafka.bootstrap, load))
        del load
        costs = []
        for name, run in (
            ("bare loop", lambda: bare(kafka.bootstrap, count, decode=False)),
            ("bare loop + msgspec", lambda: bare(kafka.bootstrap, count, decode=True)),
            ("naive Faust", lambda: naive_faust(kafka.bootstrap, TOPIC, min(count, NAIVE_EVENTS))),
            ("this worker", lambda: worker(kafka.bootstrap, redis.url, count, Path(folder) / "worker.log")),
        ):
            with screen.status(name):
                costs.append(run())
        return costs


def _latency(rate: float, seconds: float, screen: Console) -> list[float]:
    port = free_port()
    with KafkaBroker() as kafka, RedisServer() as redis, tempfile.TemporaryDirectory() as folder:
        asyncio.run(create_topics(kafka.bootstrap, [TOPIC], LATENCY_PARTITIONS))
        environment = {
            "MICROCONV_KAFKA__BROKERS": kafka.bootstrap,
            "MICROCONV_REDIS__URL": redis.url,
            "MICROCONV_WEB__PORT": str(port),
        }
        process = start(
            ["-m", "stream", "worker", "--preset", "ecommerce"],
            environment,
            Path(folder) / "log",
            pinned=False,
        )
        traffic = start(
            ["-m", "stream", "simulate", "--preset", "ecommerce", "--rate", str(rate)],
            environment,
            pinned=False,
        )
        try:
            wait(process, lambda: get(port, "/ready") is not None)
            with screen.status(f"{rate:.0f} events/s for {seconds:.0f} s"):
                asyncio.run(probes(kafka.bootstrap, redis.url, 15.0))  # warm up
                return asyncio.run(probes(kafka.bootstrap, redis.url, seconds))
        finally:
            traffic.end()
            process.end()


def _cost_table(costs: list[Cost]) -> Table:
    naive = next(c for c in costs if c.name.startswith("naive"))
    table = Table("", "CPU s per million", "events/s and core", "events/s", "times naive Faust")
    for c in costs:
        table.add_row(
            escape(c.name),
            f"{c.cpu_per_million:.2f}",
            f"{c.events_per_core:,.0f}",
            f"{c.events / c.wall_s:,.0f}",
            f"{c.events_per_core / naive.events_per_core:.1f}",
        )
    return table


def _stage_table(stages: dict[str, float]) -> Table:
    table = Table("stage", "µs per event")
    for stage, us in stages.items():
        table.add_row(stage, f"{us:.2f}")
    return table


def _machine() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    model = names[0] if names else "unknown processor"
    return f"{model}, {os.cpu_count()} cores, Python {sys.version.split()[0]}, {PARTITIONS} partitions"


main()
