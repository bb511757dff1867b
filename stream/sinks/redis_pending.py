"""What waits to be written to Redis, and since when: the newest value of a key, message of a channel."""

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from stream.sinks.redis_values import Hash, Item, Value, merge


class Load(NamedTuple):
    """What is to be sent together; ``since``: when the oldest of it came, by the monotonic clock, seconds."""

    items: Sequence[Item]
    messages: Mapping[str, str]
    since: float | None


class Pending:
    """The newest values and messages.

    Their size is bounded by the number of keys and channels, and for sets by whoever watches ``largest``.

    Attributes:
        since: When the oldest came, by the monotonic clock, seconds; ``None``: nothing waits.
        largest: The most members of a value that was merged from several.
    """

    def __init__(self) -> None:
        self._values: dict[str, Value] = {}
        self._messages: dict[str, str] = {}
        self._held: dict[str, str] = {}
        self.since: float | None = None
        self.largest = 0

    def add(self, changes: Mapping[str, Value]) -> None:
        """Merge newer values in."""
        values = self._values
        for key, value in changes.items():
            older = values.get(key)
            if older is None or isinstance(value, Hash):
                values[key] = value
            else:
                values[key] = self._merged(older, value)

    def announce(self, channel: str, message: str) -> None:
        """Take a newer message."""
        self._held.pop(channel, None)
        self._messages[channel] = message

    def mark(self) -> None:
        """Something waits from now on, if nothing did."""
        if self.since is None:
            self.since = time.monotonic()

    def take(self) -> Load:
        """Return all but messages that are held, and be empty but for those."""
        load = Load(list(self._values.items()), self._messages, self.since)
        self._messages, self.since = {}, None
        self.drop_values()
        return load

    def hold(self) -> float | None:
        """Hold the messages until `unhold`, and forget the values and since when they wait; return that.

        A held message gives way to a newer one of its channel, which is not held.
        """
        load = self.take()
        self._held |= load.messages
        return load.since

    def unhold(self) -> None:
        """Hold no message any longer."""
        self._messages |= self._held
        self._held = {}

    def put_back(self, load: Load, unsent: Iterable[Item] = ()) -> None:
        """Take a load back that was not sent, of its values the ``unsent``: what came since is newer."""
        for key, value in unsent:
            newer = self._values.get(key)
            self._values[key] = value if newer is None else self._merged(value, newer)
        self._messages = {**load.messages, **self._messages}
        if load.since is not None:
            self.since = load.since

    def drop_values(self) -> None:
        """Forget the values."""
        self._values = {}
        self.largest = 0

    def drop(self) -> None:
        """Forget values and messages, but not since when something waits."""
        self.drop_values()
        self._messages, self._held = {}, {}

    def _merged(self, older: Value, newer: Value) -> Value:
        value = merge(older, newer)
        if not isinstance(value, Hash):
            self.largest = max(self.largest, len(value.members))
        return value
