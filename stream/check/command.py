"""The verb ``check``: prints what a configuration measures; says why it cannot be used."""

import sys

from rich.console import Console

from stream.check.facts import Facts, facts, to_json
from stream.check.view import as_text
from stream.configuration import ConfigurationError, Found, find
from stream.wiring import connection


def check(file: str | None, preset: str | None, *, as_json: bool) -> int:
    """Print what a configuration measures; return the exit code (0 good, 2 it cannot be used).

    Args:
        file: The configuration file, or ``None``.
        preset: The name of a preset, or ``None``.
        as_json: Print one JSON object instead of text.
    """
    try:
        told = _facts(find(file, preset))
    except ConfigurationError as error:
        Console(stderr=True, highlight=False, soft_wrap=True).print(str(error), markup=False)
        return 2
    if as_json:
        sys.stdout.write(to_json(told) + "\n")
    else:
        Console(highlight=False).print(as_text(told))
    return 0


def _facts(found: Found) -> Facts:
    try:
        connection(found.settings)  # a worker would read these files, too
        return facts(found)
    except ConfigurationError as error:
        raise found.refusal(error) from None
