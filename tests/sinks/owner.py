"""An owner of values, as small as one can be: what it knows, its commits, its writer; and how tests wait."""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from typing import Any

import redis

from stream.embedded.server import Server
from stream.sinks.redis import RedisWriter
from stream.sinks.redis_values import Hash, Names, Scored, Value, merge

FENCE = "t:fence"
MINUTE = 60_000


class Owner:
    """Knows every key's value as of its newest commit, and hands each commit's changes to its writer.

    Args:
        store: Where the values go.
        born_ms: When its state was born.
        seq: The commit that it recovered.
        known: What it recovered.
        keys: So many keys are in one piece of its rebuilds.
        minutes: So many minutes of a history are in one piece of its rebuilds.
        options: Those of the writer.

    Attributes:
        before_piece: Called with a piece's number before it is made.
    """

    def __init__(
        self,
        store: Server,
        born_ms: int = 1_000,
        seq: int = 0,
        known: Mapping[str, Value] | None = None,
        keys: int = 1_000,
        minutes: int = 1_000,
        **options: Any,
    ) -> None:
        self.born_ms, self.seq = born_ms, seq
        self.known = dict(known or {})
        self.before_piece: Callable[[int], object] = lambda _: None
        self._keys, self._minutes = keys, minutes
        url = options.pop("url", f"redis://{store.address}/0")
        options = {"interval_ms": 5, "timeout_ms": 300, **options}
        self.writer = RedisWriter(url, FENCE, self._everything, **options)
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Owner":
        """Take over: run the writer and tell it the recovered commit."""
        self._task = asyncio.create_task(self.writer.run())
        self.writer.offer({}, (self.born_ms, self.seq))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.die()

    @property
    def writes(self) -> int:
        """Calls by which its writer wrote something."""
        return self.writer._sender.writes

    def _everything(self) -> Iterator[Mapping[str, Value]]:
        pieces = self._pieces()
        for n in count():
            self.before_piece(n)
            if (piece := next(pieces, None)) is None:
                return
            yield piece

    def _pieces(self) -> Iterator[Mapping[str, Value]]:
        """Yield all it knows as of then, a few keys at a time; then histories, their newest minutes first."""
        keys = list(self.known)
        histories = [key for key in keys if isinstance(self.known[key], Scored)]
        others = [key for key in keys if not isinstance(self.known[key], Scored)]
        for n in range(0, len(others), self._keys):
            yield {key: whole(self.known[key]) for key in others[n : n + self._keys]}
        for key in histories:
            end: int | None = None
            more = True
            while more:
                value = self.known[key]
                assert isinstance(value, Scored)
                scores = sorted(s for s in value.members if s >= value.keep_from and (end is None or s < end))
                more = len(scores) > self._minutes
                begin = scores[-self._minutes] if more else value.keep_from
                members = {s: value.members[s] for s in scores if s >= begin}
                yield {key: Scored(members, value.keep_from, value.ttl_ms, (begin, end))}
                end = begin

    def commit(self, changes: Mapping[str, Value]) -> None:
        """Make the next commit, and offer what it changed."""
        self.seq += 1
        for key, value in changes.items():
            older = self.known.get(key)
            self.known[key] = value if older is None else merge(older, value)
        self.offer(changes)

    def offer(self, changes: Mapping[str, Value]) -> None:
        """Offer without a commit: all that an owner can do who was replaced without knowing."""
        self.writer.offer(changes, (self.born_ms, self.seq))

    async def written(self) -> None:
        """Wait until Redis has everything."""
        await eventually(lambda: self.writer.lag_seconds == 0 and self.writer.connected)

    async def die(self) -> None:
        """Die as with kill -9: what was not sent never will be."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            if not self._task.cancelled() and (error := self._task.exception()):
                raise error
            self._task = None

    async def stop(self) -> None:
        """Stop in order."""
        assert self._task is not None
        self.writer.stop()
        await asyncio.wait_for(self._task, 5)
        self._task = None


async def eventually(condition: Callable[[], object], within: float = 10.0) -> None:
    """Wait until the condition holds; fail when it does not in so many seconds."""
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, "the condition never held"
        await asyncio.sleep(0.005)


def client(store: Server, db: int = 0) -> "redis.Redis":
    """A reader of the store."""
    return redis.Redis(host=store.host, port=store.port, db=db, decode_responses=True)


def whole(value: Value) -> Value:
    """The value as a rebuild has it where it is not cut into spans."""
    return Names(value.members, value.ttl_ms, whole=True) if isinstance(value, Names) else value


def content(reader: "redis.Redis", key: str) -> object:
    """What a key holds: fields of a hash, members by score, members of a set; ``None``: no such key."""
    kind = reader.type(key)
    if kind == "hash":
        return reader.hgetall(key)
    if kind == "zset":
        return {int(score): member for member, score in reader.zscan_iter(key)}
    return reader.smembers(key) if kind == "set" else None


def expected(value: Value) -> object:
    """What a key must hold that was given this value only."""
    if isinstance(value, Hash):
        return dict(value.fields) or None
    if isinstance(value, Scored):
        return {s: m for s, m in value.members.items() if m is not None and s >= value.keep_from} or None
    return set(value.members) or None  # also of a set with counts


def rate(ratio: str, **more: str) -> Hash:
    """Any hash: a rate, and what else is to be in it."""
    return Hash({"ratio": ratio, **more}, 60_000)


def history(*members: tuple[int, str | None], keep_from: int = 0) -> Scored:
    """Any history: (minute, text) of some minutes."""
    return Scored({minute * MINUTE: text for minute, text in members}, keep_from * MINUTE, 3_600_000)


def names(*members: str) -> Names:
    """Any set of names."""
    return Names(frozenset(members), 3_600_000)
