import io
from dataclasses import replace

import pytest
from rich.cells import cell_len
from rich.console import Console

from stream.configuration import load
from stream.top.board import Board, Observer
from stream.top.reading import Reading
from stream.top.subject import Choice, subject_of
from stream.top.view import View
from tests.top.boards import FIVE, VALUES, WHERE, board, history, rate, rates, reading
from tests.top.shop import SUBJECT

SIZES = [(80, 24), (120, 40)]
CART = "checkout.add_to_cart"


def drawn(shown: Board, width: int, height: int, *, keys: bool = True) -> list[str]:
    """Return the lines of a terminal of that size."""
    console = Console(width=width, height=height, record=True, file=io.StringIO(), force_terminal=True)
    console.print(View(shown, keys=keys), height=height)
    return console.export_text().splitlines()


def row_of(lines: list[str], label: str) -> list[str]:
    """Return the words of the first row with this label."""
    return next(line.split() for line in lines if line.startswith(f"  {label} "))


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_the_screen_has_all_that_matters(width: int, height: int) -> None:
    """At 80x24 and 120x40: the work, every step and action with its numbers, the devices, the keys."""
    lines = drawn(board(), width, height)
    assert lines[0].rstrip() == "microconv  5m all  82 events/s  watermark lag 0.1 s  1 worker"
    outcomes = "late 5  rejected 7  duplicate 43  bot 0  counted 14,000"
    assert lines[1].rstrip() == f"data 0.2 s old  {outcomes}"
    assert row_of(lines, "add_to_cart") == ["add_to_cart", "812", "91", "11.2%", "9.2-13.2%", "16.7%", "-"]
    assert row_of(lines, "order")[1:4] == ["812", "21", "2.6%"]
    assert row_of(lines, "category")[1:4] == ["1,022", "700", "68.5%"]
    for micro, converted in {"newsletter": "30", "search": "200", "wishlist": "80", "share": "28"}.items():
        assert row_of(lines, micro)[1:3] == ["1,400", converted]
    assert row_of(lines, "mobile")[1:4] == ["101", "11", "10.9%"]
    assert any("q ends  w window  s segment" in line for line in lines)
    assert any(line.startswith("q ends") or "Ctrl-C" in line for line in drawn(board(), 80, 24, keys=False))


def troubled() -> Board:
    """Return a board that Redis went away under, with a long reason."""
    observer = Observer(SUBJECT, WHERE)
    observer.observe(reading(), FIVE, 100.0)
    return observer.observe(None, FIVE, 142.0, "Connection refused " * 20)


def wide() -> Board:
    """Return a board with names, values and numbers wider than any column."""
    values = {"source": ["漢字" * 40, "x" * 200, "tab\tand\nline", "\x1b[2J\u202e", ""]}
    places = {(SUBJECT.sample, f"source={value}"): rate(10**12, 10**11) for value in values["source"]}
    return board(replace(reading(found={**rates(), **places}, read=10**15), values=values))


@pytest.mark.parametrize(("width", "height"), [*SIZES, (60, 15), (300, 100), (40, 10), (20, 3), (5, 1)])
@pytest.mark.parametrize("shown", [board(), troubled(), wide()], ids=["usual", "troubled", "wide"])
def test_the_screen_is_never_larger_than_the_terminal(shown: Board, width: int, height: int) -> None:
    """Whatever there is: no line is longer than the terminal is wide, and no more of them than it is high."""
    lines = drawn(shown, width, height)
    while lines and not lines[-1].strip():
        lines.pop()
    assert len(lines) <= height
    assert max(map(cell_len, lines)) <= width


def test_what_does_not_fit_is_named() -> None:
    """At 80x24 the further dimensions are hidden and named; at 120x60 everything is there."""
    small = drawn(board(), 80, 24)
    assert small[-1].rstrip() == "q ends  w window  s segment  no room for: source, user_type, session"
    large = drawn(board(), 120, 60)
    assert not any("no room" in line for line in large)
    for value in (value for values in VALUES.values() for value in values):
        assert row_of(large, value)
    tiny = drawn(board(), 80, 10)
    assert row_of(tiny, "order")
    assert "no room for: 1 of checkout" in drawn(board(), 80, 9)[-1]
    assert "no room for: browse, micro, device" in tiny[-1]


def test_no_data_is_no_zero() -> None:
    """A row without sessions says so; where nothing was ever read, every row does, and it is said why."""
    some = {**rates(), (CART, "all"): replace(rate(1, 1), sessions=0, ratio=None, flow_ratio=None, low=None)}
    row = row_of(drawn(board(reading(found=some)), 80, 24), "add_to_cart")
    assert row[3:] == ["no", "data", "-", "-", "-"]
    nothing = Observer(SUBJECT, WHERE).observe(replace(reading(found={}), status=None), FIVE, 100.0)
    lines = drawn(nothing, 80, 24)
    assert "- events/s" in lines[0]
    assert "data - old" in lines[1]
    assert "has no mc:status: no worker has written there" in lines[2]
    assert row_of(lines, "order")[1:] == ["0", "0", "no", "data", "-", "-", "-"]
    assert "%" not in " ".join(line for line in lines[5:-3] if "95" not in line)


def with_minutes(*flows: float | None) -> Reading:
    """Return a reading in which the carts of all and of mobiles had such minutes."""
    return reading(histories={(CART, segment): history(*flows) for segment in ("all", "device=mobile")})


def test_a_change_beyond_chance_is_marked() -> None:
    """From 40 % to 16.7 % of 812 is marked; of 101 mobiles from 16 % to 15.8 % is not."""
    lines = drawn(board(with_minutes(*[0.4] * 11)), 80, 24)
    assert row_of(lines, "add_to_cart")[6] == "-58%!"
    lines = drawn(board(with_minutes(*[0.16] * 11)), 80, 24)
    assert row_of(lines, "mobile")[6] == "-1%"
    assert row_of(lines, "tablet")[6] == "-"


def test_minutes_are_drawn_newest_last() -> None:
    """A course ends with the last closed minute, is cut on the left, and has gaps where nothing happened."""
    lines = drawn(board(with_minutes(0.1, 0.2, None, 0.4, 0.0)), 80, 24)
    assert next(line for line in lines if "add_to_cart" in line).rstrip().endswith("▃▅ █▁")
    long = drawn(board(with_minutes(*[0.4] * 60, 0.0)), 80, 24)
    course = next(line for line in long if "add_to_cart" in line).split()[-1]
    assert course == "█" * (len(course) - 1) + "▁"
    larger = drawn(board(with_minutes(*[0.4] * 60, 0.0)), 120, 40)
    assert len(next(line for line in larger if "add_to_cart" in line).split()[-1]) > len(course) + 30


def test_a_segment_without_minutes_says_so() -> None:
    """What no alert watches has windows only; the screen tells of which segments there is more."""
    lines = drawn(board(reading(Choice(FIVE.window_ms, "source=shop-1"))), 120, 60)
    assert "microconv  5m source=shop-1" in lines[0]
    assert any("no minutes and change of source=shop-1: only all and device have them" in x for x in lines)


def test_trouble_stands_above_the_numbers() -> None:
    """When Redis is away the last numbers stay, with the sentence above them and their age in the header."""
    lines = drawn(troubled(), 80, 24)
    assert lines[1].startswith("data 42 s old")
    assert lines[2].startswith(f"Redis at {WHERE} cannot be read: Connection refused")
    assert row_of(lines, "add_to_cart")[1] == "812"


def test_a_table_has_everything() -> None:
    """Without a terminal nothing is hidden, no key is told, and there are no colours."""
    out = io.StringIO()
    Console(width=80, file=out, color_system=None).print(View(board(), live=False))
    text = out.getvalue()
    assert "\x1b" not in text
    for value in (value for values in VALUES.values() for value in values):
        assert row_of(text.splitlines(), value)
    assert "no room" not in text
    assert "q ends" not in text
    assert text.endswith("beyond chance\n")


@pytest.mark.parametrize(
    ("preset", "titles", "sample"),
    [
        ("saas", ["trial  attempts across a visitor's sessions"], "trial.pricing_view"),
        ("content", ["micro  secondary actions"], "micro.video_start"),
        ("leads", ["lead", "micro  secondary actions"], "lead.form_submit"),
    ],
)
def test_each_preset_has_its_screen(preset: str, titles: list[str], sample: str) -> None:
    """With a funnel or without: all measures, the devices by one of them, whole visits last."""
    subject = subject_of(load(preset=preset, environ={}))
    found = {(measure, "all"): rate(640, 90) for measure in subject.measures}
    found |= {(sample, f"device={device}"): rate(100, 10) for device in VALUES["device"]}
    observer = Observer(subject, WHERE)
    lines = drawn(observer.observe(reading(found=found), FIVE, 100.0), 80, 40)
    shown = [line.rstrip() for line in lines if line[:1].isalpha()]
    assert [line for line in shown if line in titles] == titles
    assert f"device  {sample}" in shown
    for measure in subject.measures:
        assert row_of(lines, measure.partition(".")[2])[1:3] == ["640", "90"]
    assert row_of(lines, "mobile")[1:3] == ["100", "10"]
