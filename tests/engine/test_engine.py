"""The engine put together, without brokers: what is wired to what, and how it ends."""

import logging
import os
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiokafka.errors import CoordinatorNotAvailableError, NodeNotReadyError
from faust.types import TP

from stream.engine import Connection, Engine, Security, TopicSpec, fatal
from stream.engine.api import Chunk
from stream.engine.log_plain import PlainLog
from stream.engine.log_transactional import TransactionalLog
from stream.engine.logs import Passing, Seldom
from stream.engine.table import StateTable
from stream.engine.transport import ChunkConsumer, ChunkThread, ChunkTransport, Delivery
from tests.engine.fakes import NotingLog, NotingObserver, NotingState, chunk, partition, topology


class EndedError(Exception):
    """The process would have ended."""


@pytest.fixture
def endings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Raise instead of ending the process."""

    def ended(code: int) -> None:
        raise EndedError(code)

    monkeypatch.setattr(os, "_exit", ended)


def engine(**options: Any) -> Engine:
    """Return an engine that is not started."""
    connection = Connection(brokers=("127.0.0.1:1",), group="shop", **options)
    return Engine(connection, [topology()], NotingObserver(), topics=[TopicSpec("results", 2)])


def table_of(made: Engine) -> StateTable:
    """Return its table."""
    return made.app.states.tables[0]


async def test_the_app_is_wired_with_the_engine_s_parts() -> None:
    """Transport, consumer and changelog are the engine's; Faust declares no topic and keeps no standby."""
    app = engine(instance_id="w1", session_timeout_s=7.0).app

    assert isinstance(app.transport, ChunkTransport)
    assert isinstance(app.consumer, ChunkConsumer)
    assert isinstance(app.consumer._thread, ChunkThread)
    assert app.tables.changelog_topics == {"shop-visits-changelog"}
    assert (app.conf.topic_allow_declare, app.conf.table_standby_replicas, app.conf.web_enabled) == (
        False,
        0,
        False,
    )
    assert (app.conf.consumer_group_instance_id, app.conf.broker_session_timeout) == ("w1", 7.0)
    assert app.plan.names() == {"clicks", "orders", "shop-visits-changelog", "results"}


async def test_the_consumer_reads_committed_and_in_large_fetches() -> None:
    """Isolation and fetch waits reach the aiokafka consumer, which has them fixed otherwise."""
    thread = engine().app.consumer._thread
    consumer = thread._create_worker_consumer(thread.transport)
    plain = engine(transactions=False).app.consumer._thread

    assert (consumer._isolation_level, consumer._fetch_max_wait_ms) == ("read_committed", 50)
    assert consumer._fetch_min_bytes == 64 * 1024
    assert consumer._group_id == "shop"
    assert plain._create_worker_consumer(plain.transport)._isolation_level == "read_uncommitted"


async def test_the_brokers_decide_the_kind_of_changelog() -> None:
    """Transactions where there are some, else one batch a flush with an outbox."""
    assert isinstance(table_of(engine())._new_partition(0).log, TransactionalLog)
    assert isinstance(table_of(engine(transactions=False))._new_partition(0).log, PlainLog)


def test_two_topologies_cannot_share_a_name_or_an_input() -> None:
    """An input has one position, a name one changelog."""
    with pytest.raises(ValueError, match="topology visits is named twice"):
        Engine(Connection(("x:1",), "shop"), [topology(), topology()], NotingObserver())


def test_security_reaches_every_client() -> None:
    """Faust's credentials and plain clients' options come from one description; passwords stay hidden."""
    security = Security("SCRAM-SHA-512", "me", "secret")
    options = Connection(("x:1",), "shop", security).client_options("topics")

    assert options["security_protocol"] == "SASL_PLAINTEXT"
    assert (options["sasl_mechanism"], options["sasl_plain_username"]) == ("SCRAM-SHA-512", "me")
    assert options["sasl_plain_password"] == "secret"
    assert engine(security=security).app.conf.broker_credentials.username == "me"
    assert "secret" not in repr(security)


@pytest.mark.usefixtures("endings")
async def test_an_ending_is_one_sentence_and_code_1(caplog: pytest.LogCaptureFixture) -> None:
    """The log says what failed, why, and that a restart recovers; mistakes in code keep their traceback."""
    with pytest.raises(EndedError, match="1"):
        fatal.end_process("Flush 3 failed", fatal.EngineError("fenced"))
    with pytest.raises(EndedError):
        fatal.end_process("Flush 4 failed", KeyError("x"))

    expected, mistake = caplog.records
    assert expected.message.startswith("Flush 3 failed: fenced. The process ends")
    assert expected.exc_info is None
    assert mistake.exc_info is not None


@pytest.mark.usefixtures("endings")
@pytest.mark.parametrize("missing", [TP("orders", 1), TP("shop-visits-changelog", 1)])
async def test_inputs_that_are_apart_end_the_process(caplog: pytest.LogCaptureFixture, missing: TP) -> None:
    """An assignment that tears inputs and changelog apart is refused, naming topics and partitions."""
    assigned = {TP(topic, n) for topic in ("clicks", "orders", "shop-visits-changelog") for n in (0, 1)} - {
        missing
    }

    with pytest.raises(EndedError):
        await table_of(engine()).on_rebalance(assigned, set(), assigned)
    assert "but [0" in caplog.text
    assert "stop all workers" in caplog.text


async def deliver(*deliveries: Delivery) -> AsyncIterator[Delivery]:
    """Be a stream."""
    for delivery in deliveries:
        yield delivery


@pytest.mark.usefixtures("endings")
async def test_chunks_of_an_earlier_assignment_are_void() -> None:
    """Only chunks fetched after the last seek reach a state, and only one that this worker still has."""
    state = NotingState()
    made = engine()
    table = table_of(made)
    own = partition(state)
    own.position = {"clicks": 0, "orders": 0}
    table.owned = {1: own}
    current = made.app.consumer._epoch

    await table.take(deliver(Delivery(current, chunk("clicks", 0, 2))))
    assert state.calls == [], "not recovered yet"
    own.open.set_result(None)
    await table.take(
        deliver(Delivery(current - 1, chunk("clicks", 9, 12)), Delivery(current, chunk("clicks", 0, 2)))
    )
    assert state.calls == [("apply", "clicks", [0, 1])]
    own.dropped = True
    await table.take(deliver(Delivery(current, chunk("clicks", 2, 4))))
    assert len(state.calls) == 1


@pytest.mark.usefixtures("endings")
async def test_a_state_that_fails_ends_the_process(caplog: pytest.LogCaptureFixture) -> None:
    """Whatever a state raises, its partition and the chunk are named, and nothing goes on."""

    class Failing(NotingState):
        def apply(self, chunk: Chunk) -> None:
            raise KeyError(chunk.topic)

    made = engine()
    own = partition(Failing())
    own.position = {"clicks": 0, "orders": 0}
    own.open.set_result(None)
    table_of(made).owned = {1: own}

    with pytest.raises(EndedError):
        await table_of(made).take(deliver(Delivery(made.app.consumer._epoch, chunk("clicks", 0, 2))))
    assert "visits, partition 1 cannot apply clicks from offset 0 to 2" in caplog.text


async def test_flushes_rest_while_partitions_may_move() -> None:
    """After ``flush_and_suspend``, which writes what was unwritten, nothing is written until ``resume``."""
    made = engine()
    table = table_of(made)
    own = partition(NotingState())
    own.restored({})
    own.position = {"clicks": 5, "orders": 0}
    own.open.set_result(None)
    table.owned = {1: own}
    log = own.log
    assert isinstance(log, NotingLog)

    await table._flush(all_of_them=True)
    assert log.written == [], "not before the first recovery"
    table.resume()
    await table.flush_and_suspend()
    own.position = {"clicks": 6, "orders": 0}
    await table._flush(all_of_them=True)
    assert [write.position for write in log.written] == [{"clicks": 5, "orders": 0}]
    table.resume()
    await table._flush(all_of_them=True)
    assert [write.seq for write in log.written] == [1, 2]
    observer = own._observer
    assert isinstance(observer, NotingObserver)
    assert observer.transactions == [("visits", 2.0)] * 2


@pytest.mark.usefixtures("endings")
async def test_a_crash_of_faust_ends_the_process(caplog: pytest.LogCaptureFixture) -> None:
    """No service may crash while the rest goes on; but what crashes while stopping is let go."""
    app = engine().app
    with pytest.raises(EndedError):
        app._crash(RuntimeError("the consumer is gone"))
    assert "A service of Faust crashed: the consumer is gone" in caplog.text

    stopping = engine().app
    stopping._stopped.set()
    stopping._crash(RuntimeError("too late"))


@pytest.mark.usefixtures("endings")
def test_a_worker_that_stood_still_ends_where_nothing_fences_it() -> None:
    """Without transactions, a pause longer than the session timeout ends the process."""
    plain = table_of(engine(transactions=False, session_timeout_s=6.0))

    plain._check_pause(5.9)
    table_of(engine(session_timeout_s=6.0))._check_pause(60.0)
    with pytest.raises(EndedError):
        plain._check_pause(6.1)


def test_a_complaint_is_not_repeated_all_the_time(caplog: pytest.LogCaptureFixture) -> None:
    """Of the same message about many nodes or seconds one is logged; other messages are not held back."""
    engine()
    log = logging.getLogger("aiokafka")

    for _ in range(50):
        log.error("Unable connect to node with id %s", 1)
        log.error("Unable to update metadata from %s", [1])

    assert [record.message for record in caplog.records if record.name == "aiokafka"] == [
        "Unable connect to node with id 1",
        "Unable to update metadata from [1]",
    ]
    assert Seldom(repeat_after_s=0).filter(caplog.records[0]), "later it is logged again"


def test_a_first_start_frightens_nobody(caplog: pytest.LogCaptureFixture) -> None:
    """That a new broker has no coordinator yet is not logged, unless that lasts; other errors are."""
    engine()
    log = logging.getLogger("aiokafka.consumer.group_coordinator")

    log.error("Group Coordinator Request failed: %s", CoordinatorNotAvailableError())
    log.warning("Marking the coordinator dead (node %s)for group %s.", 1, "shop")
    log.error("Group Coordinator Request failed: %s", NodeNotReadyError())

    (record,) = [record for record in caplog.records if record.name == log.name]
    assert "NodeNotReady" in record.message
    record.args = (CoordinatorNotAvailableError(),)
    assert [Passing(lasting_s=60).filter(record) for _ in range(2)] == [False, False]
    assert Passing(lasting_s=0).filter(record)


def test_libraries_are_quiet() -> None:
    """Faust, mode and aiokafka speak from warnings on; also Faust's services that are the engine's."""
    engine()

    for name in ("faust", "mode", "aiokafka", "faust.engine"):
        assert not logging.getLogger(name).isEnabledFor(logging.INFO)
