"""All values of the rates in pieces: nothing too large, nothing left out, nothing old."""

from collections.abc import Iterable, Mapping

import msgspec
import pytest

from stream.agents.rates import RatesState
from stream.configuration import load
from stream.core.bucket import HOUR, MINUTE, MINUTES_FOR
from stream.core.plans import Plans
from stream.core.rates import Rates
from stream.sinks.live import ROWS_A_PIECE, WINDOWS_A_PIECE, LiveRates
from stream.sinks.redis_values import Hash, Scored, Value
from tests.laws.pipeline import Pipeline
from tests.oracle import Read

SHOP = load(preset="ecommerce", environ={})
DEFINITION = SHOP.definition()
NOW = 1_767_603_600_000
HISTORY = "mc:history:checkout.order:all"

Sets = dict[str, dict[int, str]]
"""Sorted sets as Redis has them."""


def live(watched: tuple[str, ...] = SHOP.watched_segments()) -> LiveRates:
    """Return what makes the values of keys."""
    return LiveRates("mc", SHOP.redis.history, watched, Plans(DEFINITION), 600_000)


def rates_of(starts: Iterable[int], segments: tuple[str, ...] = ("all",)) -> Rates:
    """Return rates in which something of every measure happened in each of these minutes, closed by NOW."""
    rates = Rates(DEFINITION)
    row = msgspec.msgpack.encode((0, [7, 3, 1, 4] * len(rates.measures), {}))
    for start in starts:
        for segment in segments:
            rates.levels[1].restore((start, segment), row)
    for closed in rates.closed:
        closed.closed_until = NOW
    rates.watermark = NOW
    rates.restored()
    return rates


def change(rates: Rates, start: int) -> None:
    """Let something more happen in a minute."""
    slot = rates.levels[1].touch(start, "all")
    slot.cells[:] = [count + 1 for count in slot.cells]
    rates.closed[0].changed(start, "all", slot, 2 ** len(rates.measures) - 1)


def write(sets: Sets, values: Mapping[str, Value]) -> None:
    """Do what Redis is told to do with histories."""
    for key, value in values.items():
        if isinstance(value, Scored):
            begin, end = value.span or (0, 0)
            found = {
                score: member
                for score, member in sets.get(key, {}).items()
                if score < begin or (end is not None and score >= end)
            }
            found |= {score: member for score, member in value.members.items() if member is not None}
            sets[key] = {score: member for score, member in found.items() if score >= value.keep_from}


def test_no_piece_is_large() -> None:
    """Eight days of minutes of all segments that alerts watch come in pieces that block nobody for long."""
    segments = tuple(s for s in Rates(DEFINITION).segments.all() if live().is_watched(s))
    assert len(segments) > 3
    rates = rates_of(range(NOW - MINUTES_FOR, NOW, MINUTE), segments)
    pieces = rows = 0
    for piece in live().everything(rates):
        pieces += 1
        found = [value for value in piece.values() if isinstance(value, Scored)]
        assert len(piece) - len(found) <= WINDOWS_A_PIECE
        assert sum(len(value.members) for value in found) <= ROWS_A_PIECE
        rows += sum(len(value.members) for value in found)
    assert rows == len(segments) * len(rates.measures) * MINUTES_FOR // MINUTE
    assert pieces < 1.2 * rows / ROWS_A_PIECE, "nor are they needlessly small"


@pytest.mark.parametrize("segments", [1, 7, 150])
def test_many_segments(segments: int) -> None:
    """However many segments are watched, pieces are bounded, and they have every minute of each once."""
    rates = rates_of([], ())
    admitted = [f"source=s{n}" for n in range(segments)]
    rates.segments.admitted["source"] = {f"s{n}": None for n in range(segments)}
    for start in range(NOW - 90 * MINUTE, NOW, MINUTE):
        for segment in admitted:
            rates.levels[1].touch(start, segment).cells[:4] = [1, 1, 0, 1]
    minutes: dict[str, list[int]] = {}
    for piece in live(("source",)).everything(rates):
        assert len(piece) <= max(WINDOWS_A_PIECE, 5 * len(rates.measures))
        found = {key: value for key, value in piece.items() if isinstance(value, Scored)}
        assert sum(len(value.members) for value in found.values()) <= ROWS_A_PIECE
        for key, value in found.items():
            minutes.setdefault(key, []).extend(value.members)
    measure = rates.measures[0]
    wanted = list(range(NOW - 90 * MINUTE, NOW, MINUTE))
    assert {key: sorted(found) for key, found in minutes.items() if found} == {
        f"mc:history:{measure}:{segment}": wanted for segment in admitted
    }


def test_windows_come_first_and_new_minutes_before_old_ones() -> None:
    """Spans of a history follow each other without gap or overlap, from the newest down to its beginning."""
    rates = rates_of(range(NOW - 1_000 * MINUTE, NOW, MINUTE))
    kinds = []
    spans = []
    for piece in live().everything(rates):
        kinds += [isinstance(value, Scored) for value in piece.values()]
        value = piece.get(HISTORY)
        if isinstance(value, Scored):
            spans.append(value.span)
    assert kinds == sorted(kinds), "all windows before all histories"
    assert len(spans) > 10
    begins, ends = zip(*(span for span in spans if span is not None), strict=True)
    assert ends == (None, *begins[:-1])
    assert list(begins) == sorted(begins, reverse=True)
    assert begins[-1] == NOW - SHOP.redis.history


def test_a_quiet_site_has_few_pieces() -> None:
    """Minutes in which nothing happened cost nothing, and what Redis has of them goes."""
    rates = rates_of([NOW - 8_000 * MINUTE, NOW - 3 * MINUTE])
    pieces = list(live().everything(rates))
    assert len(pieces) < 10
    sets: Sets = {HISTORY: {NOW - n * MINUTE: "wrong" for n in (-5, 0, 1, 3, 7_000, 9_000, 20_000)}}
    for piece in pieces:
        write(sets, piece)
    assert set(sets[HISTORY]) == {NOW - 3 * MINUTE, NOW - 8_000 * MINUTE}
    assert "wrong" not in sets[HISTORY].values()


@pytest.mark.parametrize("when", [0, 3, 8, 12])
def test_minutes_that_come_change_and_go_between_pieces(when: int) -> None:
    """Whenever the rates change during a rebuild, pieces and offers together are what they are in the end."""
    begin = NOW - MINUTES_FOR
    old = range(begin, begin + 400 * MINUTE, MINUTE)
    new = range(NOW - 400 * MINUTE, NOW, MINUTE)
    rates, told, sets = rates_of([*old, *new]), live(), Sets()
    for n, piece in enumerate(told.everything(rates)):
        # As the writer does: what was offered before the piece is written before it.
        write(sets, piece)
        if n == when:
            for start in (NOW, NOW - 3 * MINUTE, NOW - 200 * MINUTE, NOW - 4_000 * MINUTE, old[300]):
                change(rates, start)
            rates.watermark = NOW + 150 * MINUTE
            for closed in rates.closed:
                closed.pass_time(rates.watermark)
            offered = told.history(rates.publish(), rates.closed[0].closed_until)
            dropped = dict(rates.forget())[1]
            write(sets, offered)
    assert len(dropped) > 100
    wanted: Sets = {}
    for piece in told.everything(rates):
        write(wanted, piece)
    assert sets[HISTORY] == wanted[HISTORY]
    assert {NOW, NOW - 4_000 * MINUTE, old[300]} < set(sets[HISTORY])
    assert min(sets[HISTORY]) == NOW + 150 * MINUTE - SHOP.redis.history


def test_what_changes_during_a_rebuild_is_told_by_itself() -> None:
    """A rebuild takes no change as told: what came after a piece of it, nobody else would tell."""
    rates, told = rates_of([NOW - MINUTE]), live()
    told.windows(rates)
    rates.windows[HOUR].touch("all")
    assert len(list(told.everything(rates))) > 2
    values, _ = told.windows(rates)
    assert "mc:rate:checkout.order:1h:all" in values


def test_everything_includes_what_has_left_the_window() -> None:
    """A new owner says 0 of segments that are no longer in a window: its predecessor may have shown them."""
    pipeline = Pipeline(DEFINITION, 1)
    event = {"name": "share", "time": NOW, "visitor_id": "v", "source": "vouchers"}
    later = {"name": "share", "time": NOW + 600_000, "visitor_id": "w", "source": "google"}
    for n, found in enumerate((event, later)):
        read = Read("site-events", 0, n, NOW + n * 600_000, msgspec.json.encode(found))
        pipeline.sessions[0].apply("site-events", 0, n, [read])
        pipeline.flush(0, at_end=True)
        pipeline.flush_rates()
    state = pipeline.rates.state
    assert isinstance(state, RatesState)
    values = {key: value for piece in live().everything(state.core) for key, value in piece.items()}
    gone = values["mc:rate:micro.share:1m:source=vouchers"]
    assert isinstance(gone, Hash)
    assert gone.fields["sessions"] == "0"
