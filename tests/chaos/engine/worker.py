"""A worker process of the chaos suite: ``python -m tests.chaos.engine.worker '{"brokers": [...], ...}'``."""

import json
import logging
import os
import signal
import sys
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaProducer

from stream.engine import Connection, Engine, TopicSpec
from tests.chaos.engine.tally import topologies


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


def freeze_before_commit(topology: str, wish: Path) -> None:
    """Stop this process (SIGSTOP) inside a topology's next transaction, once the file ``wish`` exists."""
    commit = AIOKafkaProducer.commit_transaction

    def freeze_if_wished(transactional_id: str) -> None:
        if topology in transactional_id and wish.exists():
            wish.unlink()
            os.kill(os.getpid(), signal.SIGSTOP)

    async def freezing(producer: AIOKafkaProducer) -> None:
        freeze_if_wished(producer._txn_manager.transactional_id)
        await commit(producer)

    AIOKafkaProducer.commit_transaction = freezing


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    given = json.loads(sys.argv[1])
    for name, path in given.get("freeze", {}).items():
        freeze_before_commit(name, Path(path))
    build(given).run()
