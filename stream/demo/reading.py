"""What Redis tells of the work: sliding windows and the status, all of them in one round trip."""

from collections.abc import AsyncGenerator, Awaitable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import cast

from stream.board.store import Store
from stream.board.values import Rate, Status
from stream.core.definition import MICRO, SESSION, SESSION_FACTS
from stream.core.segment import ALL
from stream.settings import Settings
from stream.sinks.keys import Keys
from stream.units import duration_text

NOW, SOON = "1m", "5m"
"""Sizes of the windows that are watched: what happens now, and what comes of it soon."""

STARTED = f"{SESSION}.{SESSION_FACTS[0]}"
"""The measure of which all sessions are."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is watched.

    Attributes:
        groups: Measures by funnel, in order of the steps; the one with the goal first, ``micro`` last.
        across: The funnels that run across a visitor's sessions: what they count are attempts.
        dimensions: Dimensions of which segments are shown, the important one first.
        sample: The measure whose segments are compared: the step after the first of the first funnel; where
            there are no funnels, the first secondary action.
        goal: The last step of that funnel, or the second secondary action.
        whole: The size of the longest window, in which all of a short demo is.
    """

    groups: tuple[tuple[str, ...], ...]
    across: frozenset[str]
    dimensions: tuple[str, ...]
    sample: str
    goal: str
    whole: str

    @property
    def measures(self) -> tuple[str, ...]:
        """All measures, in the order in which they are shown."""
        return tuple(measure for group in self.groups for measure in group)


def subject_of(settings: Settings) -> Subject:
    """Return what is to be watched of a configuration."""
    by_goal = sorted(settings.funnel, key=lambda funnel: not any(step.macro for step in funnel.steps))
    groups = [tuple(f"{funnel.name}.{step.name}" for step in funnel.steps) for funnel in by_goal]
    micros = tuple(f"{MICRO}.{micro.name}" for micro in settings.micro)
    compared = groups[0][1:] or groups[0] if groups else micros[:2]
    return Subject(
        groups=(*groups, *([micros] if micros else [])),
        across=frozenset(funnel.name for funnel in settings.funnel if funnel.scope == "visitor"),
        dimensions=tuple(name for name in ("device", "user_type", "source") if name in settings.dimensions),
        sample=compared[0],
        goal=compared[-1],
        whole=duration_text(max(settings.windows.sizes)),
    )


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What Redis held at one moment.

    Attributes:
        status: How the work goes.
        rates: By measure, size and segment.
        segments: Segments seen (``device=mobile``), by dimension.
    """

    status: Status
    rates: Mapping[tuple[str, str, str], Rate]
    segments: Mapping[str, Sequence[str]]

    def rate(self, measure: str, size: str, segment: str = ALL) -> Rate:
        """Return a rate; one that is not there is of nothing."""
        return self.rates.get((measure, size, segment), Rate())

    def sessions(self, subject: Subject) -> int:
        """Return the sessions begun in the longest window."""
        return self.rate(STARTED, subject.whole).sessions


class Reader:
    """Reads from one Redis. To be closed after use.

    Methods raise ``redis.RedisError`` when Redis cannot be reached, or does not answer within 5 s.
    """

    def __init__(self, url: str, prefix: str, subject: Subject) -> None:
        self._store = Store(url)
        self._keys = Keys(prefix)
        self._subject = subject
        self._segments: dict[str, list[str]] = {name: [] for name in subject.dimensions}

    async def read(self) -> Snapshot:
        """Return what is shown, in one round trip."""
        subject = self._subject
        sizes = (NOW, SOON, subject.whole)
        wanted = [(measure, size, ALL) for measure in subject.measures for size in sizes]
        wanted.append((STARTED, subject.whole, ALL))
        for segment in (segment for segments in self._segments.values() for segment in segments):
            wanted += [(subject.sample, NOW, segment), (subject.sample, SOON, segment)]
            wanted.append((subject.goal, SOON, segment))
        async with self._store.client.pipeline(transaction=False) as calls:
            calls.hgetall(self._keys.status)
            for name in subject.dimensions:
                calls.smembers(self._keys.segments(name))
            for measure, size, segment in wanted:
                calls.hgetall(self._keys.rate(measure, size, segment))
            status, *answers = await self._store.answered(calls.execute())
        for name in subject.dimensions:  # those seen now are read from the next time on
            self._segments[name] = sorted(f"{name}={value}" for value in answers.pop(0))
        rates = {place: Rate.from_hash(found) for place, found in zip(wanted, answers, strict=True)}
        return Snapshot(Status.from_hash(status), rates, dict(self._segments))

    async def publications(self) -> AsyncGenerator[Status]:
        """Return the status again each time that rates were published, as soon as they are."""
        async with aclosing(self._store.messages(self._keys.rates_channel)) as messages:
            async for _ in messages:
                # redis-py's own type is that of its two kinds of client in one, and of bytes.
                found = cast(Awaitable[dict[str, str]], self._store.client.hgetall(self._keys.status))
                yield Status.from_hash(await self._store.answered(found))

    async def close(self) -> None:
        """Close the connections."""
        await self._store.close()
