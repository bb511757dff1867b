import random
from collections import Counter
from dataclasses import replace
from itertools import islice
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stream.configuration import PRESETS, load
from stream.core.definition import Definition
from stream.replay.brief import Readings
from stream.simulate.disorder import EVERYDAY, Disorder, arrivals
from stream.simulate.site import Site
from stream.simulate.sites import SHOP as SHOP_SITE
from stream.simulate.sites import SITES
from stream.simulate.traffic import Traffic
from tests.laws.defined import DEFINITION
from tests.laws.drawing import ARRIVALS
from tests.oracle import Read, compare, judge, rows
from tests.replay.running import as_arrived, in_order, run, same_place, write

SHOP = load(preset="ecommerce", environ={}).definition()
SLOPPY = replace(EVERYDAY, crawlers=0.02, late=0.2, too_late=0.02, duplicates=0.05, invalid=0.01)
RIGHT_CLOCKS = replace(SLOPPY, skewed=0.0, invalid_kinds=("not_json", "bad_time", "missing_visitor"))
"""In order of arrival wrong times would be those of all: a file does not say when events arrived."""
START = 1_772_452_800_000  # 2026-03-02T12:00Z


def traffic(rate: float, count: int, site: Site = SHOP_SITE, disorder: Disorder = SLOPPY) -> list[bytes]:
    """Return the records of a sloppy site in order of arrival."""
    found = arrivals(Traffic(start_ms=START, rate=rate, seed=5, site=site), disorder)
    return [record.value for record in islice(found, count)]


@pytest.mark.parametrize(("rate", "step"), [(40.0, 65_536), (40.0, 500), (0.05, 300)])
def test_traffic_in_disorder_equals_the_batch(rate: float, step: int, tmp_path: Path) -> None:
    """Late, doubled and broken records, of a busy shop or of two days of a slow one: none is late."""
    records = traffic(rate, 8_000)
    found = run(SHOP, write(tmp_path / "a.jsonl", records), step=step)
    reads = in_order(records, SHOP)
    judged = judge(reads, SHOP)
    assert compare(found.rows, rows(judged, SHOP, unlisted=True)) == []
    assert found.outcomes == Counter(verdict.outcome for verdict in judged.verdicts)
    assert "late" not in found.outcomes


@pytest.mark.parametrize("preset", PRESETS)
def test_each_preset_equals_the_batch(preset: str, tmp_path: Path) -> None:
    """Of days of traffic of each kind of site, in order or as it arrived: what the batch says."""
    definition = load(preset=preset, environ={}).definition()
    records = traffic(0.05, 6_000, SITES[preset], RIGHT_CLOCKS)
    file = write(tmp_path / "a.jsonl", records)
    for found, reads in (
        (run(definition, file, step=300), in_order(records, definition)),
        (run(definition, file, as_arrived=True, step=300), as_arrived(records)),
    ):
        judged = judge(reads, definition)
        assert compare(found.rows, rows(judged, definition, unlisted=True)) == []
        assert found.outcomes == Counter(verdict.outcome for verdict in judged.verdicts)
        assert found.outcomes["counted"] > 5_000
        reached = {row["measure"] for row in found.rows.values() if row["converted"]}
        assert reached == set(definition.measures())


def test_attempts_go_further_than_sessions(tmp_path: Path) -> None:
    """Of the vendor's traffic more is reached across a visitor's sessions than within one, and no less."""
    across = load(preset="saas", environ={}).definition()
    within = replace(across, funnels=tuple(replace(f, scope="session") for f in across.funnels))
    file = write(tmp_path / "a.jsonl", traffic(0.05, 20_000, SITES["saas"]))

    def actions(definition: Definition) -> dict[str, int]:
        sums: Counter[str] = Counter()
        for (measure, segment, size, _), row in run(definition, file).rows.items():
            if (segment, size) == ("all", "1h"):
                sums[measure] += row["actions"]
        return sums

    attempts, sessions = actions(across), actions(within)
    assert sessions["trial.ad_click"] > attempts["trial.ad_click"] > 1_000, "clicks of one attempt"
    assert attempts["trial.demo_request"] > 2 * sessions["trial.demo_request"] > 5
    assert attempts["trial.download"] > 1.2 * sessions["trial.download"]
    assert attempts["session.started"] == sessions["session.started"]


def test_late_events_in_order_of_arrival_equal_the_batch(tmp_path: Path) -> None:
    """With the order kept events can be late, and those that are count nowhere."""
    records = traffic(40.0, 8_000)
    found = run(SHOP, write(tmp_path / "a.jsonl", records), as_arrived=True, step=700)
    reads = as_arrived(records)
    judged = judge(reads, SHOP)
    assert compare(found.rows, rows(judged, SHOP, unlisted=True)) == []
    assert found.outcomes == Counter(verdict.outcome for verdict in judged.verdicts)
    assert found.outcomes["late"] > 10


def test_windows_come_in_order_each_once(tmp_path: Path) -> None:
    """Rows are in order of end, length, measure and segment, also when most are printed before the end."""
    found = run(SHOP, write(tmp_path / "a.jsonl", traffic(0.05, 6_000)), step=200)
    keys = [(r["window_end"], -r["window_start"], r["measure"], r["segment"]) for r in found.rows.values()]
    assert keys == sorted(keys)
    assert all(row["mature"] for row in found.rows.values())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ARRIVALS, st.data())
def test_any_order_of_lines_prints_the_same(tmp_path: Path, reads: list[Read], data: st.DataObject) -> None:
    """Lines of one or two files in any order, sorted in memory or outside it: the same bytes."""
    lines = [read.value or b"" for read in reads]
    wanted = run(DEFINITION, write(tmp_path / "a", lines))
    ordered = in_order(lines, DEFINITION)
    if not same_place(ordered, DEFINITION):  # which of such events comes first is not for the batch to say
        assert compare(wanted.rows, rows(ordered, DEFINITION)) == []
    shuffled = data.draw(st.permutations(lines))
    cut = data.draw(st.integers(0, len(lines)))
    files = [write(tmp_path / "b", shuffled[:cut]), write(tmp_path / "c", shuffled[cut:])]
    memory = data.draw(st.sampled_from([1, 2_000, 1 << 28]))
    numbered = data.draw(st.sampled_from([0, 1, 50_000]))
    with (
        patch("stream.replay.sorter.FRAME", 3),
        patch("stream.replay.sorter.LEAST_READ", 5),
        patch("stream.replay.brief.NUMBERED", numbered),
    ):
        found = run(DEFINITION, *files, memory=memory)
        sessions = run(DEFINITION, *files, what="sessions", memory=memory)
    assert found.out == wanted.out
    assert sessions.out == run(DEFINITION, tmp_path / "a", what="sessions").out
    # Steps decide when windows are printed, but not what they say.
    assert run(DEFINITION, *files, step=data.draw(st.integers(1, 9))).out == wanted.out


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ARRIVALS, st.integers(1, 9), st.sampled_from([0, 1, 20_000]))
def test_any_order_of_arrival_equals_the_batch(
    tmp_path: Path, reads: list[Read], step: int, held: int
) -> None:
    """In the files' order, with steps of few events and visitors packed at once: what the batch says."""
    lines = [read.value or b"" for read in reads]
    with patch("stream.replay.visitors.HELD", held), patch("stream.replay.visitors.FOLD_BEYOND", 2):
        found = run(DEFINITION, write(tmp_path / "a", lines), as_arrived=True, step=step)
    judged = judge(as_arrived(lines), DEFINITION)
    assert compare(found.rows, rows(judged, DEFINITION)) == []
    assert found.outcomes == Counter(verdict.outcome for verdict in judged.verdicts)


def test_equal_ids_with_different_words_print_the_same(tmp_path: Path) -> None:
    """Of two events that share time, id and visitor the same one counts, whichever is read first."""
    one = b'{"name":"view_item","time":1772452800000,"event_id":"e","visitor_id":"v","device":"mobile"}'
    two = b'{"name":"view_item","time":1772452800000,"event_id":"e","visitor_id":"v","device":"tablet","x":1}'
    found = run(SHOP, write(tmp_path / "a", [one, two]))
    assert found.outcomes == {"counted": 1, "duplicate": 1}
    assert found.out == run(SHOP, write(tmp_path / "b", [two, one])).out
    assert found.out == run(SHOP, tmp_path / "b", memory=1).out


def test_what_events_say_is_numbered_only_so_far(tmp_path: Path) -> None:
    """Events that all say something else are counted alike, and no more of it is kept than has room."""
    lines = [
        b'{"name":"view_item","time":%d,"event_id":"%d","visitor_id":"v%d","source":"s%d"}'
        % (START + n, n, n % 9, n)
        for n in range(500)
    ]
    wanted = run(SHOP, write(tmp_path / "a", lines)).out
    with patch("stream.replay.brief.NUMBERED", 20):
        assert run(SHOP, tmp_path / "a", memory=1).out == wanted
        assert run(SHOP, tmp_path / "a").out == wanted
        readings = Readings()
        for number in range(50):
            readings.number((0, (str(number),), ()))
    assert len(readings.known) == len(readings.numbers) == 20


@pytest.mark.says("a file has neither, so no correction there.")
def test_clocks_are_put_right_only_by_a_known_arrival(tmp_path: Path) -> None:
    """Of a file nobody knows when its lines arrived, unless the event says when it was received."""
    line = b'{"name":"view_item","time":%d,"sent_at":%d,"event_id":"%d","visitor_id":"v"%s}'
    hour, received = 3_600_000, b',"received_at":%d' % START
    records = [
        line % (START + hour, START + 2 * hour, 1, b""),
        line % (START + hour, START + 2 * hour, 2, received),
        line % (START + 9 * hour, START + 9 * hour - 400_000, 3, received),
    ]
    found = run(SHOP, write(tmp_path / "a", records))
    assert compare(found.rows, rows(in_order(records, SHOP), SHOP)) == []
    starts = {start for _, _, size, start in found.rows if size == "1h"}
    assert starts == {START + hour, START - hour}
    assert found.outcomes == {"counted": 2, "rejected": 1}
    assert "future_time" in found.said


def test_memory_for_visitors_is_given_back(tmp_path: Path) -> None:
    """Who came longer ago than anybody is known for is forgotten; so are windows that are final."""
    from stream.replay.count import Count

    day = 86_400_000
    lines = [
        b'{"name":"view_item","time":%d,"visitor_id":"v%d"}' % (START + n * day // 4, n) for n in range(400)
    ]
    pings = [b'{"name":"ping","time":%d,"visitor_id":"p"}' % (START + n * 60_000) for n in range(20_000)]
    rng = random.Random(1)
    rng.shuffle(lines)
    counts: list[Count] = []
    real = Count.finish

    def finish(count: Count) -> None:
        counts.append(count)
        visitors = count._partition.visitors
        known_for = SHOP.times.known_for // (day // 4)
        assert len(visitors) <= known_for + 4
        assert len(count.rates.levels[1].starts()) < 3 * 24 * 60
        real(count)

    with patch.object(Count, "finish", finish):
        run(SHOP, write(tmp_path / "a", lines + pings), step=50)
    assert counts
