"""Pages as a replay prints them, against the batch and as people read them."""

import json
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stream.configuration import load
from stream.core.definition import Definition, Funnel
from stream.simulate.disorder import EVERYDAY, arrivals
from stream.simulate.sites import SITES
from stream.simulate.traffic import Traffic
from tests.laws.test_journeys import FUNNELS, STORIES, TIMES, Said, read
from tests.oracle import judge
from tests.oracle.pages import Trail, paged, trails
from tests.oracle.rates import size_ms
from tests.replay.running import in_order, run, write

START = 1_772_452_800_000  # 2026-03-02T12:00Z


def days_of(preset: str) -> tuple[Definition, list[bytes]]:
    """Return what is measured of that kind of site, and the records of days of its traffic."""
    found = arrivals(Traffic(start_ms=START, rate=0.1, seed=7, site=SITES[preset]), EVERYDAY)
    records = [record.value for record in islice(found, 6_000)]
    return load(preset=preset, environ={}).definition(), records


@pytest.mark.parametrize("preset", ["ecommerce", "saas", "content", "leads"])
def test_pages_of_each_preset_equal_the_batch(preset: str, tmp_path: Path) -> None:
    """Of each closed minute and hour, by page: the time, the stays, who left and who went on."""
    definition, records = days_of(preset)
    lines = printed(definition, write(tmp_path / "a.jsonl", records), step=300)
    left_by = measures_left(lines, records, definition)
    assert len(lines) > 100
    assert (len(left_by) > 1) == (preset != "content"), "that has no funnel"


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(FUNNELS, STORIES, st.integers(1, 4))
def test_pages_of_any_attempts_equal_the_batch(
    tmp_path: Path, funnel: Funnel, story: list[Said], step: int
) -> None:
    """A window waits for the attempts that may yet go on from where they left in it, and is printed once."""
    definition = Definition((funnel,), times=TIMES)
    records = [read(number, said).value or b"" for number, said in enumerate(story)]
    lines = printed(definition, write(tmp_path / "a.jsonl", records), step=step)
    measures_left(lines, records, definition)
    keys = [(x["size"], x["window_start"], x["page"]) for x in lines]
    assert len(set(keys)) == len(keys)


def printed(definition: Definition, file: Path, *, step: int) -> list[dict[str, Any]]:
    """Return the lines that a replay prints of pages, which are in order."""
    out = run(definition, file, what="pages", step=step).out
    lines = [json.loads(line) for line in out.splitlines()]
    order = [(x["window_end"], -x["window_start"], x["page"]) for x in lines]
    assert order == sorted(order)
    return lines


def measures_left(lines: list[dict[str, Any]], records: list[bytes], definition: Definition) -> set[str]:
    """Return the measures that were left, or gone on from, in lines that say all that the batch says."""
    every = trails(judge(in_order(records, definition), definition), definition)
    windows = {(size, start) for size in ("1m", "1h") for start in _starts(every, size_ms(size))}
    left_by: set[str] = set()
    for size, start in windows:
        wanted = paged(every, start, start + size_ms(size))
        told = {x["page"]: x for x in lines if x["size"] == size and x["window_start"] == start}
        stays = {page: (x["time"], x["stays"]) for page, x in told.items() if x["stays"]}
        assert stays == {page: found for page, found in wanted.stays.items() if any(found)}
        assert all(x["mean"] == (x["time"] / x["stays"] if x["stays"] else None) for x in told.values())
        for place, name in enumerate(("left", "went_on")):
            passed = {(m, page): n for page, x in told.items() for m, n in x[name].items()}
            assert passed == {
                (measure, page): found[place]
                for measure, pages in wanted.leaving.items()
                for page, found in pages.items()
                if found[place]
            }
            left_by |= {measure for measure, _ in passed}
    assert {(x["size"], x["window_start"]) for x in lines} <= windows
    return left_by


def _starts(every: list[Trail], width: int) -> set[int]:
    times = [time for trail in every for time in (trail.start, *(one.time for one in trail.leavings))]
    return {time - time % width for time in times}


def test_people_read_pages(tmp_path: Path) -> None:
    """A block of pages with how often and how long people stay; one of steps with the worst pages of each."""
    definition, _ = days_of("ecommerce")
    walks = {
        "a": [(0, "view_item", "/p/x"), (60, "add_to_cart", "/p/x"), (90, "page_view", "/cart")],
        "b": [(0, "view_item", "/p/x"), (30, "page_view", "/sizes\x1b[m")],
        "c": [(0, "view_item", "/p/x")],
    }
    records = [
        json.dumps({"visitor_id": who, "name": name, "page": page, "time": START + at * 1000}).encode()
        for who, walk in walks.items()
        for at, name, page in walk
    ]
    text = run(definition, write(tmp_path / "a.jsonl", records), what="pages", as_json=False).out.decode()
    words = [" ".join(line.split()) for line in text.splitlines()]
    place = words.index("time on pages stays mean")
    assert words[place + 1] == "product 2 1m 00s"
    place = words.index("where they leave left went on left, share")
    assert words[place + 1 : place + 7] == [
        "checkout.product_view 2 1 66.7%",
        "/sizes\\x1b[m 1 0 100.0%",
        "product 1 1 50.0%",
        "checkout.add_to_cart 1 0 100.0%",
        "/cart 1 0 100.0%",
        "",
    ]
    assert max(map(len, text.splitlines())) <= 80
