"""The whole topology on one page: topics, states, agents, sinks.

``app`` is made on demand, so that ``faust -A stream.app:app worker`` works.
"""

import gc
import os
import socket
import time
from functools import cached_property
from typing import Any

from mode import Service
from prometheus_client.exposition import choose_encoder

from stream.agents.rates import RatesState, RatesTopics
from stream.agents.sessions import SessionsState
from stream.agents.show import Show
from stream.configuration import load
from stream.core.plans import Plans
from stream.engine.builder import Engine
from stream.engine.fatal import end_process
from stream.engine.logs import FAUST_LOGGER
from stream.engine.partitioner import partition_of
from stream.settings import Settings
from stream.sinks.live import LiveRates
from stream.sinks.prometheus import Metrics, Sources
from stream.sinks.redis import RedisWriter
from stream.topologies import input_samples, topologies
from stream.web.server import ListenError, WebServer
from stream.wiring import Topics, connection, redis_place

COLLECT_S = 20.0


class Worker:
    """One worker: the engine with its topologies, and what shows their results.

    Attributes:
        engine: The state engine; ``engine.app`` is the Faust app.
        metrics: What Prometheus reads.
        redis: Writes live values.
        web: Serves ``/metrics``, ``/health`` and ``/ready``.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        definition = settings.definition()
        topics = self.topics = Topics(settings)
        live = LiveRates(
            settings.redis.prefix,
            settings.redis.history,
            settings.watched_segments(),
            Plans(definition),
            definition.times.allowed_lateness,
        )
        self.metrics = Metrics(
            Sources(
                lambda: input_samples(self.engine, topics), self._open_sessions, self.rates, self._redis_lag
            )
        )
        self.redis = RedisWriter(settings.redis.url, live.keys.fence, lambda: show.rebuild())
        show = self.show = Show(
            live, self.redis, _clock_ms, _wall_ms, self.metrics.published, definition.times.out_of_order
        )
        self.web = WebServer(settings.web.host, settings.web.port, self._ready, self._exposition)
        name = f"{socket.gethostname()}-{os.getpid()}"

        def rates(_: int) -> RatesState:
            written = RatesTopics(topics.rates, topics.history)
            counts = {topic: self.engine.partitions(topic) for topic in written}
            return RatesState(
                definition, written, lambda topic, key: partition_of(key, counts[topic]), _wall_ms, show
            )

        self.engine = Engine(
            connection(settings),
            topologies(topics, definition, lambda topic: self.engine.partitions(topic), name, rates),
            self.metrics,
            topics.specs(settings.kafka.replication),
            settings.kafka.partitions,
            early_services=[_Part(self.web.start, self.web.stop), _RedisTask(self.redis), _TimedCollection()],
        )

    def rates(self) -> Any:
        """Return all counts, if this worker owns them."""
        state = self.engine.states("rates").get(0)
        return state.core if isinstance(state, RatesState) else None

    def _redis_lag(self) -> float | None:
        return None if self.rates() is None else self.redis.lag_seconds

    def _open_sessions(self) -> dict[int, int]:
        return {
            number: state.core.ledger.open_sessions
            for number, state in self.engine.states("sessions").items()
            if isinstance(state, SessionsState)
        }

    def _ready(self) -> tuple[bool, dict[str, Any]]:
        partitions = {name: sorted(self.engine.states(name)) for name in ("sessions", "rates")}
        redis = {"connected": self.redis.connected, "error": self.redis.error}
        detail = {"waits_for": self.engine.waits_for, "partitions": partitions, "redis": redis}
        return self.engine.ready, detail

    def _exposition(self, accept: str) -> tuple[bytes, str]:
        encoder, content_type = choose_encoder(accept)
        return encoder(self.metrics.registry), content_type


class _Part(Service):  # type: ignore[misc]  # mode has no types under --strict
    """Something with a start and a stop, as a service of the Faust app."""

    logger = FAUST_LOGGER
    mundane_level = "debug"

    def __init__(self, start: Any, stop: Any) -> None:
        super().__init__()
        self._start_part, self._stop_part = start, stop

    async def on_start(self) -> None:
        """Start it."""
        try:
            await self._start_part()
        except ListenError as error:
            end_process("The worker's pages cannot be served", error)

    async def on_stop(self) -> None:
        """Stop it."""
        await self._stop_part()


class _TimedCollection(Service):  # type: ignore[misc]  # mode has no types under --strict
    """Python's garbage collector at fixed times.

    By allocations it would run in the midst of every chunk (half as much again as counting costs). What is
    kept for long is packed bytes, which it need not look at, so a whole collection takes some ms.
    """

    logger = FAUST_LOGGER
    mundane_level = "debug"

    async def on_start(self) -> None:
        """Turn collection by allocations off; what is imported by now stays for ever."""
        gc.collect()
        gc.freeze()
        gc.disable()

    @Service.timer(COLLECT_S)  # type: ignore[untyped-decorator]  # mode has no types under --strict
    async def _collect(self) -> None:
        gc.collect()


class _RedisTask(Service):  # type: ignore[misc]  # mode has no types under --strict
    """The task that writes to Redis."""

    logger = FAUST_LOGGER
    mundane_level = "debug"

    def __init__(self, writer: RedisWriter) -> None:
        super().__init__()
        self._writer = writer

    @Service.task  # type: ignore[untyped-decorator]  # mode has no types under --strict
    async def _write(self) -> None:
        await self._writer.run()

    async def on_stop(self) -> None:
        """Let the task end."""
        self._writer.stop()


def make(settings: Settings) -> Worker:
    """Return a worker.

    Raises:
        ConfigurationError: Redis' address is none, or a file that the configuration names cannot be read.
    """
    redis_place(settings)
    return Worker(settings)


def _clock_ms() -> float:
    return time.monotonic() * 1000


def _wall_ms() -> int:
    return time.time_ns() // 1_000_000


class _Lazy:
    """Makes the worker when ``faust -A stream.app:app`` asks for it, not when this module is imported."""

    @cached_property
    def app(self) -> Any:
        return make(load()).engine.app


_lazy = _Lazy()


def __getattr__(name: str) -> Any:
    if name == "app":
        return _lazy.app
    raise AttributeError(name)
