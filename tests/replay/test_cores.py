"""A replay by several processes prints what one prints, to the byte."""

import gzip
import json
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import pyarrow as arrow
import pyarrow.parquet as parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stream.configuration import load
from stream.core.definition import Definition, Dimension
from stream.replay import parts as reading
from stream.replay import shared
from stream.replay.answers import WHAT, What
from stream.replay.count import STEP
from stream.replay.files import InputError
from stream.replay.messages import Told, Unclear
from stream.simulate.sites import SITES
from tests.laws.defined import DEFINITION
from tests.laws.drawing import ARRIVALS
from tests.oracle import Read
from tests.replay.running import Result, run, write
from tests.replay.test_exact import SHOP, START, traffic
from tests.replay.test_files import fed, zstd

WAYS: list[tuple[What, bool]] = [(what, as_json) for what in WHAT for as_json in (True, False)]
MINUTE = 60_000


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let files be read in many parts."""
    monkeypatch.setattr(reading, "PIECE", 40_000)


def same(
    definition: Definition,
    *files: Path | str,
    what: What = "rates",
    as_json: bool = True,
    step: int = STEP,
) -> Result:
    """Replay files with one process, with two and with three; see that all print the same."""
    wanted = run(definition, *files, what=what, as_json=as_json, step=step)
    for cores in (2, 3):
        found = run(definition, *files, what=what, as_json=as_json, step=step, cores=cores)
        assert found.out == wanted.out
        assert found.said == wanted.said
        assert found.outcomes == wanted.outcomes
    return wanted


def line(number: int, time: int, visitor: str, **more: object) -> bytes:
    """Return an event so many ms after the start."""
    event = {"name": "view_item", "time": START + time, "event_id": f"e{number}", "visitor_id": visitor}
    return json.dumps(event | more).encode()


@pytest.mark.parametrize(("what", "as_json"), WAYS)
@pytest.mark.parametrize("rate", [40.0, 0.05])
def test_every_answer_is_the_same(rate: float, what: What, as_json: bool, tmp_path: Path) -> None:
    """Of a busy or a slow site, with broken, doubled and crawlers' records, in one step or in many."""
    file = write(tmp_path / "a", traffic(rate, 6_000))
    for step in (STEP, 700):
        told = same(SHOP, file, what=what, as_json=as_json, step=step).out
        assert told or (what == "times" and rate > 1)  # within three minutes nobody orders


def test_every_kind_of_file_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Plain, gzip, zstd, Parquet, several of them together, and standard input."""
    lines = traffic(40.0, 5_000)
    plain = write(tmp_path / "plain", lines[:3_000])
    (tmp_path / "gz").write_bytes(gzip.compress(b"\n".join(lines[3_000:4_000])))
    (tmp_path / "zst").write_bytes(zstd.compress(b"\n".join(lines[4_000:])))
    rows = [{"name": "add_to_cart", "time": START + n, "visitor_id": f"v{n % 70}"} for n in range(2_000)]
    table = arrow.Table.from_pylist([*rows, {"name": "x", "time": None, "visitor_id": "v"}])
    parquet.write_table(table, tmp_path / "parquet", row_group_size=300)
    found = same(SHOP, tmp_path / "gz", plain, tmp_path / "parquet", tmp_path / "zst")
    assert f"{tmp_path / 'parquet'}:2001: bad_time" in same(SHOP, tmp_path / "parquet").said.replace("\n", "")
    assert found.outcomes["counted"] > 6_000
    for file in (plain, tmp_path / "gz"):
        wanted = run(SHOP, file)
        with fed(monkeypatch, file):
            piped = run(SHOP, "-", cores=2)
        assert (piped.out, piped.outcomes) == (wanted.out, wanted.outcomes)
    for name in ("empty", "blank"):
        assert same(SHOP, write(tmp_path / name, [b""] * (name == "blank"))).out == b""


@pytest.mark.parametrize("piece", [1, 7, 1_000])
def test_lines_belong_to_the_part_in_which_they_begin(
    piece: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However a file is cut: a mark, blank and long lines, a last one without an end keep their numbers."""
    monkeypatch.setattr(reading, "PIECE", piece)
    lines = [
        b"\xef\xbb\xbf" + line(1, 0, "a"),
        b"",
        b"\r",
        b"{",
        line(2, 5, "b"),
        b"x" * 40_000,
        b"[]",
        b"{}",
    ]
    for end in (b"\n", b"", b"\n\n"):
        (tmp_path / "a").write_bytes(b"\n".join(lines[:5] if piece < 1_000 else lines) + end)
        found = same(SHOP, tmp_path / "a", tmp_path / "a")
        assert found.outcomes["counted"] == 2
        assert f"{tmp_path / 'a'}:4: not_json" in found.said.replace("\n", "")


@pytest.mark.parametrize("preset", ["saas", "content", "leads"])
def test_every_kind_of_site_is_the_same(preset: str, tmp_path: Path) -> None:
    """Also funnels that run across sessions, and the steps of several processes."""
    definition = load(preset=preset, environ={}).definition()
    file = write(tmp_path / "a", traffic(0.05, 5_000, SITES[preset]))
    whats: list[What] = ["rates", "sessions"]
    for what in whats:
        for step in (400, STEP):
            assert same(definition, file, what=what, step=step).out


CROWDED = replace(
    SHOP,
    dimensions=(
        Dimension("source", "source", max_values=3),
        Dimension("campaign", "campaign", values=("c1",), max_values=5),
        Dimension("user_type", "user_type", max_values=1),
        Dimension("both", cross=("source", "campaign"), max_values=7),
        Dimension("who", cross=("user_type", "source"), max_values=2),
    ),
)


@pytest.mark.parametrize("seed", range(4))
def test_the_same_values_are_admitted(seed: int, tmp_path: Path) -> None:
    """Of more values than have room the same get it: also those that come up in the midst of sessions."""
    rng = random.Random(seed)
    lines = []
    for number in range(1_500):
        more: dict[str, object] = {}
        if rng.random() < 0.4:
            more["source"] = f"s{int(rng.expovariate(0.1))}"
        if rng.random() < 0.4:
            more["campaign"] = f"c{int(rng.expovariate(0.2))}"
        if rng.random() < 0.3:
            more["session_id"] = f"i{rng.randrange(3)}"
        if rng.random() < 0.1:
            more["user_type"] = rng.choice(["new", "vip", "staff"])
        lines.append(line(number, rng.randrange(400) * 30_000, f"v{rng.randrange(200)}", **more))
    for step in (STEP, 1_000, 130, 17):
        found = same(CROWDED, write(tmp_path / "a", lines), step=step)
        assert any(row["partial"] for row in found.rows.values())


def far_duplicates(rng: random.Random, late_after: int) -> Iterator[bytes]:
    """Yield events that repeat ids so long after that only the events between tell what they are."""
    for number in range(400):
        visitor = f"v{rng.randrange(4)}"
        time = rng.randrange(60) * (late_after // 3) + rng.choice((-1, 0, 0, 1))
        yield line(
            rng.randrange(12), time + late_after, visitor, device=rng.choice(["mobile", "tv"]), n=number
        )


def test_what_is_a_duplicate_follows_from_the_events_of_all(tmp_path: Path) -> None:
    """An id of long ago counts anew only after newer events, whichever process counted those."""
    asked = 0

    hear = shared.Shared._hear

    def heard(self: shared.Shared, numbers: list[int]) -> tuple[int, Told]:
        nonlocal asked
        number, told = hear(self, numbers)
        asked += isinstance(told, Unclear)
        return number, told

    for seed in range(6):
        lines = list(far_duplicates(random.Random(seed), SHOP.times.late_after))
        with patch.object(shared.Shared, "_hear", heard):
            found = same(SHOP, write(tmp_path / "a", lines), step=(STEP, 90, 7)[seed % 3])
        assert found.outcomes["duplicate"] > 20
    assert asked > 50


def test_sessions_of_too_many_steps_are_bots(tmp_path: Path) -> None:
    """What programs do is counted up to the same event, also where values of dimensions are few."""
    lines = [line(n, n * 400, "bot", source=f"s{n // 700}") for n in range(4_500)]
    lines += [line(9_000 + n, n * 1_700, f"v{n % 50}", source=f"t{n % 9}") for n in range(1_000)]
    for step in (STEP, 1_100):
        found = same(CROWDED, write(tmp_path / "a", lines), step=step)
        assert found.outcomes["bot"] == 2_500


def test_events_of_one_moment_end_steps_anywhere(tmp_path: Path) -> None:
    """Where many events share a time, steps end among them, at the same one."""
    lines = [line(n, n // 90 * 10, f"v{n % 40}", source=f"s{n % 11}") for n in range(900)]
    random.Random(1).shuffle(lines)
    for step in (7, 50, 90, 100):
        same(CROWDED, write(tmp_path / "a", lines), step=step)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(ARRIVALS, st.data())
def test_any_small_input_is_the_same(tmp_path: Path, reads: list[Read], data: st.DataObject) -> None:
    """Whatever a few visitors do, however files are cut and little is held, in steps of any length."""
    lines = [read.value or b"" for read in data.draw(st.permutations(reads))]
    file = write(tmp_path / "a", lines)
    what = data.draw(st.sampled_from(["rates", "sessions"]))
    step = data.draw(st.sampled_from([1, 2, 5, 9, 1_000]))
    definition = data.draw(st.sampled_from([DEFINITION, SHOP, CROWDED]))
    wanted = run(definition, file, what=what, step=step)
    with (
        patch("stream.replay.parts.PIECE", data.draw(st.sampled_from([50, 400, 100_000]))),
        patch("stream.replay.exchange.LEAST_FRAME", 1),
        patch("stream.replay.exchange.FRAME", data.draw(st.sampled_from([1, 9, 1_000]))),
        patch("stream.replay.sorter.LEAST_READ", 5),
        patch("stream.replay.brief.NUMBERED", data.draw(st.sampled_from([0, 1, 50_000]))),
    ):
        memory = data.draw(st.sampled_from([1, 9_000, 1 << 28]))
        found = run(
            definition, file, what=what, step=step, memory=memory, cores=data.draw(st.sampled_from([2, 3]))
        )
    assert (found.out, found.said, found.outcomes) == (wanted.out, wanted.said, wanted.outcomes)


@pytest.mark.parametrize("kind", ["gzip", "parquet"])
def test_the_first_broken_file_is_told(kind: str, tmp_path: Path) -> None:
    """Of several files that are broken the first is named, as by one process, and nothing is printed."""
    good = write(tmp_path / "good", traffic(40.0, 3_000))
    broken = tmp_path / "broken"
    if kind == "gzip":
        broken.write_bytes(gzip.compress(good.read_bytes())[:20_000])
    else:
        names = arrow.table({"name": [str(n) for n in range(9_000)]})
        parquet.write_table(names, broken, row_group_size=1_000)
        data = broken.read_bytes()
        broken.write_bytes(data[:100] + bytes(200) + data[300:])
    (tmp_path / "worse").write_bytes(b"\x1f\x8b\x08")
    for cores in (1, 2, 3):
        with pytest.raises(InputError, match=str(broken)) as error:
            run(SHOP, good, broken, tmp_path / "worse", cores=cores)
        assert error.value.code == 1
