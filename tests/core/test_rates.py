"""The owner of the rates: watermarks, windows, what is published and when."""

import pytest

from stream.agents.rates import RatesState, RatesTopics
from stream.core.closed import ClosedRow
from stream.core.definition import Definition, Micro, Times
from stream.core.delta import Code, Delta
from stream.core.rates import Rates

DEFINITION = Definition(micros=(Micro("share", "share"),), times=Times())
ENTER, CONVERT, ACT, LEAVE = (
    Code("enter", "session"),
    Code("convert", "micro.share"),
    Code("act", "micro.share"),
    Code("leave", "session", ("micro.share",)),
)
MINUTE = 60_000
BEGIN = 1_767_603_600_000


def delta(
    seq: int, watermark: int | None, *hits: tuple[int, Code, int], partition: int = 0, partitions: int = 1
) -> Delta:
    """Return a delta with hits (time, code, how often)."""
    codes = list(dict.fromkeys(code for _, code, _ in hits))
    found = [(time - time % 10_000, 0, codes.index(code), n) for time, code, n in hits]
    fingerprint = DEFINITION.fingerprint()
    return Delta(
        fingerprint, "w", partition, partitions, seq, watermark, None, (0,) * 5, [()], codes, found, [], []
    )


def advance(rates: Rates, *deltas: Delta) -> list[ClosedRow]:
    """Fold deltas, let time pass, and return what is published of the micro-conversion."""
    for found in deltas:
        rates.fold(found)
    rates.pass_time()
    return [row for row in rates.publish() if row.measure == "micro.share"]


def test_a_delta_is_folded_in_once() -> None:
    """Whatever is delivered again is skipped by its sequence."""
    rates = Rates(DEFINITION)
    one = delta(1, BEGIN, (BEGIN, ENTER, 1))
    advance(rates, one, one)
    advance(rates, one)
    assert rates.windows[MINUTE].rows["all"][:4] == [1, 0, 1, 0]
    assert rates.counters["all"][:2] == [0, 1], "nobody shared, one session"
    assert rates.skipped == 2


@pytest.mark.says("the global watermark is the least.")
def test_a_partition_not_heard_from_holds_the_watermark_back() -> None:
    """Nothing is closed until all partitions have spoken; one that never had an event does not count."""
    rates = Rates(DEFINITION)
    assert advance(rates, delta(1, BEGIN + 5 * MINUTE, (BEGIN, ENTER, 1), partitions=2)) == []
    assert rates.watermark is None
    published = advance(rates, delta(1, None, partition=1, partitions=2))
    assert rates.watermark == BEGIN + 5 * MINUTE
    assert [(row.window_start, row.sessions, row.mature) for row in published] == [(BEGIN, 1, False)]


@pytest.mark.says(
    "A closed row (`conversion-rates`) is published when the watermark passes its end and again whenever its"
    " content changes;"
)
def test_a_closed_window_is_published_when_it_changes_and_when_it_matures() -> None:
    """First at its close, again when its content changes, and once more when nobody in it can convert."""
    rates = Rates(DEFINITION)
    advance(rates, delta(1, BEGIN, (BEGIN, ENTER, 2)))
    (closed,) = advance(rates, delta(2, BEGIN + MINUTE))
    assert (closed.sessions, closed.converted, closed.open, closed.mature) == (2, 0, 2, False)
    assert advance(rates, delta(3, BEGIN + 2 * MINUTE)) == []
    changed = advance(rates, delta(4, BEGIN + 2 * MINUTE, (BEGIN, CONVERT, 1), (BEGIN + 2 * MINUTE, ACT, 1)))
    assert [(row.converted, row.open) for row in changed if row.window_start == BEGIN] == [(1, 1)]
    (left,) = advance(rates, delta(5, BEGIN + 11 * MINUTE, (BEGIN, LEAVE, 1)))[:1]
    assert (left.open, left.mature) == (0, True)


@pytest.mark.says("counts that fall back to 0 are published as 0;")
def test_counts_that_fall_back_are_published_as_zero() -> None:
    """A window whose only session moved elsewhere says 0 and has no ratio."""
    rates = Rates(DEFINITION)
    advance(rates, delta(1, BEGIN + MINUTE, (BEGIN, ENTER, 1)))
    (row,) = advance(rates, delta(2, BEGIN + MINUTE, (BEGIN, ENTER, -1)))
    assert (row.sessions, row.ratio, row.low) == (0, None, None)


@pytest.mark.says(
    "The sliding window ends with the pane that contains the global watermark + `out_of_order`;"
    " with no traffic it slides on and empties."
)
def test_windows_slide_on_and_empty() -> None:
    """The window ends with the pane that holds the newest time, and forgets what leaves it, exactly."""
    rates = Rates(DEFINITION)
    advance(rates, delta(1, BEGIN, (BEGIN, ENTER, 3), (BEGIN + 30_000, ENTER, 1)))
    window = rates.windows[MINUTE]
    assert (window.start, window.end) == (BEGIN - 40_000, BEGIN + 20_000)
    assert window.rows["all"][0] == 3, "a pane beyond its end is not in it yet"
    advance(rates, delta(2, BEGIN + 30_000))
    assert window.rows["all"][0] == 4
    advance(rates, delta(3, BEGIN + 50_000))
    assert window.rows["all"][0] == 1
    advance(rates, delta(4, BEGIN + 10 * MINUTE))
    assert "all" not in window.rows
    assert rates.windows[15 * MINUTE].rows["all"][0] == 4


def test_long_windows_slide_by_the_minute() -> None:
    """A day's window is made of minutes, and its ends lie on minutes."""
    rates = Rates(DEFINITION)
    advance(rates, delta(1, BEGIN + 25_000, (BEGIN, ENTER, 1)))
    window = rates.windows[86_400_000]
    assert (window.start, window.end) == (BEGIN + MINUTE - 86_400_000, BEGIN + MINUTE)
    assert window.rows["all"][0] == 1


class Nobody:
    """Shows the rates to nobody."""

    def opened(self, state: RatesState) -> None:
        """Ignore it."""

    def committed(self, state: RatesState, seq: int, closed: list[ClosedRow], oldest: list[int]) -> None:
        """Ignore it."""

    def released(self, state: RatesState) -> None:
        """Ignore it."""


def test_what_waits_to_be_published_survives_a_crash() -> None:
    """A change that was not published yet is, after the rows were read back by another process."""
    import msgspec

    from stream.engine.api import Chunk

    def state() -> RatesState:
        return RatesState(DEFINITION, RatesTopics("rates", "history"), lambda *_: 0, lambda: 7, Nobody())

    def feed(target: RatesState, offset: int, found: Delta) -> None:
        target.apply(
            Chunk("d", 0, [msgspec.msgpack.encode(found)], [b"0"], [0], [offset], offset, offset + 1)
        )

    first = state()
    first.restored()
    rows: dict[bytes, bytes | None] = {}
    for seq, now, found in (
        (1, 5_000, delta(1, BEGIN + MINUTE, (BEGIN, ENTER, 1))),
        (2, 5_100, delta(2, BEGIN + MINUTE, (BEGIN, CONVERT, 1))),
    ):
        feed(first, seq - 1, found)
        first.tick(now, {})
        flush = first.flush(seq)
        rows.update(flush.rows)
    assert flush.effects == [], "a change waits for its turn"
    second = state()
    for key, value in rows.items():
        second.restore(key, value)
    second.restored()
    second.tick(9_000_000, {})
    (published,) = second.flush(3).effects
    assert published.value is not None
    assert msgspec.json.decode(published.value)["converted"] == 1
    assert second.born == 7
