"""The page of the commands: every verb with its options."""

from collections.abc import Iterator
from typing import Any

import typer
from typer.core import TyperArgument

from stream.cli import EXIT_CODES, cli
from stream.reference.markdown import code, page, table


def commands() -> str:
    """Return the page."""
    intro = """
`microconv` and `python -m stream` are the same. What could be given `-c` or `--preset` and is not looks for
its configuration as [the page of the configuration](configuration.md) says.
"""
    codes = table(("exit code", "meaning"), ((str(number), text) for number, text in EXIT_CODES.items()))
    verbs: Any = typer.main.get_command(cli)
    parts = [part for name, verb in sorted(verbs.commands.items()) for part in _verb(name, verb)]
    return page("Commands", intro, codes, *parts)


def _verb(name: str, verb: Any) -> Iterator[str]:
    yield f"## `microconv {name}`"
    yield str(verb.help)
    if verb.params:
        yield table(("option", "meaning", "default"), map(_option, verb.params))


def _option(option: Any) -> tuple[str, str, str]:
    if isinstance(option, TyperArgument):
        return code(f"{option.metavar}…" if option.nargs < 0 else str(option.metavar)), str(option.help), ""
    value = "" if option.is_flag else f" {option.metavar}"
    names = ", ".join(code(f"{name}{value}") for name in option.opts)
    given = option.default
    default = f"{given:g}" if isinstance(given, float) else str(given or "")
    return names, str(option.help), code(default)
