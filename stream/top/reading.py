"""What Redis holds of what was chosen: windows and status in one round trip, histories now and then."""

import os
import re
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import msgspec
from redis import RedisError

from stream.board.store import Store
from stream.board.values import Minute, Rate, Status, minutes_of
from stream.sinks.keys import LIVE_FOR_MS, Keys
from stream.top.subject import Choice, Subject

MINUTE_MS = 60_000

MINUTES_READ = 122
"""Closed minutes that are read: two windows of an hour, and their edges."""

MOST_VALUES = 50
"""More values of a dimension are not read."""

_HISTORIES_EVERY_S = 10.0  # closed minutes change when late events come

Place = tuple[str, str]
"""A measure and a segment."""


class UnreadableError(Exception):
    """Redis cannot be reached, or holds something else; the text says why."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What Redis held at one moment.

    Attributes:
        choice: What was chosen.
        at_s: When it was read, by `time.monotonic`.
        status: How the work goes; ``None``: nobody has written of it, or not for an hour.
        written_ago_ms: How long before that the status was written, by Redis' own clock.
        rates: The windows that are there.
        values: Values seen, by dimension.
        histories: Closed minutes by their start; of watched segments.
    """

    choice: Choice
    at_s: float
    status: Status | None
    written_ago_ms: int
    rates: Mapping[Place, Rate]
    values: Mapping[str, Sequence[str]]
    histories: Mapping[Place, Mapping[int, Minute]]


class Reader:
    """Reads from one Redis. To be closed after use.

    Attributes:
        where: Host, port and database, for people.

    Raises:
        RedisUrlError: The URL cannot be used.
    """

    def __init__(self, url: str, subject: Subject) -> None:
        self._store = Store(url)
        self._keys = Keys(subject.prefix)
        self._subject = subject
        self._values: dict[str, list[str]] = {name: [] for name in subject.dimensions}
        self._histories: dict[Place, dict[int, Minute]] = {}
        self._histories_of: object = None
        self._histories_at_s = 0.0
        self.where = self._store.where

    async def read(self, choice: Choice) -> Reading:
        """Return what Redis holds now.

        Raises:
            UnreadableError: It cannot be read.
        """
        try:
            reading = await self._read(choice)
            if reading.values != self._values:
                reading = await self._read(choice)  # with the values that were not known before
            return reading
        except (RedisError, OSError) as error:
            raise UnreadableError(_reason(error)) from error
        except (ValueError, msgspec.DecodeError) as error:
            raise UnreadableError(f"what is there was not written by a worker: {error}") from error

    async def ticks(self) -> AsyncGenerator[None]:
        """Return each time that new rates were published, as soon as they are.

        Raises:
            redis.RedisError: Redis cannot be reached any more.
        """
        async with aclosing(self._store.messages(self._keys.rates_channel)) as messages:
            async for _ in messages:
                yield

    async def close(self) -> None:
        """Close the connections."""
        await self._store.close()

    async def _read(self, choice: Choice) -> Reading:
        subject = self._subject
        places = [(measure, choice.segment) for measure in subject.measures]
        for name, values in self._values.items():
            places += [(subject.sample, f"{name}={value}") for value in values]
        places = list(dict.fromkeys(places))
        async with self._store.client.pipeline(transaction=False) as calls:
            calls.hgetall(self._keys.status)
            calls.pttl(self._keys.status)
            for name in self._values:
                calls.smembers(self._keys.segments(name))
            for measure, segment in places:
                calls.hgetall(self._keys.rate(measure, choice.window, segment))
            found, left_ms, *answers = await self._store.answered(calls.execute())
        at_s = time.monotonic()
        seen = {name: sorted(answers.pop(0))[:MOST_VALUES] for name in self._values}
        known, self._values = self._values, seen
        status = Status.from_hash(found) if found else None
        await self._read_histories(places, status, at_s)
        return Reading(
            choice=choice,
            at_s=at_s,
            status=status,
            written_ago_ms=max(0, LIVE_FOR_MS - left_ms),
            rates={place: Rate.from_hash(rate) for place, rate in zip(places, answers, strict=True) if rate},
            values=known,
            histories=self._histories,
        )

    async def _read_histories(self, places: Sequence[Place], status: Status | None, at_s: float) -> None:
        """Read closed minutes again when one has closed, what is wanted has changed, or it is time."""
        minute = None if status is None or status.watermark is None else status.watermark // MINUTE_MS
        places = [place for place in places if self._subject.has_history(place[1])]
        wanted = (minute, places)
        if wanted == self._histories_of and at_s < self._histories_at_s + _HISTORIES_EVERY_S:
            return
        async with self._store.client.pipeline(transaction=False) as calls:
            for measure, segment in places:
                calls.zrevrange(self._keys.history(measure, segment), 0, MINUTES_READ - 1)
            answers: list[Any] = await self._store.answered(calls.execute()) if places else []
        self._histories = {p: minutes_of(members) for p, members in zip(places, answers, strict=True)}
        self._histories_of, self._histories_at_s = wanted, at_s


def _reason(error: BaseException) -> str:
    """Return why a call failed: in the system's words where it was the network, without the address."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError):
            number = re.search(r"\[Errno (\d+)\]", str(cause))  # of several addresses tried, the first
            if number is not None:
                return os.strerror(int(number[1]))
            if cause.strerror:
                return cause.strerror
        cause = cause.__cause__ or cause.__context__
    return str(error) or type(error).__name__
