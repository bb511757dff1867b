import pytest
from aiokafka import TopicPartition

from stream.engine.fatal import EngineError
from stream.engine.partition import LostRecordsError, Partition
from stream.engine.rows import MARKER_KEY, OUTBOX_KEY, POSITION_KEY, Position
from tests.engine.fakes import NotingState, chunk, partition, rows

BEGINNINGS = {TopicPartition(topic, number): 0 for topic in ("clicks", "orders") for number in (0, 1)}


def opened(state: NotingState | None = None) -> Partition:
    """Return a partition without a past."""
    made = partition(state)
    made.restored(BEGINNINGS)
    return made


async def test_a_past_is_restored_from_rows_in_log_order() -> None:
    """State rows go to the state, later ones too, then ``restored``; the engine keeps its own."""
    state = NotingState()
    made = partition(state)

    made.restore(
        rows(
            (POSITION_KEY, Position(7, {"clicks": 50}).pack()),
            (b"row", b"old"),
            (MARKER_KEY, b""),
            (POSITION_KEY, Position(8, {"clicks": 60}).pack()),
            (b"row", b"new"),
            (b"gone", None),
            (OUTBOX_KEY, b"box"),
        )
    )
    made.restored({**BEGINNINGS, TopicPartition("orders", 1): 30})

    assert state.calls == [
        ("restore", b"row", b"old"),
        ("restore", b"row", b"new"),
        ("restore", b"gone", None),
        "restored",
    ]
    assert (made.seq, made.outbox) == (8, b"box")
    assert made.position == {"clicks": 60, "orders": 30}, "an input never read begins where its topic does"


async def test_what_was_applied_is_not_applied_again() -> None:
    """Chunks below the position are skipped, and the part of a chunk that is."""
    state = NotingState()
    made = opened(state)
    made.apply(chunk("clicks", 0, 10))

    made.apply(chunk("clicks", 0, 10))
    made.apply(chunk("clicks", 5, 12))

    assert state.calls[1:] == [("apply", "clicks", list(range(10))), ("apply", "clicks", [10, 11])]
    assert made.position == {"clicks": 12, "orders": 0}


async def test_holes_in_the_offsets_are_no_loss() -> None:
    """Markers and compacted records leave holes within and behind a chunk; the chain has none."""
    made = opened()

    made.apply(chunk("clicks", 0, 9, offsets=[2, 5]))
    made.apply(chunk("clicks", 9, 20, offsets=[15]))

    assert made.position["clicks"] == 20


async def test_a_chunk_that_never_arrived_is_found() -> None:
    """A chunk that starts past the position is refused, and says what is missing."""
    made = opened()
    made.apply(chunk("clicks", 0, 10))

    with pytest.raises(LostRecordsError, match=r"visits, partition 1: offsets 10 to 15 of input clicks"):
        made.apply(chunk("clicks", 15, 20))


async def test_a_flush_has_the_position_first_and_numbers_go_up() -> None:
    """Each flush is one more than the last durable one, and its position is that of what was applied."""
    state = NotingState()
    made = opened(state)
    made.apply(chunk("clicks", 0, 3))
    state.rows = [(b"row", b"1")]

    first = made.collect(1.0, {"clicks": True, "orders": False})
    assert first is not None
    made.apply(chunk("clicks", 3, 5))
    await made.write(first)
    second = made.collect(2.0, {})

    assert first.rows == [(POSITION_KEY, Position(1, {"clicks": 3, "orders": 0}).pack()), (b"row", b"1")]
    assert second is not None
    assert (first.seq, second.seq) == (1, 2)
    assert state.calls[2:] == [
        ("tick", {"clicks": True, "orders": False}),
        ("flush", 1),
        ("apply", "clicks", [3, 4]),
        ("committed", 1),
        ("tick", {}),
        ("flush", 2),
    ]
    assert made.durable == {"clicks": 3, "orders": 0}, "what is applied later is not durable yet"


async def test_nothing_new_writes_nothing_and_keeps_the_number() -> None:
    """An empty flush makes no transaction; the number is used by the next one that has something."""
    state = NotingState()
    made = opened(state)

    assert made.collect(1.0, {}) is None
    made.apply(chunk("clicks", 0, 4, offsets=[]))
    moved = made.collect(2.0, {})

    assert moved is not None
    assert moved.seq == 1
    assert len(moved.rows) == 1, "a new position alone is worth a flush: only markers were read"
    assert not [call for call in state.calls if call[0] == "apply"], (
        "an empty chunk is not shown to the state"
    )


async def test_a_flush_is_due_at_once_after_reading_and_seldom_when_idle() -> None:
    """What was read is due at the next flush; otherwise the idle interval counts from the last one."""
    made = opened()
    made.collect(10.0, {})

    assert not made.is_due(10.4)
    assert made.is_due(10.5)
    made.apply(chunk("orders", 0, 1))
    assert made.is_due(10.1)


async def test_row_keys_of_one_byte_are_refused() -> None:
    """A state cannot overwrite the engine's rows."""
    state = NotingState()
    made = opened(state)
    state.rows = [(b"p", b"mine")]

    with pytest.raises(EngineError, match="keys of one byte"):
        made.collect(1.0, {})


async def test_a_changelog_with_foreign_rows_is_refused() -> None:
    """A row without a key cannot be the engine's."""
    with pytest.raises(EngineError, match="without a key"):
        partition().restore(rows((None, b"value")))  # type: ignore[arg-type]  # that is the point
