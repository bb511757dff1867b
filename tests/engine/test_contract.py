"""What the engine takes for granted of Faust's and aiokafka's insides; a new version must fail here first.

Three kinds: functions that are replaced or called, with their parameters; lines of stock functions that are
relied on; and how those parts behave that nothing else here would notice.
"""

import asyncio
import inspect
from functools import reduce
from importlib import import_module
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.consumer.subscription_state import Assignment
from aiokafka.errors import KafkaError
from aiokafka.producer.message_accumulator import BatchBuilder
from mode import Service

from stream.engine import recovery, table, transport, worker
from stream.engine.versions import PINNED, UnsupportedVersionError, check_versions

FUNCTIONS = {
    # replaced or extended by stream.engine.transport
    "faust.transport.drivers.aiokafka:AIOKafkaConsumerThread._create_worker_consumer": "self transport",
    "faust.transport.drivers.aiokafka:AIOKafkaConsumerThread._fetch_records": (
        "self consumer active_partitions timeout max_records"
    ),
    "faust.transport.drivers.aiokafka:AIOKafkaConsumerThread._commit": "self offsets",
    "faust.transport.drivers.aiokafka:Consumer._new_consumer_thread": "self",
    "faust.transport.drivers.aiokafka:Consumer._to_message": "self tp record",
    "faust.transport.drivers.aiokafka:Consumer.verify_event_path": "self now tp",
    "faust.transport.consumer:Consumer.getmany": "self timeout",
    "faust.transport.consumer:Consumer._wait_next_records": "self timeout",
    "faust.transport.consumer:Consumer._add_gap": "self tp offset_from offset_to",
    "faust.transport.consumer:Consumer.wait_empty": "self",
    "faust.transport.consumer:Consumer.force_commit": "self topics start_new_transaction",
    # called by it
    "faust.transport.consumer:Consumer.commit": "self topics start_new_transaction",
    "faust.transport.consumer:Consumer.resume_partitions": "self tps",
    "faust.transport.consumer:Consumer.resume_flow": "self",
    "faust.transport.consumer:Consumer._get_active_partitions": "self",
    "faust.transport.consumer:ThreadDelegateConsumer._getmany": "self active_partitions timeout",
    "mode.threads:QueueServiceThread.call_thread": "self fun args kwargs",
    # replaced or called by stream.engine.recovery
    "faust.tables.recovery:Recovery.on_rebalance": "self assigned revoked newly_assigned generation_id",
    "faust.tables.recovery:Recovery._wait": "self coro timeout",
    "faust.tables.recovery:Recovery._set_recovery_started": "self",
    "faust.tables.recovery:Recovery._set_recovery_ended": "self",
    "faust.tables.manager:TableManager.on_start": "self",
    "faust.tables.manager:TableManager._update_channels": "self",
    "faust.tables.manager:TableManager.on_actives_ready": "self",
    "faust.tables.manager:TableManager.on_standbys_ready": "self",
    # replaced by stream.engine.table
    "faust.tables.base:Collection.on_start": "self",
    "faust.tables.base:Collection.on_rebalance": "self assigned revoked newly_assigned generation_id",
    # replaced, extended or called by stream.engine.app and worker
    "faust.app.base:App._new_transport": "self",
    "faust.app.base:App._create_directories": "self",
    "faust.app.base:App.on_rebalance_start": "self",
    "faust.app.base:App.on_rebalance_end": "self",
    "faust.app.base:App.on_init_dependencies": "self",
    "faust.app.base:BootStrategy.server": "self",
    "faust.app.base:BootStrategy._should_enable_kafka_producer": "self",
    "mode.services:Service._crash": "self reason",
    "mode.worker:Worker._sentinel_task": "self",
    # called by stream.engine.fetch
    "aiokafka.consumer.fetcher:Fetcher._create_fetch_waiter": "self",
    "aiokafka.consumer.fetcher:Fetcher._notify": "self future",
    "aiokafka.consumer.fetcher:FetchResult.check_assignment": "self tp",
    "aiokafka.consumer.fetcher:FetchResult.has_more": "self",
    "aiokafka.consumer.fetcher:FetchResult._update_position": "self",
    "aiokafka.consumer.fetcher:PartitionRecords._consume_aborted_up_to": "self batch_offset",
    "aiokafka.consumer.fetcher:PartitionRecords._contains_abort_marker": "self next_batch",
    "aiokafka.consumer.subscription_state:SubscriptionState.is_assigned": "self tp",
    "aiokafka.consumer.subscription_state:SubscriptionState.fetch_context": "self",
    "aiokafka.consumer.subscription_state:Assignment.state_value": "self tp",
    # called by stream.engine.coordination
    "aiokafka.consumer.group_coordinator:GroupCoordinator.check_errors": "self",
    # extended or called by stream.engine.assigned
    "aiokafka.consumer.subscription_state:SubscriptionState.assign_from_subscribed": "self assignment",
    "aiokafka.consumer.subscription_state:SubscriptionState._assigned_state": "self tp",
    "aiokafka.consumer.subscription_state:TopicPartitionState.seek": "self position",
    "aiokafka.consumer.subscription_state:TopicPartitionState.pause": "self",
    # called by stream.engine.log_transactional
    "aiokafka.producer.message_accumulator:MessageAccumulator._append_batch": "self builder tp",
    "aiokafka.producer.message_accumulator:BatchBuilder.append": "self timestamp key value headers",
}


@pytest.mark.parametrize("place", FUNCTIONS)
def test_functions_that_are_replaced_or_called_have_the_known_parameters(place: str) -> None:
    """An override with other parameters than the original would fail in the middle of a rebalance."""
    module, path = place.split(":")
    function: Any = reduce(getattr, path.split("."), import_module(module))

    assert " ".join(inspect.signature(function).parameters) == FUNCTIONS[place]


SOURCES = {
    "aiokafka.consumer.fetcher:Fetcher.fetched_records": (
        "self._records",
        "self._subscriptions.is_assigned",
        "self._wait_consume_future",
    ),
    "aiokafka.consumer.fetcher:Fetcher._proc_fetch_request": (
        "tp_state.lso = lso",
        "tp_state.highwater = highwater",
    ),
    "aiokafka.consumer.consumer:AIOKafkaConsumer.start": (
        "fetch_min_bytes=self._fetch_min_bytes",
        "fetch_max_wait_ms=self._fetch_max_wait_ms",
        "isolation_level=self._isolation_level",
        "            self._subscription,",
    ),
    "aiokafka.consumer.fetcher:Fetcher._get_actions_per_node": (
        "elif not tp_state.has_valid_position:",
        "elif tp_state.paused:",
    ),
    "aiokafka.consumer.fetcher:PartitionRecords._unpack_records": (
        "self._consume_aborted_up_to(next_batch.base_offset)",
        "self._aborted_producers.discard(next_batch.producer_id)",
        "next_batch.is_transactional",
        "self.next_fetch_offset = next_batch.next_offset",
    ),
    "faust.transport.consumer:Consumer._drain_messages": (
        "offset >= r_offset",
        "getmany(timeout=1.0)",
        "set_read_offset(tp, offset)",
    ),
    "faust.app.base:App._on_partitions_revoked": ("consumer.stop_flow", "self._consumer_wait_empty"),
    "faust.app.base:App._on_partitions_assigned": ("self.tables.on_rebalance",),
    "faust.app.base:App._stop_consumer": ("consumer.stop_flow()", "self._consumer_wait_empty"),
    "faust.tables.manager:TableManager.on_rebalance": ("table.on_rebalance", "self.recovery.on_rebalance"),
    "faust.transport.conductor:Conductor._update_indices": (
        "if channel.internal:",
        "channel.maybe_declare()",
    ),
}


@pytest.mark.parametrize("place", SOURCES)
def test_functions_that_are_relied_on_still_do_what_was_read(place: str) -> None:
    """Where the engine stands beside a stock function, the lines it stands on are still there."""
    module, path = place.split(":")
    function: Any = reduce(getattr, path.split("."), import_module(module))
    source = inspect.getsource(function)

    assert [line for line in SOURCES[place] if line not in source] == []


@pytest.mark.parametrize(
    ("kind", "base", "tasks"),
    [
        (
            recovery.StateRecovery,
            "faust.tables.recovery:Recovery",
            {"_restart_recovery", "_slurp_changelogs", "_publish_stats"},
        ),
        (recovery.StateTables, "faust.tables.manager:TableManager", set()),
        (worker.EngineWorker, "mode.worker:Worker", set()),
        (table.StateTable, "faust.tables.base:Collection", {"_clean_data"}),
        (
            transport.ChunkConsumer,
            "faust.transport.consumer:Consumer",
            {"_commit_handler", "_commit_livelock_detector"},
        ),
    ],
)
def test_background_tasks_of_stock_services_are_the_known_ones(
    kind: type, base: str, tasks: set[str]
) -> None:
    """A new background task of a base class would run beside the engine's without anybody having read it."""
    module, name = base.split(":")
    stock: Any = getattr(import_module(module), name)

    assert stock._tasks[stock._get_class_id()] == tasks
    assert issubclass(kind, stock)


def test_a_task_of_a_subclass_replaces_that_of_its_base() -> None:
    """Mode starts the subclass's task of the same name, and only that."""

    class Base(Service):  # type: ignore[misc]  # mode has no types under --strict
        @Service.task  # type: ignore[untyped-decorator]  # as above
        async def _work(self) -> None:
            raise AssertionError("the stock task runs")

    class Replaced(Base):
        @Service.task  # type: ignore[untyped-decorator]  # as above
        async def _work(self) -> None:
            """Do nothing."""

    tasks = list(Replaced()._get_tasks())

    assert [task.fun for task in tasks] == [vars(Replaced)["_work"].fun]


async def test_a_fresh_assignment_knows_no_ends() -> None:
    """``at_end`` must come from a fetch answer since the assignment: before one, nothing is known."""
    partition = TopicPartition("events", 0)
    state = Assignment([partition]).state_value(partition)

    assert (state.lso, state.highwater, state.has_valid_position, state.paused) == (None, None, False, False)


async def test_batches_queue_up_for_one_partition_without_a_wait() -> None:
    """Several batches of one topic partition can be handed over at once, and keep their order."""
    producer = AIOKafkaProducer(transactional_id="contract")
    accumulator = producer._message_accumulator
    producer._txn_manager.set_pid_and_epoch(1, 1)
    producer._txn_manager.begin_transaction()
    target = TopicPartition("events", 0)
    try:
        batches = [
            accumulator._append_batch(BatchBuilder(100, 0, is_transactional=True), target) for _ in range(2)
        ]

        assert list(accumulator._batches[target]) == batches
        assert producer._txn_manager.partitions_to_add() == {target}
        assert not any(batch.future.done() for batch in batches)
        accumulator.fail_all(KafkaError("the end"))
        results = await asyncio.gather(*[batch.future for batch in batches], return_exceptions=True)
        assert all(isinstance(result, KafkaError) for result in results), (
            "failures arrive in the futures only"
        )
        assert accumulator._exception is not None, "and later batches are to be refused"
    finally:
        await producer.client.close()
        producer._closed = True


def test_other_versions_are_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """With another Faust or aiokafka the engine does not start, and says what is there and what is wanted."""
    check_versions()
    monkeypatch.setitem(PINNED, "faust-streaming", "9.9.9")

    with pytest.raises(UnsupportedVersionError, match=r"faust-streaming 9\.9\.9, but 0\.15\.3 is installed"):
        check_versions()
    monkeypatch.setitem(PINNED, "faust-streaming", "0.15.3")
    monkeypatch.setitem(PINNED, "no-such-package", "1")
    with pytest.raises(UnsupportedVersionError, match="none is installed"):
        check_versions()
