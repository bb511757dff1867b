import io
import json
from dataclasses import replace

import pytest
from rich.console import Console

from stream.configuration import load
from stream.demo.latency import METHOD, Percentiles
from stream.demo.reading import subject_of
from stream.demo.summary import Summary, summarize, tell
from tests.demo.boards import SUBJECT, snapshot


def summary() -> Summary:
    """Return the summary of a demo of 45 seconds."""
    latency = Percentiles(14_050, 182, 391)
    return summarize(SUBJECT, snapshot(), seconds=45.04, seed=7, events=14_050, latency=latency)


def told(made: Summary) -> str:
    """Return what people read."""
    console = Console(width=100, file=io.StringIO(), record=True)
    tell(made, console, as_json=False)
    return console.export_text()


def test_the_object_adds_up(capsys: pytest.CaptureFixture[str]) -> None:
    """The JSON is one line; outcomes sum to the events; each ratio is converted by sessions."""
    tell(summary(), Console(stderr=True), as_json=True)
    (line,) = capsys.readouterr().out.splitlines()
    found = json.loads(line)
    assert (found["seconds"], found["seed"], found["events"], found["sessions"]) == (45.0, 7, 14_050, 1_400)
    assert found["counted"] == found["outcomes"]["counted"] == 14_000
    assert sum(found["outcomes"].values()) == found["events"]
    assert found["window"] == "24h"
    assert set(found["rates"]) == set(SUBJECT.measures)
    for rate in found["rates"].values():
        assert rate["ratio"] == pytest.approx(rate["converted"] / rate["sessions"])
    assert (
        found["rates"]["checkout.order"] | {"converted": 21, "sessions": 812}
        == found["rates"]["checkout.order"]
    )
    assert found["latency"] == {"records": 14_050, "p50_ms": 182, "p99_ms": 391, "method": METHOD}


def test_what_was_not_measured_is_null(capsys: pytest.CaptureFixture[str]) -> None:
    """Without sessions a ratio is null, without records so is the latency: never 0."""
    empty = replace(snapshot(), rates={})
    made = summarize(SUBJECT, empty, seconds=1, seed=7, events=0, latency=None)
    tell(made, Console(stderr=True), as_json=True)
    found = json.loads(capsys.readouterr().out)
    assert found["rates"]["checkout.order"]["ratio"] is None
    assert found["latency"]["p50_ms"] is found["latency"]["p99_ms"] is None
    assert "latency   -" in told(made)


def test_people_read_the_same() -> None:
    """The text has events with what became of them, sessions, latency with its method, and every measure."""
    text = " ".join(told(summary()).split())
    assert "14,050 sent in 45 s, 14,050 read: 14,000 counted, 43 duplicate, 7 rejected" in text
    assert "sessions 1,400" in text
    assert "p50 182 ms, p99 391 ms, of 14,050 records" in text
    assert METHOD in text
    assert "checkout.order 812 21 2.6% 0.6% - 4.6%" in text
    assert all(measure in text for measure in SUBJECT.measures)


def test_attempts_are_not_passed_off_as_sessions() -> None:
    """Of a funnel that runs across sessions it is said what is counted; of others nothing is."""
    subject = subject_of(load(preset="saas", environ={}))
    made = summarize(subject, snapshot(subject), seconds=1, seed=7, events=9, latency=None)
    text = " ".join(told(made).split())
    assert "trial.demo_request 640 14 2.2%" in text
    assert text.endswith("trial: attempts across a visitor's sessions, not sessions")
    assert "sessions 1,400" in text
    assert "attempts" not in told(summary())
