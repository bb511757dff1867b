import io
import json
import subprocess
import sys
from collections.abc import Sequence
from itertools import pairwise

import pytest

from stream.configuration import load
from stream.simulate.command import Plan, UsageError, plan_of, simulate
from stream.simulate.disorder import arrivals
from stream.simulate.sink.lines import to_lines
from stream.simulate.sites import SHOP
from stream.simulate.traffic import Traffic

NOW = 1_772_452_800_000  # 2026-03-02T12:00Z
SETTINGS = load(preset="ecommerce", environ={})


def plan(
    rate: float = 20,
    sessions: int | None = None,
    start: str | None = None,
    seed: int | None = None,
    to: str = "-",
    drops: Sequence[str] = (),
) -> Plan:
    """Return the plan of some arguments at noon."""
    return plan_of(
        rate, sessions, start, seed, to, drops, measured=SETTINGS.definition(), now_ms=NOW, site=SHOP
    )


def test_past_traffic_ends_where_the_present_begins() -> None:
    """With a start and no number of sessions it goes up to now, and nothing waits."""
    made = plan(start="2026-03-02T11:00:00Z")
    times = [record.at_ms for record in made.records]
    assert not made.live
    assert NOW - 3_600_000 <= times[0] < NOW - 3_590_000
    assert NOW - 10_000 < times[-1] <= NOW
    assert made.expected == pytest.approx(20 * 3_600)


def test_past_traffic_is_the_same_each_time() -> None:
    """The same arguments give the same bytes, also without a seed, and however the start is written."""
    first = list(plan(start="2026-03-02T11:00:00Z", sessions=50).records)
    assert first == list(plan(start=str(NOW - 3_600_000), sessions=50, seed=0).records)
    assert first != list(plan(start="2026-03-02T11:00:00Z", sessions=50, seed=1).records)


def test_live_traffic_begins_now_and_is_never_the_same() -> None:
    """Without a start events are of now on; without a seed no id was seen before, so that all will count."""
    one, other = plan(), plan()
    assert one.live
    assert one.expected is None
    first = next(one.records)
    assert NOW <= first.at_ms < NOW + 10_000
    assert one.seed != other.seed
    assert next(other.records).value != first.value


def test_files_have_right_clocks() -> None:
    """Lines have no time of arrival to put wrong clocks right by, so they have none."""
    for record in plan(start="2026-03-02T11:00:00Z", sessions=300).records:
        try:
            fields = json.loads(record.value)
            skew = abs(int(fields["time"]) - record.at_ms)
        except (ValueError, TypeError, KeyError):
            continue  # a broken record, or a time as text
        assert skew < 10_000 or fields["time"] > record.at_ms + 300_000  # that one is broken on purpose


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        ({"to": "file"}, "--to.*kafka or -"),
        ({"rate": 0}, "--rate.*more than 0"),
        ({"sessions": 0}, "--sessions.*1 or more"),
        ({"start": "soon"}, "--start.*ISO 8601"),
        ({"start": "2026-03-02T13:00:00Z"}, "--start.*--sessions"),
        ({"drops": ["micro.search:0.5"]}, "--drop.*MEASURE"),
        (
            {"drops": ["micro.search:0.5:0"] * 2 + ["micro.sarch:0.5:0"], "start": "2026-03-02"},
            "--drop.*sarch",
        ),
    ],
)
def test_wrong_arguments_are_named(arguments: dict[str, object], wanted: str) -> None:
    """What cannot be used is told with its name and what is wanted instead."""
    with pytest.raises(UsageError, match=wanted):
        plan(**arguments)  # type: ignore[arg-type]  # some are wrong on purpose


def test_wrong_usage_is_exit_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    """The command says it in one line on standard error."""
    assert simulate(SETTINGS, start="soon", to="-") == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1


async def test_lines_are_the_values_in_order_of_arrival() -> None:
    """Each record is a line; the number of lines is returned and told."""
    records = list(arrivals(Traffic(start_ms=NOW, rate=20, sessions=500, seed=1)))
    out, told = io.BytesIO(), []
    assert await to_lines(records, out, progress=lambda sent, at_ms: told.append((sent, at_ms))) == len(
        records
    )
    assert out.getvalue().splitlines() == [record.value for record in records]
    assert told[-1] == (len(records), records[-1].at_ms)
    assert all(earlier[0] < later[0] for earlier, later in pairwise(told))


def test_a_reader_that_stops_is_no_error() -> None:
    """In `simulate --to - | head` the reader leaves early: exit code 0, and only the summary is said."""
    code = (
        "from stream.configuration import load; from stream.simulate.command import simulate;"
        "raise SystemExit(simulate(load(preset='ecommerce'), sessions=20000, start='2026-03-02', to='-'))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith(b"{")
        process.stdout.close()
        said = process.stderr.read().decode()
        assert process.wait(60) == 0
    assert said.startswith("sent ")
    assert said.count("\n") == 1
