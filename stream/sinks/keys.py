"""Names of all keys in Redis, in one table: what follows the prefix, what it holds."""

from collections.abc import Mapping

from stream.core.segment import encode

KEYS: Mapping[str, str] = {
    "rate:{measure}:{size}:{segment}": "hash: the sliding window that ends now",
    "history:{measure}:{segment}": "sorted set by start of the window: one JSON member a closed minute",
    "segments:{dimension}": "set: values seen",
    "status": "hash: watermark, lag, workers, records by outcome",
    "fence": "hash: which state, and which flush of it, the values stand for",
}
"""Keys by pattern."""

CHANNELS: Mapping[str, str] = {"rates": "one JSON a publish tick"}
"""Channels of messages."""


class Keys:
    """Makes the keys of one prefix."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self.status = f"{prefix}:status"
        self.fence = f"{prefix}:fence"
        self.rates_channel = f"{prefix}:rates"

    def rate(self, measure: str, size: str, segment: str) -> str:
        """Return the key of a sliding window."""
        return f"{self._prefix}:rate:{measure}:{size}:{encode(segment)}"

    def history(self, measure: str, segment: str) -> str:
        """Return the key of a measure's closed minutes."""
        return f"{self._prefix}:history:{measure}:{encode(segment)}"

    def segments(self, dimension: str) -> str:
        """Return the key of a dimension's values."""
        return f"{self._prefix}:segments:{dimension}"
