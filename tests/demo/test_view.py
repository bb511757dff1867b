import io
import re

import pytest
from rich.console import Console

from stream.board.glyphs import bar, sparkline
from stream.board.values import Status
from stream.configuration import PRESETS, load
from stream.demo.board import Board
from stream.demo.reading import Snapshot, subject_of
from stream.demo.view import View, plain_line
from tests.demo.boards import board

SIZES = [(80, 24), (120, 40)]


def drawn(shown: Board, width: int, height: int) -> list[str]:
    """Return the lines of a terminal of that size."""
    console = Console(width=width, height=height, record=True, file=io.StringIO(), force_terminal=True)
    console.print(View(shown), height=height)
    return console.export_text().splitlines()


def row_of(lines: list[str], *words: str) -> list[str]:
    """Return the words of the one line that begins with these."""
    (found,) = [line.split() for line in lines if line.split()[: len(words)] == list(words)]
    return found


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_the_screen_has_all_that_matters(width: int, height: int) -> None:
    """At 80x24 and 120x40: speed, sessions, latency, lag, link, all steps and micros, and the devices."""
    lines = drawn(board(), width, height)
    head = " ".join(lines[:2])
    for fact in ("82 events/s", "1,400 sessions", "p50 182 ms p99 391 ms", "watermark lag 0.1 s", "13:00"):
        assert fact in head
    assert "http://127.0.0.1:15872/metrics" in head
    assert row_of(lines, "add_to_cart")[1:4] == ["812", "91", "11.2%"]
    assert row_of(lines, "add_to_cart")[-3:] == ["50.0%", "8.0%", "7.0%"]  # flow; ratio and flow of 1 min
    assert row_of(lines, "checkout", "product_view")[2:5] == ["812", "812", "100.0%"]
    assert row_of(lines, "order")[1:4] == ["812", "21", "2.6%"]
    assert row_of(lines, "browse", "home")[2:4] == ["1,022", "1,022"]
    assert row_of(lines, "category")[1:4] == ["1,022", "700", "68.5%"]
    for micro, converted in {"search": "200", "wishlist": "80", "share": "28"}.items():
        assert row_of(lines, micro)[1:3] == ["1,400", converted]
    assert row_of(lines, "mobile")[1:4] == ["460", "11.1%", "2.4%"]
    assert any("Ctrl-C" in line for line in lines)


@pytest.mark.parametrize(("width", "height"), [*SIZES, (60, 15), (200, 60), (40, 10)])
def test_the_screen_is_never_larger_than_the_terminal(width: int, height: int) -> None:
    """No line is longer than the terminal is wide, and there are no more lines than it is high."""
    lines = drawn(board(), width, height)
    while lines and not lines[-1].strip():
        lines.pop()
    assert len(lines) <= height
    assert max(map(len, lines)) <= width


def test_a_large_terminal_shows_more() -> None:
    """At 120x40 there are intervals and further dimensions, for which 80x24 has no room."""
    small, large = (drawn(board(), width, height) for width, height in SIZES)
    assert row_of(large, "add_to_cart")[-6:-3] == ["9.2%", "-", "13.2%"]
    assert row_of(large, "returning")
    assert row_of(large, "google")
    assert "9.2%" not in " ".join(small)
    assert not any(line.startswith(("returning", "google")) for line in small)


def test_a_small_terminal_shows_the_checkout_first() -> None:
    """Where not everything fits, the funnel with the goal stays, then the devices, then the rest."""
    lines = drawn(board(), 80, 15)
    assert row_of(lines, "order")
    assert row_of(lines, "mobile")
    assert not any(line.startswith(("browse ", "micro ")) for line in lines)
    assert row_of(drawn(board(), 80, 10), "order")
    assert not any(line.startswith("mobile") for line in drawn(board(), 80, 10))


def test_bars_tell_ratios_apart() -> None:
    """A step that more sessions reach has the longer bar; the first step's fills its column."""
    lines = drawn(board(), 120, 40)
    lengths = {
        step: next(len(re.sub(r"[^█▏▎▍▌▋▊▉]", "", line)) for line in lines if f" {step} " in line)
        for step in ("product_view", "category", "add_to_cart", "order")
    }
    assert lengths["product_view"] > lengths["category"] > lengths["add_to_cart"] > lengths["order"] >= 1


def test_segments_are_drawn_on_one_scale() -> None:
    """The highest value of all segments is the highest column; no data is a gap; the newest is last."""
    courses = {"device=mobile": [0.2, 0.1, None, 0.1], "device=desktop": [0.1, 0.1, 0.1, 0.0]}
    lines = drawn(board(courses=courses), 80, 24)
    by_device = {line.split()[0]: line.rstrip() for line in lines if line.startswith(("mobile", "desktop"))}
    assert by_device["mobile"].endswith(" █▅ ▅")
    assert by_device["desktop"].endswith(" ▅▅▅▁")


def test_before_any_event_there_is_no_data() -> None:
    """Without any record read, rates are dashes, not zeros, and no segment is shown."""
    nothing = Snapshot(Status({}), {}, {"device": [], "user_type": [], "source": []})
    lines = drawn(board(nothing), 80, 24)
    assert row_of(lines, "order") == ["order", "0", "0", "-", "-", "-", "-"]
    assert "watermark lag -" in lines[1]
    assert not any(line.startswith("device") for line in lines)


def test_a_line_has_the_essence() -> None:
    """Where nothing can be drawn, one line tells time, speed, sessions, two rates and the latency."""
    line = plain_line(board())
    facts = ("162 s", "82 events/s", "1,400 sessions", "checkout.add_to_cart 11.2%", "checkout.order 2.6%")
    for fact in (*facts, "p50 182 ms p99 391 ms"):
        assert fact in line
    assert "\n" not in line


@pytest.mark.parametrize("ascii_only", [False, True])
def test_glyphs_grow_with_what_they_show(ascii_only: bool) -> None:
    """A longer bar is never of a smaller ratio, a higher column never of a smaller value; also in ASCII."""
    lengths = [len(bar(n / 80, 10, ascii_only=ascii_only)) for n in range(81)]
    assert lengths == sorted(lengths)
    assert (lengths[0], lengths[-1], len(bar(1.7, 10, ascii_only=ascii_only))) == (0, 10, 10)
    line = sparkline([n / 80 for n in range(81)], 1.0, 81, ascii_only=ascii_only)
    order = "_.-:=+*#" if ascii_only else "▁▂▃▄▅▆▇█"
    assert [order.index(column) for column in line] == sorted(order.index(column) for column in line)
    assert set(line) == set(order)
    assert line.isascii() == ascii_only
    assert sparkline([0.0, 0.0], 0.0, 5, ascii_only=ascii_only) == 2 * order[0]


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_each_preset_has_its_screen(preset: str, width: int, height: int) -> None:
    """Whatever is measured, with a funnel or without: all measures, and the devices by two of them, whole."""
    subject = subject_of(load(preset=preset, environ={}))
    lines = drawn(board(subject=subject), width, height)
    assert max(map(len, lines)) <= width
    text = "\n".join(lines)
    for measure in subject.measures:
        assert f" {measure.partition('.')[2]} " in text
    titles = row_of(lines, "device", "sessions")
    assert titles[2:4] == [measure.partition(".")[2] for measure in (subject.sample, subject.goal)]
    assert row_of(lines, "mobile")[1:4] == ["460", "11.1%", "2.4%"]
    assert ("trial: attempts across a visitor's sessions" in text) == (preset == "saas")
    line = plain_line(board(subject=subject))
    assert "1,400 sessions" in line
    assert subject.sample in line
    assert subject.goal in line
