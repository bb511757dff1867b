"""The judge is judged: by cases worked out by hand, by limits, and by what must not matter."""

import json
from dataclasses import replace
from random import Random

import pytest

from stream.core.definition import Condition, Definition, Dimension, Exclusion, Funnel, Micro, Step, Times
from tests import golden
from tests.oracle import Read, compare, judge, rows, wilson
from tests.oracle.conversions import conversions, timing
from tests.oracle.pages import paged, trails
from tests.oracle.rates import size_ms
from tests.oracle.summary import summary, visits

HOUR = 3_600_000
START = 1_767_614_400_000  # 2026-01-05T12:00Z
MICRO = Definition(micros=(Micro("m", "m"),))


@pytest.mark.parametrize("case", golden.cases(), ids=lambda case: case.name)
def test_golden_case(case: golden.Case) -> None:
    """Every case worked out by hand comes out as its sentence says."""
    assert [str(v) for v in judge(case.reads, case.definition).verdicts] == list(case.outcomes), case.sentence
    found = rows(case.reads, case.definition, unlisted=True)
    assert not golden.differences(case, found), case.sentence
    judged = judge(case.reads, case.definition)
    every, converted = visits(judged, case.definition), conversions(judged, case.definition)
    known, timed = {}, {}
    for segment, size, start in case.sessions:
        end = start + size_ms(size)
        inside = [v for v in every if start <= v.start < end and segment in v.segments]
        known[segment, size, start] = summary(inside, case.definition)
    for funnel, segment, size, start in case.conversions:
        end = start + size_ms(size)
        timed[funnel, segment, size, start] = timing(
            c for c in converted if c.funnel == funnel and start <= c.time < end and segment in c.segments
        )
    assert not golden.unlike_sessions(case, known, timed, near=1e-9), case.sentence
    gone = trails(judged, case.definition)
    for window in case.pages:
        size, start = window or ("", 0)
        inside_it = paged(gone, start, start + size_ms(size)) if window else paged(gone)
        assert not golden.unlike_pages(case, inside_it._asdict(), window), case.sentence


def read(offset: int, time: int, **fields: object) -> Read:
    """Return a record of visitor ``v`` and name ``m`` that arrived when it happened."""
    event = {"name": "m", "visitor_id": "v", "event_id": f"e{offset}", "time": time} | fields
    return Read("site-events", 0, offset, time, json.dumps(event).encode())


def test_order_of_reading_does_not_matter() -> None:
    """As long as nothing is late, any order of reading and any repetition gives the same rows."""
    definition = Definition(
        funnels=(
            Funnel("f", (Step("a", "a"), Step("b", "b"), Step("c", "c", within_ms=200_000))),
            Funnel("g", (Step("a", "a"), Step("b", "b")), order="strict"),
            Funnel("h", (Step("a", "a"), Step("b", "b"), Step("c", "c")), order="unordered"),
            Funnel("i", (Step("a", "a"), Step("c", "c")), exclusions=(Exclusion("b", (), 0, 1),)),
            Funnel("j", (Step("a", "a"), Step("b", "b"), Step("c", "c")), 600_000, scope="visitor"),
        ),
        micros=(Micro("m", "x"), Micro("n", "x", of="f.b")),
        dimensions=(Dimension("device", "device"), Dimension("user_type", "user_type")),
        times=Times(timeout=300_000, allowed_lateness=HOUR),
    )
    random = Random(4)
    events: list[dict[str, object]] = [
        {
            "name": random.choice("abcx"),
            "visitor_id": f"v{random.randrange(20)}",
            "event_id": f"e{number}",
            "time": START + random.randrange(60) * 60_000,
            "device": random.choice(("mobile", "desktop", "")),
            "session_id": random.choice(("", "", "s1")),
        }
        for number in range(600)
    ]

    def as_read(order: list[dict[str, object]]) -> list[Read]:
        values = [json.dumps(event).encode() for event in order]
        return [Read("site-events", 0, n, START + 2 * HOUR, value) for n, value in enumerate(values)]

    in_time = rows(as_read(sorted(events, key=lambda e: str(e["time"]))), definition, unlisted=True)
    reached = {key[0] for key, row in in_time.items() if row["actions"]}
    assert reached == set(definition.measures()) - {"session.single_page"}
    for _ in range(5):
        again = events + random.sample(events, 100)
        random.shuffle(again)
        assert rows(as_read(again), definition, unlisted=True) == in_time


def test_wilson_interval() -> None:
    """50 of 400 is 12.5 % between 9.6 % and 16.1 %; one of one is not certain; a share of nothing is none."""
    assert wilson(50, 400) == pytest.approx((0.096115, 0.161019), abs=2e-6)
    assert wilson(1, 1) == pytest.approx((0.206549, 1.0), abs=1e-6)
    assert wilson(0, 1) == pytest.approx((0.0, 0.793451), abs=1e-6)
    assert wilson(0, 0) == (None, None)


def test_row_has_ratios_of_its_counts() -> None:
    """Ratio and flow are shares of the relevant sessions, and nothing where there are none."""
    reads = [read(0, START), read(1, START + 2 * HOUR, name="p"), read(2, START + 2 * HOUR + 60_000)]
    found = rows(reads, MICRO, sizes=("1m",))
    start = START + 2 * HOUR
    assert found["micro.m", "all", "1m", start] == {
        "sessions": 1,
        "converted": 1,
        "open": 0,
        "actions": 0,
        "ratio": 1.0,
        "flow_ratio": 0.0,
        "low": pytest.approx(0.206549, abs=1e-6),
        "high": 1.0,
        "revenue": None,
        "mature": True,
        "partial": False,
    }
    action = found["micro.m", "all", "1m", start + 60_000]
    assert (action["sessions"], action["actions"], action["ratio"], action["low"]) == (0, 1, None, None)
    until = rows(reads, MICRO, sizes=("1m",), until=start + 60_000)
    assert [key[3] for key in until if key[0] == "micro.m"] == [START, start]


def test_a_session_of_2000_step_events_is_a_program() -> None:
    """The 2,001st event of a session is a bot's, whatever it is, but not one of the next session."""
    reads = [read(n, START + n) for n in range(2_000)]
    reads += [
        read(2_000, START + 2_000),
        read(2_001, START + 2_001, name="p"),
        read(2_002, START + 2_002, session_id="s1"),
        read(2_003, START + HOUR),
    ]
    assert [str(v) for v in judge(reads, MICRO).verdicts] == ["counted"] * 2_000 + ["bot"] * 2 + [
        "counted"
    ] * 2


def test_a_program_is_judged_by_its_session() -> None:
    """Step events of the visitor's other sessions do not count: the 2,000th of a session is still good."""
    reads = [read(n, START + n) for n in range(2)]
    reads += [read(n, START + HOUR + n) for n in range(2, 2_003)]
    assert [str(v) for v in judge(reads, MICRO).verdicts] == ["counted"] * 2_002 + ["bot"]


def test_events_that_are_no_steps_make_no_bot() -> None:
    """Only step events are counted towards the 2,000."""
    reads = [read(n, START + n, name="p" if n % 2 else "m") for n in range(2_500)]
    assert {str(v) for v in judge(reads, MICRO).verdicts} == {"counted"}


def test_size_and_depth_limits() -> None:
    """32 KB and 32 levels are still good, one more of either is not; bytes that are no UTF-8 are no JSON."""
    bare = len(read(0, START, page="").value or b"")
    nested: object = 1
    for _ in range(30):
        nested = [nested]
    reads = [
        read(0, START, page="x" * (32_768 - bare)),
        read(1, START, page="x" * (32_769 - bare)),
        read(2, START, items=[nested, [1]]),
        read(3, START, items=[[nested]]),
        Read("site-events", 0, 4, START, b"[" * 20_000),
        Read("site-events", 0, 5, START, b'{"name": "\xff"}'),
        Read("site-events", 0, 6, START, None),
    ]
    assert [str(v) for v in judge(reads, MICRO).verdicts] == [
        "counted",
        "rejected: too_large",
        "counted",
        "rejected: too_deep",
        "rejected: too_deep",
        "rejected: not_json",
        "rejected: not_json",
    ]


def test_properties_are_cut() -> None:
    """The first 100 properties count, names cut at 100 and values at 1,000 characters; numbers are text."""
    long, far = "n" * 101, {f"p{n}": "x" for n in range(99)}
    reads = [read(0, START, props={long: "v" * 1_001, **far, "last": "x"}, value=12.5, page="/" * 1_001)]
    reads += [read(1, START, props={"yes": True, "three": 3, "none": None})]
    first, second = judge(reads, MICRO).counted
    assert first.field(f"props.{'n' * 100}") == "v" * 1_000
    assert (first.field("props.p98"), first.field("props.last"), first.field("value")) == ("x", "", "12.5")
    assert first.field("page") == "/" * 1_000
    assert [second.field(f"props.{n}") for n in ("yes", "three", "none")] == ["true", "3", ""]


def test_only_numbers_of_json_are_compared() -> None:
    """A comparison holds for numbers alone, all of its parts for one number; a glob stays one."""
    definition = Definition(micros=(Micro("m", "m", (Condition("props.n", (">= 10 <50", "<-10", "x*")),)),))
    said = (10, 49.9, -10.5, "x1", 9.99, 50, -10, "20", True, None, "", 1e300)
    reads = [read(n, START, visitor_id=f"v{n}", props={"n": value}) for n, value in enumerate(said)]
    found = rows(reads, definition, sizes=("1m",))["micro.m", "all", "1m", START]
    assert (found["sessions"], found["converted"]) == (len(said), 4)


def test_values_of_dimensions_are_cut() -> None:
    """A segment's value is cut at 100 characters."""
    definition = replace(MICRO, dimensions=(Dimension("page", "page"),))
    found = rows([read(0, START, page="/" + "x" * 100)], definition, unlisted=True)
    assert {segment for _, segment, _, _ in found} == {"all", "page=/" + "x" * 99}


def test_only_exact_segments_are_judged() -> None:
    """Listed values are always exact, unlisted ones on demand and unless the dimension overflowed."""
    device = Dimension("device", "device", values=("mobile",), max_values=2)
    reads = [read(n, START, visitor_id=f"v{n}", device=d) for n, d in enumerate(("mobile", "tv", "car"))]
    more = [*reads, read(3, START, visitor_id="v3", device="watch")]
    definition = replace(MICRO, dimensions=(device,))
    assert {key[1] for key in rows(reads, definition)} == {"all", "device=mobile"}
    assert {key[1] for key in rows(reads, definition, unlisted=True)} == {
        "all",
        "device=mobile",
        "device=tv",
        "device=car",
    }
    assert {key[1] for key in rows(more, definition, unlisted=True)} == {"all", "device=mobile"}
    stream = {("micro.m", "device=__other__", "1m", START): {"sessions": 5}}
    assert not compare({**rows(more, definition), **stream}, rows(more, definition))


def test_a_cross_overflows_by_what_it_may_have_met() -> None:
    """A cross is judged only while all pairs that sessions may have had for a while fit into it."""
    parts = (Dimension("device", "device"), Dimension("source", "source"))
    reads = [read(n, START + n, device=f"d{n}", source=f"s{n}") for n in range(2)]
    for max_values, cross_is_there in ((3, False), (4, True)):
        cross = Dimension("both", cross=("device", "source"), max_values=max_values)
        found = rows(reads, replace(MICRO, dimensions=(*parts, cross)), unlisted=True)
        assert (("micro.m", "both=d0/s0", "1h", START) in found) is cross_is_there


def test_offsets_rise() -> None:
    """What was not read in order is refused: the verdicts depend on the order."""
    with pytest.raises(ValueError, match="offset 0 was read after 1"):
        judge([read(1, START), read(0, START)], MICRO)
