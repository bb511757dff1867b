"""Sends loads as fenced calls, each of a bounded size."""

from stream.sinks.redis_batches import batches
from stream.sinks.redis_fence import Fence, FencedCalls, Outcome
from stream.sinks.redis_pending import Load


class Sender:
    """Makes as many calls of a load as it takes.

    Args:
        calls: How calls are made.
        max_keys: The most values of one call.
        max_bytes: About the most bytes of one call.

    Attributes:
        done: So many values of the last load, from the first on, were written.
        writes: Calls that wrote values or published messages.
    """

    def __init__(self, calls: FencedCalls, max_keys: int, max_bytes: int) -> None:
        self._calls = calls
        self._max_keys, self._max_bytes = max_keys, max_bytes
        self.done = self.writes = 0

    async def send(
        self, fence: Fence, load: Load, *, begins_rebuild: bool = False, complete: bool = True
    ) -> Outcome:
        """Send a load, its messages last; an empty one looks at the fence.

        Args:
            fence: What the load stands for.
            load: The load.
            begins_rebuild: Whether a rebuild begins with it.
            complete: Whether Redis has all values but those that are newer than the last rebuild.

        Returns:
            What became of the last call; the first that is not written ends the load.

        Raises:
            RedisAwayError: There was no answer, or an error.
        """
        self.done = 0
        outcome: Outcome = "written"
        for batch in batches(load.items, self._max_keys, self._max_bytes):
            last = batch.done == len(load.items)
            outcome = await self._calls.write(
                fence,
                batch.payload,
                begins_rebuild=begins_rebuild,
                complete=complete,
                messages=load.messages if last else {},
            )
            if outcome != "written":
                break
            begins_rebuild = False
            self.writes += bool(load.items or load.messages)
            self.done = batch.done
        return outcome
