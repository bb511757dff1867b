"""The processes that share a replay: how they end, and what is told when one ends too soon."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from stream.replay.crew import Crew, LostError
from stream.replay.exchange import owner
from stream.replay.line import Desk
from stream.replay.messages import Found, Newest
from tests.replay.running import run, write
from tests.replay.test_command import COMMAND, SHOP, traffic

DEADLINE = 30.0
TWO = [*COMMAND, "--cores", "2"]


def children(pid: int) -> list[int]:
    """Return the processes that a process has made and that have not ended."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in found]


def alive(pid: int) -> bool:
    """Whether a process is there and has not ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until_gone(pids: list[int]) -> None:
    """Wait for the ends of processes."""
    until = time.monotonic() + DEADLINE
    while any(map(alive, pids)):
        assert time.monotonic() < until, "they go on"
        os.sched_yield()


@contextmanager
def reading_for_ever(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], list[int]]]:
    """Run a replay of standard input, which has given something and stays silent then."""
    environ = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        [*TWO, "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environ
    ) as process:
        assert process.stdin is not None
        for _ in range(4):  # more than a pipe holds: it has begun to read when all is written
            process.stdin.write(b"{}\n" + b" " * 200_000)
        process.stdin.flush()
        until = time.monotonic() + DEADLINE
        while len(children(process.pid)) < 2:
            assert time.monotonic() < until
        made = children(process.pid)
        try:
            yield process, made
        finally:
            process.kill()
            wait_until_gone(made)
    assert list(tmp_path.iterdir()) == []


def test_the_command_prints_the_same(tmp_path: Path) -> None:
    """With --cores the bytes and the exit code are those of one core."""
    file = write(tmp_path / "a", [record.value for record in traffic(3_000)])
    for arguments in (["--json"], [], ["--json", "--what", "sessions"], ["--as-arrived", "--json"]):
        one, two = (
            subprocess.run(
                [*COMMAND, *arguments, "--cores", cores, str(file)], capture_output=True, timeout=60
            )
            for cores in ("1", "2")
        )
        assert (two.returncode, two.stdout, two.stderr) == (one.returncode, one.stdout, one.stderr)
        assert one.returncode == 0
        assert one.stdout


def test_a_process_that_is_killed_is_told(tmp_path: Path) -> None:
    """When one is killed, also while nothing comes to be read: code 1, what happened, and none stays."""
    with reading_for_ever(tmp_path) as (process, made):
        os.kill(made[0], signal.SIGKILL)
        assert process.wait(DEADLINE) == 1
        assert process.stderr is not None
        said = process.stderr.read()
        assert b"could not go on: one of its processes was ended by SIGKILL" in said
        assert said.count(b"\n") == 1
        wait_until_gone(made)


def test_an_interruption_ends_all(tmp_path: Path) -> None:
    """Ctrl-C, which reaches all processes of a terminal, is told once, with code 1, and none stays."""
    with reading_for_ever(tmp_path) as (process, made):
        for pid in (*made, process.pid):
            os.kill(pid, signal.SIGINT)
        assert process.wait(DEADLINE) == 1
        assert process.stderr is not None
        assert process.stderr.read() == b"interrupted: what was printed is not all\n"
        wait_until_gone(made)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_none_outlives_the_first(how: signal.Signals, tmp_path: Path) -> None:
    """When the process that made them is killed, with or without a chance to say so, they end, too."""
    with reading_for_ever(tmp_path) as (process, made):
        process.send_signal(how)
        assert process.wait(DEADLINE) == -how
        wait_until_gone(made)


def test_a_reader_that_stops_ends_all(tmp_path: Path) -> None:
    """In `replay … | head` the reader leaves early: exit code 0, no complaint, and no process stays."""
    file = write(tmp_path / "a", [record.value for record in traffic(20_000)])
    with subprocess.Popen(
        [*TWO, "--json", str(file)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith(b"{")
        made = children(process.pid)
        process.stdout.close()
        assert process.wait(DEADLINE) == 0
        assert b"Error" not in process.stderr.read()
    wait_until_gone(made)


def wait_for_ever(desk: Desk) -> None:
    """Do as told: say something, be busy for ever, or fail."""
    while True:
        asked = desk.next()
        assert isinstance(asked, Newest)
        if asked.key[0] == 1:
            while True:
                pass
        if asked.key[0] == 2:
            raise RuntimeError("of the work")
        if asked.key[0] == 3:
            raise OSError("no space left")
        desk.tell(Found(desk.number))


def test_each_is_heard_and_none_is_waited_for(capfd: pytest.CaptureFixture[str]) -> None:
    """Each answers for itself; one that is busy does not hold up the end of all."""
    with Crew(3, wait_for_ever) as crew:
        for number in range(3):
            crew.ask(number, Newest((0, "", "")))
        heard = {crew.hear([number])[1].time for number in range(3)}  # type: ignore[union-attr] # it is `Found`
        assert heard == {0, 1, 2}
        crew.ask(1, Newest((1, "", "")))
        pids = crew.pids
    assert not any(map(alive, pids))
    for kind, error, said in ((2, LostError, "ended with code 1"), (3, OSError, "no space left")):
        with Crew(2, wait_for_ever) as crew:
            crew.ask(0, Newest((kind, "", "")))
            with pytest.raises(error, match=said):
                crew.hear([0])
    assert "RuntimeError: of the work" in capfd.readouterr().err
    with contextlib.suppress(ChildProcessError):
        assert os.waitpid(-1, os.WNOHANG) == (0, 0), "one was not waited for"


def test_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written on the way and finds no room ends the replay with that error."""
    from stream.replay import exchange

    def full(*_: object) -> Iterator[object]:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(exchange, "write", full)
    file = write(tmp_path / "a", [record.value for record in traffic(200)])
    with pytest.raises(OSError, match="No space left on device"):
        run(SHOP, file, cores=2)


def test_a_visitor_has_one_owner() -> None:
    """Whose a visitor is follows from the name alone, and shares are about equal."""
    assert [owner(name, 3) for name in ("a", "b", "ü")] == [0, 2, 1]
    counts = [0, 0, 0]
    for number in range(9_000):
        counts[owner(f"visitor-{number}", 3)] += 1
    assert min(counts) > 2_700
