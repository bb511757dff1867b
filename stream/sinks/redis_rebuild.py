"""The order of what is sent in a rebuild: all that the owner knows, and between it what is offered meanwhile.

The owner makes all values piece by piece, so that its loop is never blocked for long, and while pieces are
made and sent its state moves on. Nothing old may follow something newer to Redis:

- A piece is made when all before it is written, and in the same moment (nothing is awaited between) what
  waits is taken. So the piece is as new as all that waits or newer, and it is sent after it.
- What is offered while both are under way is newer than both. It waits for the next piece's turn, or for the
  end. So of each key, and of each minute of a history, the newest value is the last to be sent.
- A piece of a history removes members of its own span only, and of that it has all there are. A minute that
  the owner forgets between two pieces is in none that follows; where it was written before, the key's next
  value removes it by ``keep_from``, as ever. What a span lacks because it comes into being later is offered.
- An owner may offer what is older than a piece: a closed minute as it was when its flush was made, before
  its commit. Where it has changed since, a later flush publishes it again, and it is offered again.

Messages must not come before the values they go with. Those of before the rebuild wait for its end, unless a
newer one of their channel comes: that one's values were offered during the rebuild, and go with it.
"""

from collections.abc import Callable, Iterable, Mapping

from stream.sinks.redis_fence import Fence, Outcome
from stream.sinks.redis_pending import Load, Pending
from stream.sinks.redis_sending import Sender
from stream.sinks.redis_values import Value


class Rebuild:
    """One rebuild. Values that wait when it begins are dropped: its pieces will be newer.

    Args:
        pieces: All values, made when they are asked for.
        pending: What waits.

    Attributes:
        since: When the oldest value that Redis lacks came, by the monotonic clock, seconds.
        keys: The keys of the pieces so far.
        flush: Number of the flush that the last load stood for.
        complete: Whether Redis has all that there was.
    """

    def __init__(self, pieces: Iterable[Mapping[str, Value]], pending: Pending) -> None:
        self._pieces = iter(pieces)
        self._pending = pending
        self.since = pending.hold()
        self.keys: set[str] = set()
        self.flush = -1
        self.complete = False

    async def send(self, sender: Sender, fence: Callable[[], Fence], goes_on: Callable[[], bool]) -> Outcome:
        """Send all. Where it ends before that, what it leaves waits again, but for the values.

        Args:
            sender: Sends it.
            fence: Returns what values stand for that are made now.
            goes_on: Whether what follows a piece is wanted.

        Returns:
            What became of the last call.

        Raises:
            RedisAwayError: There was no answer, or an error.
        """
        unsent = Load((), {}, self.since)
        begins = True
        outcome: Outcome = "written"
        try:
            while not self.complete and outcome == "written" and (begins or goes_on()):
                piece = next(self._pieces, None)
                load = self._with_what_waits(piece)
                stands_for = fence()
                unsent, self.flush = load._replace(since=self.since), stands_for.seq
                outcome = await sender.send(stands_for, load, begins_rebuild=begins, complete=piece is None)
                if outcome == "written":
                    unsent = Load((), {}, self.since)
                    begins, self.complete = False, piece is None
        finally:
            if not self.complete:
                self._pending.put_back(unsent)
        return outcome

    def _with_what_waits(self, piece: Mapping[str, Value] | None) -> Load:
        if piece is None:
            self._pending.unhold()
            return self._pending.take()
        self.keys.update(piece)
        load = self._pending.take()
        return load._replace(items=[*load.items, *piece.items()])
