import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.replay import sorter as module
from stream.replay.sorter import Sorter
from stream.replay.visits import Line, Lines


@given(st.lists(st.lists(st.integers(0, 30), max_size=12)), st.integers(1, 40))
def test_what_comes_out_is_sorted(groups: list[list[int]], memory: int) -> None:
    """However items come and however few fit into memory: they come out in order, none lost, none twice."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "FRAME", 2)
        patch.setattr(module, "LEAST_READ", 3)
        sorter = Sorter(Lines(), memory)
        items: list[Line] = []
        for group in groups:
            lines = [(number, "v", "", 0, b"text") for number in group]
            sorter.take(lines, len(lines))
            items += lines
        assert [item for found in sorter.sorted() for item in found] == sorted(items)
        assert sorter.count == len(items)


def test_what_is_nearly_in_order_is_sorted_once() -> None:
    """Of runs that overlap only where they meet, hardly anything is sorted when it is read back."""
    lengths: list[int] = []

    class Watched(Lines):
        def sort(self, items: list[Line]) -> None:
            lengths.append(len(items))
            super().sort(items)

    sorter = Sorter(Watched(), 40_000)
    rng = random.Random(1)
    lines: list[Line] = [(place + rng.randint(-50, 50), "v", str(place), 0, b"") for place in range(400_000)]
    for first in range(0, len(lines), 1_000):
        sorter.take(lines[first : first + 1_000], 1_000)
    assert [line for found in sorter.sorted() for line in found] == sorted(lines)
    assert len(lines) < sum(lengths) < 1.5 * len(lines)


def test_nothing_stays_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The temporary file has no name while it is used, so that no end of the process can leave it behind."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    sorter = Sorter(Lines(), 1_000)
    numbers = list(range(30_000))
    random.Random(1).shuffle(numbers)
    for number in numbers:
        sorter.take([(number, "v", "", 0, b"")], 1)
    found = sorter.sorted()
    first = next(found)
    assert first[0][0] == 0
    assert sorter.spilled > 0
    assert list(tmp_path.iterdir()) == []
    assert [line[0] for lines in (first, *found) for line in lines] == list(range(30_000))
