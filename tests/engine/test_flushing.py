"""When a table's partitions are flushed, besides regularly."""

import asyncio

from stream.engine import Connection, Engine
from stream.engine.transport import Delivery
from tests.engine.fakes import NotingLog, NotingObserver, NotingState, chunk, partition, topology
from tests.engine.test_engine import deliver, engine, table_of


async def test_a_claim_on_its_way_is_waited_for_before_partitions_move() -> None:
    """A claim that arrived after that of the next owner would fence the next owner."""
    table = table_of(engine())
    own = partition(NotingState())
    table.owned = {1: own}
    table.resume()

    moving = asyncio.ensure_future(table.flush_and_suspend())
    await asyncio.wait([moving], timeout=0.05)
    assert not moving.done()
    own.claimed.set()
    await asyncio.wait_for(moving, 1)


async def test_a_flush_comes_as_soon_as_enough_was_read() -> None:
    """With ``flush_bytes`` chunks are flushed by their size, not only by time, and applied one by one."""
    connection = Connection(brokers=("127.0.0.1:1",), group="shop")
    state = NotingState()
    options = {"make_state": lambda _: state, "flush_bytes": 10}
    made = Engine(connection, [topology(**options)], NotingObserver())
    table = table_of(made)
    own = partition(state, flush_bytes=10)
    own.position = {"clicks": 0, "orders": 0}
    own.open.set_result(None)
    table.owned = {1: own}
    table.resume()

    chunks = [chunk("clicks", at, at + 3) for at in (0, 3, 6)]  # of six bytes each
    await table.take(deliver(*[Delivery(made.app.consumer._epoch, one) for one in chunks]))

    assert [call[0] for call in state.calls] == ["apply", "apply", "tick", "flush", "committed", "apply"]
    assert isinstance(own.log, NotingLog)
    assert [write.position["clicks"] for write in own.log.written] == [6]
