"""The demo's worker: the real command as a child process, told by its environment where everything is."""

import os
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

import stream
from stream.configuration import ENV_PREFIX
from stream.embedded.server import Server

PARTITIONS = 4
"""Partitions of the events topic."""


def overrides(brokers: str, redis_url: str, port: int) -> dict[str, str]:
    """Return the variables that put the demo's addresses over the preset's."""
    return {
        f"{ENV_PREFIX}KAFKA__BROKERS": brokers,
        f"{ENV_PREFIX}KAFKA__PARTITIONS": str(PARTITIONS),
        f"{ENV_PREFIX}KAFKA__TRANSACTIONS": "false",  # the embedded broker has none
        f"{ENV_PREFIX}REDIS__URL": redis_url,
        f"{ENV_PREFIX}WEB__PORT": str(port),
    }


class DemoWorker(Server):
    """``microconv worker`` on a port of its own; it is ready when it has joined and recovered.

    Raises (on start):
        StartError: If its port is taken, or it ends or is not ready in time (tells its log's end).
    """

    name = "Demo worker"
    start_within: ClassVar[float] = 60.0

    def __init__(self, brokers: str, redis_url: str, preset: str, port: int | None = None) -> None:
        super().__init__(port)
        self.preset = preset
        self.overrides = overrides(brokers, redis_url, self.port)

    @property
    def metrics_url(self) -> str:
        """Where it shows its metrics."""
        return f"http://{self.address}/metrics"

    def command(self) -> Sequence[str]:
        """Return the command line; by this Python, whatever is on the path."""
        return [sys.executable, "-P", "-m", "stream", "worker", "--preset", self.preset]

    def environment(self) -> Mapping[str, str]:
        """Return ours without what configures another worker, and with the demo's addresses."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(ENV_PREFIX)}
        # The child starts in another folder, where a checkout that is not installed would not be found.
        paths = [str(Path(stream.__file__).parents[1]), *filter(None, [kept.get("PYTHONPATH")])]
        return {**kept, "PYTHONPATH": os.pathsep.join(paths), **self.overrides}

    def ready(self) -> bool:
        """Tell whether ``/ready`` says so."""
        try:
            with urllib.request.urlopen(f"http://{self.address}/ready", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False
