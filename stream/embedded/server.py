"""A server program on a port of 127.0.0.1: started, waited for, stopped, started again on the same port."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from stream.embedded.folder import Folder
from stream.embedded.process import ChildProcess, StartError, accepts_connections, free_port, is_free


class Server(ABC):
    """What all servers share; a subclass says which program it is and how to tell that it is ready.

    Entering it as a context manager starts the server; leaving stops it and removes its files.

    Attributes:
        host: Where it listens: 127.0.0.1 only.
        port: Its TCP port, the same over its whole life.
        folder: Its configuration, data and log; there from the first start to `close`. Folders that killed
            processes left behind are removed at the first start of the next server of the same name.
    """

    name: ClassVar[str]
    start_within: ClassVar[float] = 15.0
    """Seconds it may take until it is ready."""

    def __init__(self, port: int | None = None) -> None:
        self.host = "127.0.0.1"
        self.port = free_port() if port is None else port
        self._files: Folder | None = None
        self._process: ChildProcess | None = None

    @property
    def address(self) -> str:
        """``host:port``."""
        return f"{self.host}:{self.port}"

    @property
    def folder(self) -> Path:
        """See the class."""
        if self._files is None:
            raise RuntimeError(f"{self.name} was never started")
        return self._files.path

    @property
    def process(self) -> ChildProcess:
        """Its process: pid, whether it runs, the end of its log."""
        if self._process is None:
            raise RuntimeError(f"{self.name} was never started")
        return self._process

    def start(self) -> None:
        """Start the server, also again after `stop` or `kill`, and return when it is ready.

        Raises:
            StartError: If its port is taken, it ends at once (tells its log's end), or is not ready in time.
        """
        if not is_free(self.port, self.host):
            raise StartError(f"{self.name}: port {self.port} is in use")
        if self._process is None:
            self._files = Folder(self.name.lower().replace(" ", "-"))
            log = self.folder / "server.log"
            self._process = ChildProcess(self.name, self.command(), log=log, environment=self.environment())
        self._process.start(self.ready, within=self.start_within)

    def stop(self) -> None:
        """Shut it down in order; files stay for the next `start`. No-op when it does not run."""
        if self._process is not None:
            self._process.stop()

    def kill(self) -> None:
        """Kill it (SIGKILL); files stay for the next `start`. No-op when it does not run."""
        if self._process is not None:
            self._process.kill()

    def close(self) -> None:
        """Stop it for good and remove its files."""
        self.stop()
        self._process = None
        if self._files is not None:
            self._files.remove()
            self._files = None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @abstractmethod
    def command(self) -> Sequence[str]:
        """Prepare `folder` and return the command line; called once, before the first start."""

    def environment(self) -> Mapping[str, str] | None:
        """Return the program's whole environment; ``None``: the same as ours."""
        return None

    def ready(self) -> bool:
        """Tell whether it serves."""
        return accepts_connections(self.port, self.host)


class NotInstalledError(RuntimeError):
    """What the embedded broker or store needs is not installed; the message says how to get it."""
