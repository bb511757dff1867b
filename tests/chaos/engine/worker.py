"""A worker process of the chaos suite: ``python -m tests.chaos.engine.worker '{"brokers": [...], ...}'``."""

import json
import logging
import os
import sys
from pathlib import Path
from typing import Any

from stream.engine import Connection, Engine, TopicSpec
from tests.chaos.engine.tally import topologies
from tests.chaos.freezing import FOLDER, freeze_on_wish


class Silent:
    """Observes nothing."""

    def transaction(self, topology: str, seconds: float) -> None:
        """Ignore it."""

    def flush(self, topology: str, seconds: float, rows: int) -> None:
        """Ignore it."""


def build(options: dict[str, Any]) -> Engine:
    """Make the engine that the options describe."""
    prefix = options["prefix"]
    transactions = options.get("transactions", True)
    return Engine(
        Connection(
            brokers=tuple(options["brokers"]),
            group=options["group"],
            instance_id=options.get("instance_id", ""),
            transactions=transactions,
            heartbeat_s=0.3 if transactions else 1.0,
        ),
        topologies(prefix, tuple(options["inputs"]), repeats=not transactions),
        Silent(),
        topics=[TopicSpec(f"{prefix}deltas", 1), TopicSpec(f"{prefix}totals", 1)],
        default_partitions=options.get("partitions", 4),
    )


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    freeze_on_wish(Path(os.environ[FOLDER]))
    build(json.loads(sys.argv[1])).run()
