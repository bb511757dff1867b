import builtins
import json
import sys
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from stream.configuration import load
from stream.core.event import DETAIL_LIMIT
from stream.replay.command import replay
from stream.simulate.disorder import IN_ORDER, Arrival, arrivals
from stream.simulate.traffic import Traffic
from tests.replay.running import run, write

SETTINGS = load(preset="ecommerce", environ={})
SHOP = SETTINGS.definition()
START = 1_772_452_800_000  # 2026-03-02T12:00Z
COMMAND = [sys.executable, "-m", "stream", "replay", "--preset", "ecommerce"]


def traffic(count: int) -> list[Arrival]:
    """Return records in order."""
    return list(islice(arrivals(Traffic(start_ms=START, rate=20, seed=3), IN_ORDER), count))


def event(name: str, minute: float, visitor: str, **more: Any) -> bytes:
    """Return an event so many minutes after the start."""
    time = START + int(minute * 60_000)
    return json.dumps({"name": name, "time": time, "visitor_id": visitor, **more}).encode()


VISITS = [
    event("view_item", 0, "a", device="mobile"),
    event("add_to_cart", 1, "a"),
    event("begin_checkout", 2, "a"),
    event("purchase", 3, "a", value=1250.5, currency="EUR"),
    event("purchase", 3, "a", value=100, currency="EUR", event_id="e"),
    event("view_item", 5, "b", session_id="s\x1b[2J"),
    event("add_to_cart", 6, "b", session_id="s\x1b[2J"),
    event("sign_up", 7, "c"),
    event("sign_up", 7, "c"),
    b"{",
    event("view_item", 90, "a"),
]


@pytest.mark.says("Divided by `actions` it is the revenue of a converting session.")
def test_the_table_says_the_totals(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """Each step with its sessions, ratio and share of the step before, the outcomes, the span of time."""
    file = write(tmp_path / "a", VISITS)
    assert replay(SETTINGS, [str(file)]) == 0
    text = capfdbinary.readouterr().out.decode()
    words = [" ".join(line.split()) for line in text.splitlines()]
    assert "add_to_cart 3 2 66.7% 66.7%" in words
    assert "begin_checkout 3 1 33.3% 50.0%" in words
    assert "shipping (optional) 3 0 0.0% 0.0%" in words
    assert "order 3 1 33.3% 100.0%" in words
    assert "newsletter 4 1 25.0% session" in words
    for line in ("all 4", "engaged 3 75.0%", "bounced 1 25.0%", "page views 0.00", "click-through -"):
        assert line in words
    assert "duration 1m 00s 0m 00s 3m 00s" in words
    assert "... of high intent 1m 20s 1m 01s 3m 00s" in words
    assert "intent score 0.28 0.00 0.79" in words
    assert "checkout.order 1 1,350.50 EUR 1,350.50" in words
    assert "revenue, EUR 337.62" in words, "of four sessions"
    assert "11 records read: 9 counted, 1 duplicate, 1 rejected" in words
    assert "from 2026-03-02 12:00:00 to 2026-03-02 13:30:00 UTC" in words
    assert "rejected: 1 not_json" in words
    assert max(map(len, text.splitlines()[:20])) <= 80


def test_what_was_found_is_quoted_in_part(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """A record that is wrong at length takes no more room on the screen than in the topic of its kind."""
    file = tmp_path / "a"
    file.write_text('{"name": "a", "visitor_id": "v", "time": "' + "x" * 4_000 + '"}\n')
    assert replay(SETTINGS, [str(file)]) == 0
    said = capfdbinary.readouterr().out.decode()
    assert "bad_time:" in said
    assert said.count("x") == DETAIL_LIMIT - len("time: found '")


def test_sessions_are_listed(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """Every session with its visitor, times, steps and dimensions, in order of its start."""
    file = str(write(tmp_path / "a", VISITS))
    assert replay(SETTINGS, [file], as_json=True, what="sessions") == 0
    found = [json.loads(line) for line in capfdbinary.readouterr().out.splitlines()]
    assert [(s["visitor_id"], s["start"] - START) for s in found] == [
        ("a", 0),
        ("b", 300_000),
        ("c", 420_000),
        ("a", 5_400_000),
    ]
    assert found[0] == {
        "visitor_id": "a",
        "session_id": None,
        "start": START,
        "end": START + 180_000,
        "duration": 180_000,
        "page_views": 0,
        "engaged": True,
        "bounced": False,
        "score": 0.8,
        "revenue": {"EUR": "1350.50"},
        "steps": {
            "checkout.product_view": START,
            "checkout.add_to_cart": START + 60_000,
            "session.engaged": START + 60_000,
            "checkout.begin_checkout": START + 120_000,
            "checkout.order": START + 180_000,
        },
        "dimensions": {"device": "mobile", "user_type": "new"},
    }
    assert found[3]["dimensions"]["user_type"] == "returning"
    assert (found[3]["engaged"], found[3]["bounced"], found[3]["score"]) == (False, True, 0.0)
    assert replay(SETTINGS, [file], what="sessions") == 0
    text = capfdbinary.readouterr().out.decode()
    assert "\x1b" not in text
    assert "12:01:00 checkout.add_to_cart" in text
    assert "(3m 00s, 0 page views, engaged, score 0.8, 1350.50 EUR)" in text


def test_a_session_is_whole_wherever_memory_is_tidied(tmp_path: Path) -> None:
    """Forgetting sessions on the way prints the same as keeping them all to the end."""
    file = write(tmp_path / "a", [record.value for record in traffic(4_000)])
    wanted = run(SHOP, file, what="sessions").out
    assert wanted.count(b"\n") > 100
    assert run(SHOP, file, what="sessions", step=10).out == wanted


@pytest.mark.parametrize(
    ("files", "code", "wanted"),
    [
        (["missing.jsonl"], 2, "missing.jsonl: cannot be read (No such file or directory)"),
        (["good", "missing.jsonl"], 2, "missing.jsonl"),
        (["."], 2, "is a directory; wanted: files"),
        (["-", "-"], 2, "standard input: given twice"),
        (["cut.gz"], 1, "cut.gz: its compressed data ends in the midst"),
        (["wrong.gz"], 1, "wrong.gz: its compressed data is broken"),
        (["cut.parquet"], 1, "cut.parquet: its Parquet is broken"),
    ],
)
def test_a_file_that_cannot_be_taken_is_named(
    files: list[str],
    code: int,
    wanted: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    """Wrong usage is 2, a broken file 1; one sentence says which and why, and nothing is printed."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "good", VISITS)
    (tmp_path / "cut.gz").write_bytes(b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff")
    (tmp_path / "wrong.gz").write_bytes(b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff" + b"wrong" * 40)
    (tmp_path / "cut.parquet").write_bytes(b"PAR1 and no more than that")
    assert replay(SETTINGS, files, as_json=True) == code
    captured = capfdbinary.readouterr()
    assert captured.out == b""
    assert wanted in captured.err.decode()
    assert captured.err.count(b"\n") == 1


def test_without_the_extra_it_is_said_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """A Parquet file without the library that reads it is exit code 2, and a sentence that helps."""
    real = builtins.__import__

    def missing(name: str, *arguments: Any, **named: Any) -> Any:
        if name.startswith("pyarrow"):
            raise ImportError(name)
        return real(name, *arguments, **named)

    monkeypatch.setattr(builtins, "__import__", missing)
    (tmp_path / "a").write_bytes(b"PAR1")
    assert replay(SETTINGS, [str(tmp_path / "a")]) == 2
    assert b"pip install 'microconv[parquet]'" in capfdbinary.readouterr().err


def test_what_is_not_built_is_refused(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """Only what there is can be asked for."""
    assert replay(SETTINGS, ["-"], what="alerts") == 2
    assert (
        b"--what: found 'alerts'; wanted: rates, sessions, facts, times or pages"
        in capfdbinary.readouterr().err
    )
