"""``python -m bench``: one table of one run, on this machine."""

import argparse
import json
import os
import statistics
import sys
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bench import latency, stages, throughput
from bench.load import PARTITIONS
from bench.package import PURE, compiled
from bench.process import Cost
from tests.parts import MissingPartError


def main() -> None:
    """Run what was asked for, and print it."""
    arguments = argparse.ArgumentParser(prog="python -m bench")
    arguments.add_argument("--events", type=int, default=500_000, help="records of the throughput part")
    arguments.add_argument("--seconds", type=float, default=60.0, help="length of the latency part")
    arguments.add_argument(
        "--rate", type=float, default=5_000.0, help="events per second of the latency part"
    )
    arguments.add_argument("--keyed-by", choices=("visitor", "none"), default="visitor")
    arguments.add_argument("--only", choices=("throughput", "latency", "stages"))
    arguments.add_argument("--json", action="store_true")
    given = arguments.parse_args()
    screen = Console(stderr=given.json, highlight=False, width=110)
    found: dict[str, object] = {"machine": _machine()}
    screen.print(f"[bold]{found['machine']}[/bold]")
    packages = [PURE]
    if given.only != "latency":
        try:
            with screen.status("compiling the core"):
                packages.append(compiled())
        except MissingPartError as missing:
            screen.print(f"the core is not compiled: {missing}")
    if given.only in (None, "stages"):
        took_us: dict[str, dict[str, float]] = {}
        for package in packages:
            with screen.status(f"stages, {package.name}"):
                took_us[package.name] = stages.of(package, min(given.events, 300_000))
        found["stages_us"] = {
            name: {stage: round(us, 2) for stage, us in took.items()} for name, took in took_us.items()
        }
        screen.print(_stage_table(took_us))
    if given.only in (None, "throughput"):
        costs = throughput.measure(given.events, packages, screen.status)
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
        took = latency.measure(given.rate, given.seconds, screen.status, given.keyed_by)
        cuts = statistics.quantiles(took, n=100)
        found["latency"] = {
            "rate": given.rate,
            "keyed_by": given.keyed_by,
            "probes": len(took),
            "p50_ms": round(cuts[49]),
            "p99_ms": round(cuts[98]),
            "max_ms": round(max(took)),
        }
        screen.print(f"event to Redis and /metrics at {given.rate:.0f} events/s: {found['latency']}")
    if given.json:
        json.dump(found, sys.stdout)
        sys.stdout.write("\n")


def _cost_table(costs: list[Cost]) -> Table:
    naive = next(c for c in costs if c.name == throughput.NAIVE)
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


def _stage_table(took_us: dict[str, dict[str, float]]) -> Table:
    table = Table("µs per event", *took_us)
    for stage in next(iter(took_us.values())):
        table.add_row(stage, *(f"{stages[stage]:.2f}" for stages in took_us.values()))
    return table


def _machine() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    model = names[0] if names else "unknown processor"
    return f"{model}, {os.cpu_count()} cores, Python {sys.version.split()[0]}, {PARTITIONS} partitions"


main()
