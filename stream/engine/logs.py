"""What Faust and aiokafka may say: each step of a worker's life is logged once, by the engine itself."""

import logging
import time

FAUST_LOGGER = logging.getLogger("faust.engine")
"""What mode and Faust log through the engine's services is theirs, not the engine's."""

REPEAT_AFTER_S = 10.0
"""The same complaint of aiokafka is logged once in so many seconds: without brokers it makes 150 a second."""

_COMPLAINING = (
    "aiokafka",
    "aiokafka.conn",
    "aiokafka.consumer.fetcher",
    "aiokafka.consumer.group_coordinator",
    "aiokafka.producer.sender",
)


class Seldom(logging.Filter):
    """Lets a message through if the same was not logged shortly before; arguments do not count."""

    def __init__(self, repeat_after_s: float = REPEAT_AFTER_S) -> None:
        super().__init__()
        self._repeat_after_s = repeat_after_s
        self._logged_at: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether to log it."""
        now = time.monotonic()
        if now - self._logged_at.get(str(record.msg), -self._repeat_after_s) < self._repeat_after_s:
            return False
        self._logged_at[str(record.msg)] = now
        return True


_SELDOM = Seldom()


def quiet_libraries() -> None:
    """Let Faust and aiokafka speak from warnings on, and aiokafka not all the time."""
    for name in ("faust", "mode", "aiokafka"):
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in _COMPLAINING:
        logging.getLogger(name).addFilter(_SELDOM)  # adding it again changes nothing
