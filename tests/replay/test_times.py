"""Times to conversion as a replay prints them, against the batch and as people read them."""

import json
from collections import defaultdict
from itertools import islice
from pathlib import Path

import pytest

from stream.configuration import load
from stream.replay.time_totals import took
from stream.simulate.disorder import EVERYDAY, arrivals
from stream.simulate.sites import SITES
from stream.simulate.traffic import Traffic
from tests.oracle import judge, rows
from tests.oracle.conversions import Conversion, conversions, timing
from tests.oracle.rates import size_ms
from tests.oracle.summary import unlike
from tests.replay.running import in_order, run, write

START = 1_772_452_800_000  # 2026-03-02T12:00Z
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
Place = tuple[str, str, str, int]


def days_of(preset: str) -> list[bytes]:
    """Return the records of days of traffic of that kind of site."""
    found = arrivals(Traffic(start_ms=START, rate=0.05, seed=5, site=SITES[preset]), EVERYDAY)
    return [record.value for record in islice(found, 8_000)]


@pytest.mark.parametrize("preset", ["ecommerce", "saas", "leads"])
def test_times_of_each_preset_equal_the_batch(preset: str, tmp_path: Path) -> None:
    """Of each closed minute and hour, funnel and segment in which somebody converted, in order, and once."""
    definition = load(preset=preset, environ={}).definition()
    records = days_of(preset)
    out = run(definition, write(tmp_path / "a.jsonl", records), what="times", step=300).out
    lines = [json.loads(line) for line in out.splitlines()]
    order = [(x["window_end"], -x["window_start"], x["funnel"], x["segment"]) for x in lines]
    assert order == sorted(order)

    judged = judge(in_order(records, definition), definition)
    scope = rows(judged, definition, unlisted=True).scope
    inside: dict[Place, list[Conversion]] = defaultdict(list)
    for conversion in conversions(judged, definition):
        for segment in filter(scope.segment, conversion.segments):
            for size in ("1m", "1h"):
                start = conversion.time // size_ms(size) * size_ms(size)
                inside[conversion.funnel, segment, size, start].append(conversion)
    found: dict[Place, dict[str, float]] = {}
    for line in lines:
        place = *(line.pop(name) for name in ("funnel", "segment", "size")), line.pop("window_start")
        assert line.pop("window_end") == place[3] + size_ms(place[2])
        if scope.segment(place[1]):
            assert place not in found
            found[place] = {name: value for name, value in line.items() if value is not None}
    assert found.keys() == inside.keys()
    assert [(p, wrong) for p, some in inside.items() if (wrong := unlike(found[p], timing(some)))] == []
    everybody = [c for (_, segment, size, _), some in inside.items() for c in some if segment == "all"]
    assert len(everybody) > 20
    assert max(c.touchpoints for c in everybody) > 2, "somebody came back"


def test_what_has_no_goal_has_no_times(tmp_path: Path) -> None:
    """A definition without a macro step prints no line, and people see no table."""
    definition = load(preset="content", environ={}).definition()
    file = write(tmp_path / "a.jsonl", days_of("content"))
    assert run(definition, file, what="times").out == b""
    assert b"time to conversion" not in run(definition, file, as_json=False).out


def test_people_read_times(tmp_path: Path) -> None:
    """A funnel a block: conversions, with mean and percentiles; those with a time; what came before."""
    definition = load(preset="saas", environ={}).definition()
    day = "2026-03-{:02}T12:00:00Z".format
    events = [
        ("a", "page_view", "/lp/ad", day(1)),
        ("a", "page_view", "/pricing", day(2)),
        ("a", "file_download", "/guide", day(3)),
        ("a", "generate_lead", "/demo", day(16)),
        ("b", "page_view", "/lp/ad", day(1)),
    ]
    records = [
        json.dumps({"visitor_id": visitor, "name": name, "page": page, "time": time}).encode()
        for visitor, name, page, time in events
    ]
    file = write(tmp_path / "a.jsonl", records)
    for what in ("times", "rates"):
        text = run(definition, file, what=what, as_json=False).out.decode()
        words = [" ".join(line.split()) for line in text.splitlines()]
        place = words.index("time to conversion conversions mean median p90")
        assert words[place + 1].startswith("trial 1 14d 00h 1")
        assert words[place + 2 : place + 5] == [
            "... with a time 1",
            "... sessions 4.00",
            "... micro-conversions 2.00",
        ]
        assert max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (0, "0m 00s"),
        (59_400, "0m 59s"),
        (HOUR - MINUTE, "59m 00s"),
        (HOUR, "1h 00m"),
        (DAY - MINUTE, "23h 59m"),
        (DAY, "1d 00h"),
        (21 * DAY + 5 * HOUR, "21d 05h"),
    ],
)
def test_times_from_seconds_to_weeks(ms: float, text: str) -> None:
    """A time has two units, the larger the longer it is."""
    assert took(ms) == text
