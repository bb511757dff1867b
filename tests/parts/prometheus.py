"""Prometheus as one private server, from Debian's package, and its promtool."""

import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from stream.embedded.server import Server
from tests.parts.missing import program


class Sample(NamedTuple):
    """One series of the answer to a query."""

    labels: dict[str, str]
    value: float


def promtool() -> str:
    """Return promtool's path.

    Raises:
        MissingPartError: If it is not installed.
    """
    return program("promtool", "prometheus")


class PrometheusServer(Server):
    """A Prometheus that scrapes what it is told.

    Args:
        targets: ``host:port`` of what to scrape, once a second, at ``/metrics``.
        settings: Further top-level settings of prometheus.yml, or others instead of ours.
        files: Files beside prometheus.yml that the settings name (rules, say): name → text.

    Raises (on start):
        MissingPartError: If prometheus is not installed.
        StartError: If it does not come up, as with wrong settings.
    """

    name = "Prometheus"
    start_within = 30.0

    def __init__(
        self,
        targets: Iterable[str] = (),
        settings: Mapping[str, Any] | None = None,
        files: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__()
        self._settings = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "scrape_configs": [{"job_name": "microconv", "static_configs": [{"targets": list(targets)}]}],
            **(settings or {}),
        }
        self._extra_files = dict(files or {})

    @property
    def url(self) -> str:
        """The URL of its web pages and API, without a slash at its end."""
        return f"http://{self.address}"

    def command(self) -> Sequence[str]:
        """Write the configuration and return the command line."""
        prometheus = program("prometheus", "prometheus")
        for name, text in self._extra_files.items():
            (self.folder / name).write_text(text)
        configuration = self.folder / "prometheus.yml"
        configuration.write_text(json.dumps(self._settings))  # JSON is YAML
        return [
            prometheus,
            f"--config.file={configuration}",
            f"--storage.tsdb.path={self.folder / 'data'}",
            f"--web.listen-address={self.address}",
            "--log.level=warn",
        ]

    def ready(self) -> bool:
        """Tell whether it says of itself that it is ready."""
        try:
            with urllib.request.urlopen(f"{self.url}/-/ready", timeout=1) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def query(self, expression: str) -> list[Sample]:
        """Return what an instant query finds now (blocks; in async tests run it by ``asyncio.to_thread``).

        Raises:
            ValueError: If Prometheus refuses the expression; says why.
        """
        url = f"{self.url}/api/v1/query?{urllib.parse.urlencode({'query': expression})}"
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                found = json.load(answer)["data"]
        except urllib.error.HTTPError as refused:
            with refused:
                raise ValueError(f"{expression}: {refused.read().decode()}") from refused
        if found["resultType"] == "scalar":
            return [Sample({}, float(found["result"][1]))]
        return [Sample(series["metric"], float(series["value"][1])) for series in found["result"]]

    def wait_for(self, expression: str, within: float = 30.0) -> list[Sample]:
        """Return what a query finds as soon as it finds anything.

        Raises:
            TimeoutError: If it found nothing ``within`` that many seconds.
        """
        deadline = time.monotonic() + within
        while not (found := self.query(expression)):
            if time.monotonic() > deadline:
                raise TimeoutError(f"Prometheus has nothing for {expression} after {within:g} s")
            time.sleep(0.1)
        return found
