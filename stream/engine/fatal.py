"""Ending the process: the engine never repairs state in memory, because restart is recovery, and is quick."""

import logging
import os
from typing import NoReturn

from aiokafka.errors import KafkaError

logger = logging.getLogger("stream.engine")


class EngineError(Exception):
    """Something the engine refuses to go on with; its text is the sentence for the operator."""


def end_process(sentence: str, cause: BaseException | None = None) -> NoReturn:
    """Log one clear sentence and end the process at once, with exit code 1.

    ``os._exit`` because a clean stop would flush, and what is in memory is not to be trusted any more.

    Args:
        sentence: What failed, where.
        cause: Why; its traceback is logged too where it can only be a mistake in the code.
    """
    expected = cause is None or isinstance(cause, EngineError | KafkaError | OSError)
    reason = f": {describe(cause)}" if cause is not None else ""
    try:
        logger.critical(
            "%s%s. The process ends; starting it again recovers the state.",
            sentence,
            reason,
            exc_info=None if expected else cause,
        )
        for handler in logging.getLogger().handlers:
            handler.flush()
    finally:
        os._exit(1)


def describe(cause: BaseException) -> str:
    """Return an exception's text, or its type where it has none, and what it was raised from."""
    text = str(cause) or type(cause).__name__
    root = cause.__cause__ if isinstance(cause, KafkaError) else None
    return text if root is None else f"{text} ({type(root).__name__}: {describe(root)})"
