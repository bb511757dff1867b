"""What Faust and aiokafka may say: each step of a worker's life is logged once, by the engine itself."""

import logging
import time

from aiokafka.errors import CoordinatorNotAvailableError

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


LASTING_S = 15.0
"""A broker that has never had a group makes the topic of groups at first; it takes some seconds at most."""


class Passing(logging.Filter):
    """Holds back that there is no coordinator yet, which every new broker answers, unless that lasts.

    aiokafka asks again ten times a second, and logs each time as an error what is none of a first start. A
    coordinator that is lost again right after is the same: the broker is still making it.
    """

    def __init__(self, lasting_s: float = LASTING_S) -> None:
        super().__init__()
        self._lasting_s = lasting_s
        self._since = self._latest = -lasting_s

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether to log it."""
        now = time.monotonic()
        if str(record.msg).startswith("Marking the coordinator dead"):
            return now - self._latest >= self._lasting_s
        arguments = record.args if isinstance(record.args, tuple) else ()
        if not any(isinstance(argument, CoordinatorNotAvailableError) for argument in arguments):
            return True
        if now - self._latest >= self._lasting_s:  # it was over in between
            self._since = now
        self._latest = now
        return now - self._since >= self._lasting_s


_SELDOM = Seldom()
_PASSING = Passing()


def quiet_libraries() -> None:
    """Let Faust and aiokafka speak from warnings on, and aiokafka neither all the time nor of nothing."""
    for name in ("faust", "mode", "aiokafka"):
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in _COMPLAINING:
        for wanted in (_PASSING, _SELDOM):
            logging.getLogger(name).addFilter(wanted)  # adding it again changes nothing
