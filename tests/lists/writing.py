"""Make Python of matomo's lists: hosts alone, in order, as text."""

import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parents[2] / "stream" / "core" / "referrers.py"
FILES = {"ASSISTANTS": "AIAssistants.yml", "SOCIALS": "Socials.yml", "SEARCH_ENGINES": "SearchEngines.yml"}

_HEAD = '''"""Hosts of search engines, social networks and AI assistants; ``{{}}`` stands for a country.

Made by ``python -m tests.lists``; do not edit. The lists are matomo's, dedicated to the public domain by
CC0 1.0: https://github.com/matomo-org/searchengine-and-social-list, commit
{commit}.
"""

from typing import Final
'''


def module(lists: Mapping[str, Mapping[str, Any]], commit: str) -> str:
    """Return the module's text; ``lists`` are as in the files, by the names they get."""
    parts = [_HEAD.format(commit=commit)]
    for name, entries in lists.items():
        hosts = {_host(text) for entry in entries.values() for text in _texts(entry)} - {""}
        lines = textwrap.fill(" ".join(sorted(hosts)), 108, break_on_hyphens=False)
        parts.append(f'{name}: Final = """\n{lines}\n"""\n')
    return "\n".join(parts)


def _texts(entry: Any) -> Iterator[str]:
    """Yield what an entry names: a list of hosts, or of tables with ``urls``."""
    for item in entry:
        yield from item["urls"] if isinstance(item, dict) else [item]


def _host(text: str) -> str:
    """Return the host; empty where only some paths of it are meant, which is not looked at."""
    if text.startswith("android-app//"):
        return text.split("/")[2]
    return "" if "/" in text.rstrip("/") else text.rstrip("/").lower().removeprefix("www.")
