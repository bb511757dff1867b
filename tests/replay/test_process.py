"""The verb `replay` as a process: what it shows while it works, and how it ends."""

import io
import os
import signal
import subprocess
from pathlib import Path

from rich.console import Console

from stream.replay.answers import What
from stream.replay.command import replay
from stream.replay.progress import progress
from tests.replay.running import run, write
from tests.replay.test_command import COMMAND, SETTINGS, SHOP, VISITS, traffic


def test_the_process_ends_at_once_when_all_is_printed(tmp_path: Path) -> None:
    """Into a pipe everything arrives, with code 0, whatever kind of result; a mistake has its own code."""
    file = write(tmp_path / "a", [record.value for record in traffic(3_000)])
    kinds: list[tuple[What, bool]] = [
        ("rates", False),
        ("rates", True),
        ("sessions", True),
        ("times", False),
        ("times", True),
    ]
    for what, as_json in kinds:
        arguments = ["--what", what, *(["--json"] if as_json else [])]
        done = subprocess.run([*COMMAND, *arguments, str(file)], capture_output=True, timeout=60)
        assert done.returncode == 0
        assert done.stdout == run(SHOP, file, what=what, as_json=as_json).out
        assert b"3,000 records read: 3,000 counted" in done.stdout + done.stderr
    left: list[int] = []
    assert replay(SETTINGS, [str(file)], leave=left.append) == 0
    assert replay(SETTINGS, [str(tmp_path / "missing")], leave=left.append) == 2
    assert left == [0]


def test_a_reader_that_stops_is_no_error(tmp_path: Path) -> None:
    """In `replay … | head` the reader leaves early: exit code 0, and no complaint."""
    file = write(tmp_path / "a", [record.value for record in traffic(20_000)])
    with subprocess.Popen(
        [*COMMAND, "--json", str(file)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith(b"{")
        process.stdout.close()
        said = process.stderr.read()
        assert process.wait(60) == 0
    assert b"Error" not in said


def test_progress_is_shown_to_people_only() -> None:
    """On a terminal a bar tells of reading, sorting and counting; elsewhere nothing is drawn."""
    for terminal, alone in ((True, True), (True, False), (False, True)):
        drawn = io.StringIO()
        screen = Console(file=drawn, force_terminal=terminal, width=80)
        with progress(screen, 2_000_000, alone=alone) as steps:
            seen = []
            for act in (
                lambda: steps.read(1_000_000),
                steps.sorting,
                lambda: steps.counted(500, 1_000),
                steps.done,
            ):
                act()
                if bar := getattr(steps, "_bars", None):
                    seen.append((bar.tasks[0].description, bar.tasks[0].completed))
        if terminal and alone:
            assert seen == [("reading", 1_000_000), ("sorting", 0), ("counting", 500), ("counting", 500)]
        else:
            assert drawn.getvalue() == ""


def test_an_interruption_is_told(tmp_path: Path) -> None:
    """Ctrl-C while it reads ends it with code 1 and a sentence, and leaves nothing behind."""
    environ = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        [*COMMAND, "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environ
    ) as process:
        assert process.stdin is not None
        assert process.stderr is not None
        for _ in range(3):  # more than a pipe holds: it has begun to read when all is written
            process.stdin.write(b"\n".join(VISITS) + b"\n" + b" " * 200_000)
        process.stdin.flush()
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 1
        assert b"interrupted" in process.stderr.read()
    assert list(tmp_path.iterdir()) == []
