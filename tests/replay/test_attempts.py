"""Attempts across sessions as a replay prints them among the sessions, against the batch and for people."""

import json
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stream.configuration import load
from stream.core.definition import Definition, Dimension, Funnel, Step, Times
from stream.simulate.sites import SITES
from tests.laws.test_journeys import FUNNELS, STORIES, TIMES, Said, read
from tests.oracle import judge
from tests.oracle.told import told_attempts
from tests.replay.running import as_arrived, in_order, run, write
from tests.replay.test_exact import RIGHT_CLOCKS, traffic
from tests.replay.test_journeys import DAY, HOUR, MINUTE, SITE, TRIAL, event

VENDOR = load(preset="saas", environ={}).definition()


def attempts(out: bytes) -> list[dict[str, Any]]:
    """Return the attempts among the lines, which are all in order."""
    lines = [json.loads(line) for line in out.splitlines()]
    order = [(x["start"], x["visitor_id"], x["session_id"] or "", "funnel" in x) for x in lines]
    assert order == sorted(order)
    assert all(list(x["steps"].values()) == sorted(x["steps"].values()) for x in lines)
    return [line for line in lines if "funnel" in line]


@pytest.mark.parametrize("step", [300, 65_536])
def test_attempts_of_weeks_equal_the_batch(step: int, tmp_path: Path) -> None:
    """Of the vendor's traffic each attempt comes once, whether it ends before the file does or not."""
    records = traffic(0.02, 10_000, SITES["saas"], RIGHT_CLOCKS)
    file = write(tmp_path / "a", records)
    found = attempts(run(VENDOR, file, what="sessions", step=step).out)
    assert found == told_attempts(judge(in_order(records, VENDOR), VENDOR), VENDOR)
    assert sum(attempt["complete"] for attempt in found) > 10
    assert max(attempt["touchpoints"] or 0 for attempt in found) > 3
    late = run(VENDOR, file, what="sessions", step=step, as_arrived=True)
    judged = judge(as_arrived(records), VENDOR)
    assert attempts(late.out) == told_attempts(judged, VENDOR)
    assert late.outcomes["late"] > 10


LEFT = Funnel("left", (Step("ad", "ad"), Step("pricing", "pricing"), Step("ping", "ping")), HOUR)
SHORT = replace(LEFT, name="short", scope="visitor")
WHOLE = replace(TRIAL, name="whole", within_ms=30 * DAY, steps=(*TRIAL.steps, Step("thanks", "ping")))
PLAIN = replace(SITE, dimensions=(Dimension("device", "device"),))
"""Nobody is told apart as new or returning, so that visitors are remembered for their attempts alone."""


@pytest.mark.parametrize("definition", [SITE, PLAIN])
@pytest.mark.parametrize("seed", range(3))
def test_several_funnels_in_any_order_on_any_number_of_cores(
    definition: Definition, seed: int, tmp_path: Path
) -> None:
    """Shuffled lines, one process or three, steps of few events: the same bytes, and what the batch says."""
    site = replace(definition, funnels=(SHORT, LEFT, TRIAL, WHOLE))
    random = Random(seed)
    lines = [
        event(
            number,
            random.choice(["ad", "ad", "pricing", "demo", "ping"]),
            random.randrange(2_000) * 3 * MINUTE,
            f"v{random.randrange(9)}",
            **random.choice([{}, {}, {"session_id": "s1"}, {"session_id": "s2", "device": "mobile"}]),
            **random.choice([{}, {"value": 2.5, "currency": "EUR"}, {"value": 7}]),  # type: ignore[arg-type] # prices
        )
        for number in range(600)
    ]
    wanted = told_attempts(judge(in_order(lines, site), site), site)
    outs = set[bytes]()
    for cores, step in ((1, 65_536), (1, 7), (3, 65_536), (3, 50)):
        random.shuffle(lines)
        with patch("stream.replay.visitors.HELD", random.choice([0, 3, 1_000])):
            outs.add(run(site, write(tmp_path / "a", lines), what="sessions", step=step, cores=cores).out)
    (out,) = outs
    assert attempts(out) == wanted
    assert {attempt["funnel"] for attempt in wanted} == {"short", "trial", "whole"}
    assert {attempt["complete"] for attempt in wanted} == {True, False}
    assert any(attempt["touchpoints"] and not attempt["complete"] for attempt in wanted)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(FUNNELS, STORIES, st.integers(1, 4), st.booleans())
def test_any_story_tells_the_attempts_of_the_batch(
    tmp_path: Path, funnel: Funnel, story: list[Said], step: int, arrived: bool
) -> None:
    """By steps of few events, in order of time or as they came, where some are late: each attempt once."""
    site = Definition((funnel,), (), SITE.dimensions, TIMES)
    lines = [read(number, said).value or b"" for number, said in enumerate(story)]
    file = write(tmp_path / "a", lines)
    out = run(site, file, what="sessions", step=step, as_arrived=arrived).out
    reads = as_arrived(lines) if arrived else in_order(lines, site)
    assert attempts(out) == told_attempts(judge(reads, site), site)


@pytest.mark.parametrize("step", [1, 65_536])
def test_an_attempt_has_what_its_session_says_later(step: int, tmp_path: Path) -> None:
    """What the session says when no event can change the attempt any more is of the attempt, too."""
    lines = [event(n, "ping", n * 5 * MINUTE, "p") for n in range(100)]
    lines += [event(200, "ad", 0), event(201, "look", 15 * MINUTE)]
    lines.append(event(202, "look", 25 * MINUTE, device="mobile"))
    (found,) = attempts(run(SITE, write(tmp_path / "a", lines), what="sessions", step=step).out)
    assert found["dimensions"] == {"device": "mobile", "user_type": "new"}
    assert (found["session_id"], found["end"], found["complete"]) == (None, None, False)


def test_people_read_attempts(tmp_path: Path) -> None:
    """After its session: whose it is, how it ended, its steps with dates; and no line is too long."""
    site = replace(SITE, funnels=(replace(TRIAL, within_ms=30 * DAY),), times=Times(known_for=30 * DAY))
    lines = [
        event(1, "ad", 0, session_id="s", device="mobile"),
        event(2, "pricing", DAY, session_id="t\x1b[m"),
        event(3, "demo", 14 * DAY, value=85, currency="EUR"),  # type: ignore[arg-type] # a price
        event(4, "ad", 5 * MINUTE, "w" * 32, session_id="4d24dacbbf890be2"),
    ]
    text = run(site, write(tmp_path / "a", lines), what="sessions", as_json=False).out.decode()
    assert text.splitlines()[3:7] == [
        "2026-03-02 12:00:00  v, session s",
        "    attempt at trial (complete after 14d 00h, 3 sessions, 85.00 EUR)",
        "    2026-03-02 12:00:00 trial.ad  2026-03-03 12:00:00 trial.pricing",
        "    2026-03-16 12:00:00 trial.demo",
    ]
    assert text.splitlines()[7] == "    device=mobile  user_type=new"
    assert "    attempt at trial (incomplete)\n    2026-03-02 12:05:00 trial.ad\n" in text
    assert max(map(len, text.splitlines())) <= 80
    assert text.count("attempt at") == 2
