"""Facts about sessions as a replay prints them, against the batch and as people read them."""

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from stream.configuration import load
from stream.sinks.keys import SESSION_HASH
from tests.oracle import judge, rows
from tests.oracle.rates import size_ms
from tests.oracle.summary import Visit, summary, unlike, visits
from tests.replay.running import in_order, run, write
from tests.replay.test_times import days_of

Place = tuple[str, str, int]


@pytest.mark.parametrize("cores", [1, 3])
@pytest.mark.parametrize("preset", ["ecommerce", "saas", "content", "leads"])
def test_facts_of_each_preset_equal_the_batch(preset: str, cores: int, tmp_path: Path) -> None:
    """Of each closed minute and hour and segment in which sessions began, in order, and once, as in Redis."""
    definition = load(preset=preset, environ={}).definition()
    records = days_of(preset)
    out = run(definition, write(tmp_path / "a", records), what="facts", step=300, cores=cores).out
    lines = [json.loads(line) for line in out.splitlines()]
    order = [(x["window_end"], -x["window_start"], x["segment"]) for x in lines]
    assert order == sorted(order)

    judged = judge(in_order(records, definition), definition)
    scope = rows(judged, definition, unlisted=True).scope
    inside: dict[Place, list[Visit]] = defaultdict(list)
    for visit in visits(judged, definition):
        for segment in filter(scope.segment, visit.segments):
            for size in ("1m", "1h"):
                inside[segment, size, visit.start // size_ms(size) * size_ms(size)].append(visit)
    found: dict[Place, dict[str, Any]] = {}
    for line in lines:
        assert line.keys() == {"segment", "size", *(field.name for field in SESSION_HASH)}
        place = line.pop("segment"), line.pop("size"), line.pop("window_start")
        assert line.pop("window_end") == place[2] + size_ms(place[1])
        if scope.segment(place[0]):
            assert place not in found
            found[place] = {name: value for name, value in line.items() if value is not None}
    assert found.keys() == inside.keys()
    wanted = {place: summary(some, definition) for place, some in inside.items()}
    assert [(p, wrong) for p, some in wanted.items() if (wrong := unlike(found[p], some))] == []
    told = {name for fields in found.values() for name in fields}
    assert ("revenue_per_session" in told) == (preset in ("ecommerce", "leads")), (
        "others sell across sessions"
    )


def test_people_read_facts(tmp_path: Path) -> None:
    """One block of all sessions, the one that is among the totals, and no line too long."""
    definition = load(preset="ecommerce", environ={}).definition()
    file = write(tmp_path / "a", days_of("ecommerce"))
    text = run(definition, file, what="facts", as_json=False).out.decode()
    block = text.partition("\n\n")[0]
    assert block.startswith("session ")
    assert "... of high intent" in block
    assert block in run(definition, file, as_json=False).out.decode()
    assert "records read" in text
    assert max(map(len, text.splitlines())) <= 80
