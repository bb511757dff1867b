"""What Faust and aiokafka may say: each step of a worker's life is logged once, by the engine itself."""

import logging

FAUST_LOGGER = logging.getLogger("faust.engine")
"""Of the engine's Faust services: what mode and Faust log through them is theirs, not the engine's."""


def quiet_libraries() -> None:
    """Let Faust and aiokafka speak from warnings on."""
    for name in ("faust", "mode", "aiokafka"):
        logging.getLogger(name).setLevel(logging.WARNING)
