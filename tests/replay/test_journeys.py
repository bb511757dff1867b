"""Funnels across sessions in a replay: windows wait for attempts that go on."""

from dataclasses import replace
from pathlib import Path
from random import Random

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stream.core.definition import Definition, Dimension, Funnel, Micro, Step, Times
from tests.laws.test_journeys import FUNNELS, STORIES, TIMES, Said, read
from tests.oracle import compare, rows
from tests.replay.running import in_order, run, write

START = 1_772_452_800_000  # 2026-03-02T12:00Z
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
TRIAL = Funnel(
    "trial",
    (Step("ad", "ad"), Step("pricing", "pricing"), Step("demo", "demo", macro=True)),
    within_ms=HOUR,
    scope="visitor",
)
SITE = Definition(
    (TRIAL,),
    dimensions=(Dimension("device", "device", ("mobile", "desktop")), Dimension("user_type", "user_type")),
    times=Times(max_length=2 * HOUR, known_for=DAY),
)


def event(number: int, name: str, time: int, visitor: str = "v", **said: str) -> bytes:
    """Return a line."""
    known = {"event_id": f"e{number}", "name": name, "time": START + time, "visitor_id": visitor}
    return msgspec.json.encode(known | said)


@pytest.mark.parametrize("step", [1, 7, 65_536])
def test_windows_wait_for_an_attempt_that_goes_on(tmp_path: Path, step: int) -> None:
    """Clicks that prolong an attempt for two days hold back the window in which it began, until it ends."""
    clicks = [event(n, "ad", n * 50 * MINUTE, session_id=f"s{n}") for n in range(60)]
    end = 59 * 50 * MINUTE
    lines = [*clicks, event(60, "pricing", end + MINUTE), event(61, "demo", end + 55 * MINUTE)]
    lines += [event(100 + n, "ping", n * 10 * MINUTE, "p") for n in range(500)]
    found = run(SITE, write(tmp_path / "a", lines), step=step)
    assert compare(found.rows, rows(in_order(lines, SITE), SITE, unlisted=True)) == []
    row = found.rows["trial.demo", "all", "1h", START]
    assert (row["sessions"], row["converted"], row["open"], row["mature"]) == (1, 1, 0, True)
    keys = [(r["window_end"], -r["window_start"], r["measure"], r["segment"]) for r in found.rows.values()]
    assert keys == sorted(keys)


@pytest.mark.parametrize("step", [3, 65_536])
def test_attempts_that_end_after_the_last_session(tmp_path: Path, step: int) -> None:
    """At the end of the files attempts are closed, too: nobody is left open, though `within` is weeks."""
    months = replace(SITE, funnels=(replace(TRIAL, within_ms=30 * DAY),))
    random = Random(2)
    lines = [
        event(
            n, random.choice(["ad", "pricing", "demo"]), random.randrange(40) * DAY, f"v{random.randrange(9)}"
        )
        for n in range(120)
    ]
    found = run(months, write(tmp_path / "a", lines), step=step)
    assert compare(found.rows, rows(in_order(lines, months), months, unlisted=True)) == []
    assert sum(row["converted"] for row in found.rows.values() if row["measure"] == "trial.demo") > 10


@pytest.mark.parametrize("step", [5, 65_536])
def test_sessions_are_what_they_are_without(tmp_path: Path, step: int) -> None:
    """What is printed of sessions, beside attempts, is what it is where no funnel runs across them."""
    random = Random(3)
    lines = [
        event(n, random.choice(["ad", "pricing", "look"]), random.randrange(900) * MINUTE, device="mobile")
        for n in range(90)
    ]
    file = write(tmp_path / "a", lines)
    without = replace(SITE, funnels=(), micros=(Micro("never", "never"),))
    lines = run(SITE, file, what="sessions", step=step).out.splitlines()
    sessions = [one for one in lines if b'"funnel"' not in one]
    assert sessions == run(without, file, what="sessions", step=step).out.splitlines()
    assert len(lines) > len(sessions) > 5


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(FUNNELS, STORIES, st.integers(1, 4))
def test_any_story_prints_what_the_batch_says(
    tmp_path: Path, funnel: Funnel, story: list[Said], step: int
) -> None:
    """In order of time, by steps of few events: rows are those of the batch, and each is printed once."""
    site = Definition((funnel,), (), SITE.dimensions, TIMES)
    lines = [read(number, said).value or b"" for number, said in enumerate(story)]
    found = run(site, write(tmp_path / "a", lines), step=step)
    assert compare(found.rows, rows(in_order(lines, site), site)) == []
