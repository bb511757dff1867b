"""When the coordination of the group stops."""

import asyncio
from types import SimpleNamespace

import pytest
from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.errors import KafkaError

from tests.engine.test_engine import EndedError, endings, engine

__all__ = ["endings"]


@pytest.mark.usefixtures("endings")
async def test_a_worker_that_cannot_join_ends(caplog: pytest.LogCaptureFixture) -> None:
    """The client rests at an error of joining until asked: the process ends, and names group and error."""
    thread = engine().app.consumer._thread
    thread.check_coordination()  # not started yet
    coordinator = GroupCoordinator.__new__(GroupCoordinator)
    coordinator._subscription = SimpleNamespace(abort_waiters=lambda _: None)
    coordinator._closing = asyncio.get_running_loop().create_future()
    coordinator._coordination_task = asyncio.get_running_loop().create_future()
    coordinator._pending_exception = coordinator._error_consumed_fut = None
    thread._consumer = SimpleNamespace(_coordinator=coordinator)
    thread.check_coordination()  # all is well

    resting = asyncio.ensure_future(coordinator._push_error_to_user(KafkaError("no such topic")))
    await asyncio.sleep(0)
    with pytest.raises(EndedError):
        thread.check_coordination()
    assert "This worker cannot stay in its group shop: KafkaError: no such topic" in caplog.text
    coordinator._closing.set_result(None)
    await resting
    thread.check_coordination()  # it is closed
