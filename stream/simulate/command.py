"""The verb ``simulate``: realistic traffic to Kafka or as JSON lines, of a time that is told or live."""

import asyncio
import random
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import takewhile

from aiokafka.errors import KafkaError
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from stream.core.definition import Definition
from stream.sections import Kafka
from stream.settings import Settings
from stream.simulate import sink
from stream.simulate.arguments import UsageError, moment_ms
from stream.simulate.disorder import EVERYDAY, Arrival, arrivals
from stream.simulate.drop import drop_of
from stream.simulate.fit import site_of
from stream.simulate.loss import Losses
from stream.simulate.sink.connection import client_of, complaint, ensure_topic
from stream.simulate.sink.kafka import to_kafka
from stream.simulate.sink.lines import to_lines
from stream.simulate.site import Site
from stream.simulate.sites import SITES
from stream.simulate.traffic import Traffic, live

RATE = 50.0
"""Events per second, unless something else is asked for."""

KAFKA, LINES = "kafka", "-"
"""Where traffic goes."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to send.

    Attributes:
        records: In order of arrival.
        seed: What they were made from.
        live: Whether each has to wait until the clock shows its time.
        expected: About how many there will be; ``None``: no end.
        losses: What is not sent of them.
        site: Where they come from.
    """

    records: Iterator[Arrival]
    seed: int
    live: bool
    expected: float | None
    losses: Losses
    site: Site


def simulate(
    settings: Settings,
    rate: float = RATE,
    sessions: int | None = None,
    start: str | None = None,
    seed: int | None = None,
    to: str = KAFKA,
    drops: Sequence[str] = (),
    preset: str | None = None,
) -> int:
    """Send simulated traffic; return the exit code (0 good, 1 failed while running, 2 wrong usage).

    Args:
        settings: Says which Kafka and which topic; a topic that is missing is created.
        rate: Mean events per second of event time.
        sessions: How many sessions; ``None``: up to now with ``start``, else until interrupted.
        start: When the first begins (a day, ISO 8601 or ms since the epoch): traffic of that time, sent as
            quickly as it can be. Without, it is live: events happen, and are sent, as time passes.
        seed: Decides all that is left to chance. Without, traffic with a start is always the same, and live
            traffic always another, because events with ids that were seen before would not count.
        to: ``kafka`` or ``-`` (standard output, a JSON object a line).
        drops: Conversions that do not happen, each as ``stream.simulate.drop`` says.
        preset: Whose site is simulated; ``None``: the one on which most happens of what is measured.

    Raises:
        ConfigurationError: A file for logging in cannot be read.
    """
    screen = Console(stderr=True, highlight=False, soft_wrap=True)
    plan = None
    try:
        measured, now_ms = settings.definition(), int(time.time() * 1000)
        site = site_of(measured) if preset is None else SITES[preset]
        plan = plan_of(rate, sessions, start, seed, to, drops, measured=measured, now_ms=now_ms, site=site)
        with _progress(screen, plan, to) as progress:
            if to == LINES:
                sent = asyncio.run(
                    to_lines(plan.records, sys.stdout.buffer, live=plan.live, progress=progress)
                )
            else:
                sent = asyncio.run(_to_kafka(settings.kafka, plan, progress))
    except (UsageError, OSError) as error:
        screen.print(str(error), markup=False)
        return 2
    except KafkaError as error:
        screen.print(complaint(settings.kafka.brokers, error), markup=False)
        return 1
    except KeyboardInterrupt:
        _tell_losses(screen, plan, drops)
        return 0  # the usual end of live traffic
    screen.print(f"sent {sent:,} records of a simulated {plan.site.name}; seed {plan.seed}")
    _tell_losses(screen, plan, drops)
    return 0


def _tell_losses(screen: Console, plan: Plan | None, drops: Sequence[str]) -> None:
    """Say what the drops did: one that struck nobody may be of a time or a segment that never came."""
    for text, rule in zip(drops, plan.losses.rules if plan else (), strict=False):
        screen.print(f"--drop {text}: {rule.struck:,} {rule.whom} did not convert", markup=False)


def plan_of(
    rate: float,
    sessions: int | None,
    start: str | None,
    seed: int | None,
    to: str,
    drops: Sequence[str] = (),
    *,
    measured: Definition,
    now_ms: int,
    site: Site,
) -> Plan:
    """Return what the arguments of ``simulate`` ask for, with what is measured, the time now and the site.

    Raises:
        UsageError: They cannot be used.
    """
    if to not in (KAFKA, LINES):
        raise UsageError(f"--to: found {to!r}; wanted: {KAFKA} or {LINES}")
    if rate <= 0:
        raise UsageError(f"--rate: found {rate}; wanted: more than 0 events per second")
    if sessions is not None and sessions < 1:
        raise UsageError(f"--sessions: found {sessions}; wanted: 1 or more")
    # Wrong clocks are put right by the time of arrival, which a file does not have.
    disorder = EVERYDAY if to == KAFKA else replace(EVERYDAY, skewed=0.0)
    expected = None if sessions is None else sessions * site.events_per_visit
    if start is None:
        seed = random.SystemRandom().getrandbits(32) if seed is None else seed
        losses = Losses([drop_of(text, measured, now_ms, site) for text in drops], measured, seed, site)
        stream = arrivals(
            live(rate, now_ms=now_ms, seed=seed, sessions=sessions, site=site), disorder, losses
        )
        return Plan(stream, seed, True, expected, losses, site)
    start_ms = moment_ms(start)
    if start_ms is None:
        raise UsageError(f"--start: found {start!r}; wanted: ISO 8601 or ms since the epoch")
    seed = seed or 0
    losses = Losses([drop_of(text, measured, start_ms, site) for text in drops], measured, seed, site)
    traffic = Traffic(start_ms=start_ms, rate=rate, sessions=sessions, seed=seed, site=site)
    stream = arrivals(traffic, disorder, losses)
    if sessions is None:
        if start_ms >= now_ms:
            raise UsageError(
                f"--start: found {start!r}, not yet past; wanted: also --sessions, or an earlier one"
            )
        stream = takewhile(lambda arrival: arrival.at_ms <= now_ms, stream)
        expected = (now_ms - start_ms) / 1000 * rate
    return Plan(stream, seed, False, expected, losses, site)


async def _to_kafka(kafka: Kafka, plan: Plan, progress: sink.Progress | None) -> int:
    topic, client = kafka.events[0], client_of(kafka.auth)
    # What happened long ago would be deleted as too old as soon as it is written.
    config = {} if plan.live else {"retention.ms": "-1"}
    await ensure_topic(
        kafka.brokers, topic, kafka.partitions, kafka.replication, config=config, client=client
    )
    return await to_kafka(
        plan.records, kafka.brokers, topic, live=plan.live, client=client, progress=progress
    )


@contextmanager
def _progress(screen: Console, plan: Plan, to: str) -> Iterator[sink.Progress | None]:
    """Show how far it is, where somebody looks and nothing else is printed there."""
    if not screen.is_terminal or (to == LINES and sys.stdout.isatty()):
        yield None
        return
    columns = (TextColumn("{task.completed:,.0f} events"), BarColumn(), TextColumn("{task.fields[at]}"))
    with Progress(*columns, TimeElapsedColumn(), console=screen, transient=True) as bars:
        task = bars.add_task("", total=plan.expected, at="")

        def show(sent: int, at_ms: int) -> None:
            at = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(at_ms / 1000))
            bars.update(task, completed=sent, at=at)

        yield show
