"""Redis as one private server, from Debian's package; memory only."""

from collections.abc import Sequence

from stream.embedded.server import Server
from stream.embedded.store import answers_ping
from tests.parts.missing import program


class RedisServer(Server):
    """A Redis that can be away for a while: ``stop`` and ``start`` keep the port; what it held is gone.

    Raises (on start):
        MissingPartError: If redis-server is not installed.
        StartError: If it does not come up.
    """

    name = "Redis"

    @property
    def url(self) -> str:
        """The URL for clients."""
        return f"redis://{self.address}/0"

    def command(self) -> Sequence[str]:
        """Return redis-server's command line, without persistence."""
        redis = program("redis-server", "redis-server")
        return [redis, "--bind", self.host, "--port", str(self.port), "--save", "", "--appendonly", "no"]

    def ready(self) -> bool:
        """Tell whether it answers PING."""
        return answers_ping(self.host, self.port)
