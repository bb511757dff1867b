"""fakeredis' server, which stands in where the embedded store has no wheel."""

import importlib.util
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from stream import embedded
from stream.embedded.server import Server
from stream.embedded.store import answers_ping
from tests.parts.missing import MissingPartError
from tests.sinks.owner import MINUTE, Owner, client, content, eventually, history, names, rate


class FakeStore(Server):
    """fakeredis as the embedded store starts it."""

    name = "fakeredis"

    def command(self) -> Sequence[str]:
        """Return the command line."""
        if importlib.util.find_spec("lupa") is None:
            raise MissingPartError("fakeredis has no Lua (pip install 'fakeredis[lua]')")
        script = Path(embedded.__file__).with_name("fake_store.py")
        return [sys.executable, "-P", str(script), self.host, str(self.port)]

    def ready(self) -> bool:
        """Tell whether it answers PING."""
        return answers_ping(self.host, self.port)


@pytest.fixture
def fake_store() -> Iterator[Server]:
    """An empty fakeredis of the test's own."""
    with FakeStore() as store:
        yield store


async def test_fakeredis_will_do(fake_store: Server) -> None:
    """Values, fence and rebuild work there, too: enough for the demo."""
    with client(fake_store) as reader:
        async with Owner(fake_store) as old:
            old.commit(
                {"t:a": rate("0.5", low="0.4"), "t:h": history((1, "one"), (2, "two")), "t:s": names("a")}
            )
            await old.written()
            old.commit({"t:a": rate("0.6"), "t:h": history((2, "2"), keep_from=2)})
            await old.written()
            assert content(reader, "t:a") == {"ratio": "0.6"}
            assert content(reader, "t:h") == {2 * MINUTE: "2"}
            assert content(reader, "t:s") == {"a"}

            async with Owner(fake_store, seq=old.seq, known=old.known) as new:
                new.commit({"t:a": rate("0.7")})
                await new.written()
                old.offer({"t:a": rate("of the past")})
                await eventually(lambda: old.writer.refused)
                assert content(reader, "t:a") == {"ratio": "0.7"}

                reader.flushall()
                await eventually(lambda: new.writer.rebuilds == 2)
                assert content(reader, "t:h") == {2 * MINUTE: "2"}
