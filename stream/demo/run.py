"""The verb ``demo``: start everything in order, watch it, and stop it in order, whatever happens."""

import asyncio
import random
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from aiokafka.errors import KafkaError
from redis import RedisError
from rich.console import Console

from stream.demo.screen import set_up_logs, waiting
from stream.demo.summary import tell
from stream.demo.watch import ENDING_SIGNALS, NotCountedError, PartEndedError, Parts, Watch
from stream.demo.worker import DemoWorker
from stream.embedded import EmbeddedBroker, EmbeddedStore, NotInstalledError, StartError


def demo(
    seconds: float | None,
    rate: float,
    port: int | None,
    seed: int | None,
    preset: str = "ecommerce",
    *,
    as_json: bool = False,
) -> int:
    """Run the demo; return the exit code (0 good, also when interrupted; 1 failed while running).

    Args:
        seconds: How long the site is open; ``None``: until Ctrl-C.
        rate: Events per second at the start; later it follows the site's day.
        port: The worker's web port; ``None``: a free one.
        seed: Decides all about the traffic that is left to chance; ``None``: another one each time.
        preset: What is measured, and on which kind of site.
        as_json: Print the summary to standard output as JSON, and all else to standard error.
    """
    console = Console(stderr=as_json)
    failures = Console(stderr=True, highlight=False, soft_wrap=True)
    set_up_logs()
    seed = random.SystemRandom().getrandbits(32) if seed is None else seed
    try:
        with _interruptible(), ExitStack() as started:
            parts = _start(started, console, preset, port)
            try:
                summary = asyncio.run(Watch(parts, console, rate, seed).run(seconds))
            except BaseException:
                parts.kill()  # without the others none of them ends in order
                raise
    except (KeyboardInterrupt, asyncio.CancelledError):
        return 0
    except (NotInstalledError, StartError, PartEndedError, NotCountedError) as error:
        failures.print(str(error), markup=False)
        return 1
    except (KafkaError, RedisError) as error:
        failures.print(f"{type(error).__name__}: {error}", markup=False)
        return 1
    tell(summary, console, as_json=as_json)
    return 0


def _start(started: ExitStack, console: Console, preset: str, port: int | None) -> Parts:
    """Start broker, store and worker, each to be stopped when ``started`` is left, the last one first."""
    began = time.monotonic()
    with waiting(console, "starting a broker, a store and a worker: some seconds"):
        broker = started.enter_context(EmbeddedBroker())
        store = started.enter_context(EmbeddedStore())
        worker = started.enter_context(DemoWorker(broker.bootstrap, store.url, preset, port))
    started.callback(_ignore_signals)  # from here on they stop in order, and that is soon done
    took = time.monotonic() - began
    console.print(f"started in {took:.1f} s; metrics: {worker.metrics_url}", highlight=False, soft_wrap=True)
    return Parts(broker, store, worker)


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let all of `ENDING_SIGNALS` do what Ctrl-C does; they are as before afterwards."""
    before = {number: signal.getsignal(number) for number in ENDING_SIGNALS}
    for number in before:
        signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _ignore_signals() -> None:
    for number in ENDING_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
