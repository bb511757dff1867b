"""The writer of live values to Redis: nobody awaits it, and what a frozen owner left unwritten does no harm.

An owner offers new values whenever a flush of its state is committed; a task of the writer's sends the newest
value of each key, some times a second. `stream.sinks.redis_fence` has the rules of which calls may write.
Each ownership begins with a *rebuild*: the writer writes all that its owner knows, piece by piece
(`stream.sinks.redis_rebuild` says why no piece ever takes the place of something newer). So:

| what happens                                | what comes of it                                         |
|---------------------------------------------|----------------------------------------------------------|
| the owner dies, with values unwritten       | its successor's rebuild writes it                        |
| the owner dies in a rebuild                 | the same; until then the fence says ``rebuilding``       |
| the owner wakes from a freeze, replaced     | refused: its successor has the fence, if at the same seq |
| Redis away, then back as it was             | goes on with the newest value of each key                |
| Redis away, and a set outgrows the cap      | all that waits is dropped; rebuild when it is back       |
| Redis back empty, or flushed under way      | missing: rebuild, after a second at most                 |
| Redis back from an old snapshot or replica  | lost: rebuild                                            |
| Redis goes away in a rebuild                | the rebuild begins again                                 |
| an answer is lost, the call done or not     | sent again, numbered anew: values are absolute           |
| Redis empty, a woken predecessor is first   | it writes old values; behind: the living owner rebuilds  |
| the state is begun anew (a newer born)      | takes the fence; what the old state left expires         |

Not noticed: single keys that others delete or evict; they are back with their next value or the next rebuild.
Redis is one primary, with replicas or not; never Redis Cluster, where one call cannot write to all slots.
"""

import asyncio
import contextlib
import enum
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping

import structlog

from stream.sinks.redis_fence import Fence, FencedCalls, Outcome
from stream.sinks.redis_link import RedisAwayError, RedisLink
from stream.sinks.redis_pending import Pending
from stream.sinks.redis_rebuild import Rebuild
from stream.sinks.redis_sending import Sender
from stream.sinks.redis_values import Value

_log = structlog.get_logger(__name__)
LOOK_S = 1.0  # how often the fence is looked at when there is nothing to write
LAST_WRITE_S = 1.0  # how long the last write may take when stopping


class _Mode(enum.Enum):
    IDLE = enum.auto()  # there is no owner: Redis is left alone until something is offered
    WRITE = enum.auto()  # values offered wait to be written, also while a rebuild is under way
    REBUILD = enum.auto()  # a rebuild is to begin, so values offered need not be kept
    HOLD = enum.auto()  # refused: values offered are not for Redis


class RedisWriter:
    """Writes the newest values of an owner to Redis, fenced, in a task of its own; of one owner at a time.

    Args:
        url: ``redis://`` or ``rediss://`` (TLS).
        fence_key: The key of the fence; one for each kind of owner, whose other keys nobody else writes.
        rebuild: Returns all values in pieces. Each is made when it is asked for, as of the newest offer or
            newer, with its sets marked as complete (``Scored.span``, ``Names.whole``). That is done in the
            loop, so a piece must be quick; readers see the first pieces first. What it raises ends `run`.
        interval_ms: The least time between two sendings.
        timeout_ms: How long Redis may take for one answer.
        max_keys: The most values of one call.
        max_bytes: About the most bytes of one call.
        max_members: The most members of one set that are kept while Redis is away.

    Attributes:
        where: Host, port and database, for people.
        refused: Calls refused because another writer stands for a newer state.
        rebuilds: Rebuilds that were completed.

    Raises:
        RedisUrlError: The URL cannot be used.
    """

    def __init__(
        self,
        url: str,
        fence_key: str,
        rebuild: Callable[[], Iterable[Mapping[str, Value]]],
        *,
        interval_ms: int = 50,
        timeout_ms: int = 5_000,
        max_keys: int = 500,
        max_bytes: int = 1_000_000,
        max_members: int = 2_000,
    ) -> None:
        self._link = RedisLink(url, timeout_ms / 1000)
        self._calls = FencedCalls(self._link, fence_key)
        self._sender = Sender(self._calls, max_keys, max_bytes)
        self._rebuild, self._interval_s, self._max_members = rebuild, interval_ms / 1000, max_members
        self._mode, self._fence = _Mode.IDLE, Fence(-1, -1)
        self._pending = Pending()
        self._sending_since: float | None = None
        self._changed, self._stopped = asyncio.Event(), asyncio.Event()
        self.where = self._link.where
        self.refused = self.rebuilds = 0

    @property
    def connected(self) -> bool:
        """Whether Redis did what the last call asked, or refused it by the rules."""
        return self._link.connected

    @property
    def error(self) -> str:
        """Why values cannot be written at present; empty when they can, or need not be."""
        return "" if self._mode is _Mode.IDLE else self._link.error or self._calls.refusal

    @property
    def lag_seconds(self) -> float:
        """The age of the oldest value that Redis does not have yet; 0 when it has all."""
        since = self._pending.since if self._sending_since is None else self._sending_since
        return 0.0 if since is None else time.monotonic() - since

    def offer(self, changes: Mapping[str, Value], fence: tuple[int, int]) -> None:
        """Take new values to write soon; the newest of a key counts. The first offer begins an ownership.

        Args:
            changes: By key. None at all is an offer, too: of the fence.
            fence: When the state was born (ms), and the number of the flush, committed by now, that the
                values stand for.

        Raises:
            ValueError: The fence is older than one offered before.
        """
        if fence < self._fence:
            raise ValueError(f"offered {fence} after {self._fence}")
        self._fence = Fence(*fence)
        if self._mode is _Mode.IDLE:
            self._drop_for_rebuild()
        if self._mode is _Mode.WRITE:
            self._pending.add(changes)
            if not self.connected and self._pending.largest > self._max_members:
                self._drop_for_rebuild()
        if changes:
            self._wake()

    def announce(self, channel: str, message: str) -> None:
        """Publish a message with the next sending, after its values; the newest of a channel counts."""
        self._pending.announce(channel, message)
        self._wake()

    def request_rebuild(self) -> None:
        """Write everything again: repairs single keys that others deleted, renews how long all live."""
        if self._mode is _Mode.WRITE:
            self._drop_for_rebuild()

    def release(self) -> None:
        """End the ownership: leave Redis alone; what waits is for the next owner to write."""
        self._mode = _Mode.IDLE
        self._pending = Pending()  # what is on its way and fails goes back to the old one

    def stop(self) -> None:
        """Let `run` write what waits, if that is quickly done, and return; it does not end a rebuild."""
        self._stopped.set()
        self._changed.set()

    async def run(self) -> None:
        """Write until `stop`. To be called once; Redis being away is no error here."""
        try:
            while not self._stopped.is_set():
                if self._mode is _Mode.IDLE or self._pending.since is None:
                    await _within(LOOK_S, self._changed.wait())
                self._changed.clear()
                if self._mode is not _Mode.IDLE and not self._stopped.is_set():
                    await _within(await self._try(), self._stopped.wait())
            if self._mode is _Mode.WRITE and self.connected and self._pending.since is not None:
                await _within(LAST_WRITE_S, self._try())
        finally:
            await self._link.close()

    async def _try(self) -> float:
        """Send once what there is, and return the pause until the next time, seconds."""
        try:
            if self._mode is not _Mode.REBUILD:
                await self._send()
            if self._mode is _Mode.REBUILD and not self.connected:
                await self._link.reach()  # a rebuild is not made in vain
            if self._mode is _Mode.REBUILD:
                await self._send_all()
        except RedisAwayError:
            return self._link.pause_s
        return LOOK_S if self._mode is _Mode.HOLD else self._interval_s

    async def _send(self) -> None:
        """Send what waits; where nothing does, look at the fence."""
        pending, load = self._pending, self._pending.take()
        self._sending_since = load.since
        try:
            outcome = await self._sender.send(self._fence, load)
        except RedisAwayError:
            pending.put_back(load, load.items[self._sender.done :] if self._mode is _Mode.WRITE else ())
            raise
        finally:
            self._sending_since = None
        if outcome != "written" or self._mode is _Mode.HOLD:
            pending.put_back(load)
            self._not_written(outcome, pending)

    async def _send_all(self) -> None:
        """Make a rebuild; one that does not come to its end is to begin again."""
        pending = self._pending
        rebuild = Rebuild(self._rebuild(), pending)
        self._mode = _Mode.WRITE  # from here on, values offered may be newer than the rebuild's
        self._sending_since = rebuild.since
        try:
            outcome = await rebuild.send(self._sender, lambda: self._fence, self._goes_on)
        finally:
            self._sending_since = None
            if not rebuild.complete and pending is self._pending:
                self._drop_for_rebuild()
        if outcome != "written":
            self._not_written(outcome, pending)
        elif rebuild.complete:
            self.rebuilds += 1
            _log.info("Redis has all values", where=self.where, keys=len(rebuild.keys), flush=rebuild.flush)

    def _goes_on(self) -> bool:
        """Whether a rebuild does: not after release; when stopping, until what was offered is written."""
        return self._mode is _Mode.WRITE and not (self._stopped.is_set() and self._pending.since is None)

    def _wake(self) -> None:
        self._pending.mark()
        self._changed.set()

    def _drop_for_rebuild(self) -> None:
        self._pending.drop_values()
        self._mode = _Mode.REBUILD
        self._wake()

    def _not_written(self, outcome: Outcome, pending: Pending) -> None:
        """Do what the fence demands of who did not pass it, if it was not released meanwhile."""
        if pending is self._pending and outcome != "refused":
            _log.warning("Redis does not hold what was written to it", where=self.where, found=outcome)
            self._drop_for_rebuild()
        elif pending is self._pending:
            pending.drop()  # it still waits, by `lag_seconds`, though it is not kept
            self.refused += 1
            if self._mode is not _Mode.HOLD:
                _log.warning("Redis writes are refused", where=self.where, reason=self._calls.refusal)
            self._mode = _Mode.HOLD


async def _within(seconds: float, what: Awaitable[object]) -> None:
    """Await something, but no longer than so many seconds."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await what
