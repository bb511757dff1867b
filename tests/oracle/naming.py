"""What the pages that events say are called, and which was said last."""

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase

from stream.core.definition import Definition, Pages
from tests.oracle.judging import Judged
from tests.oracle.record import Event

MAX_PAGE = 100
"""Where the name of a page is cut, in characters."""


def page_of(event: Event, pages: Pages) -> str:
    """Return the name of the page that an event says; empty where it says none."""
    said = event.field("page")
    return _name(_path(said), pages) if said else ""


def groups_of(pages: Pages) -> set[str]:
    """Return the names that are always told apart."""
    return {group.name for group in pages.groups}


def unlisted(judged: Judged, definition: Definition) -> set[str]:
    """Return the names of the pages that events say and that are of no group."""
    said = {page_of(event, definition.pages) for event in judged.counted}
    return said - groups_of(definition.pages) - {""}


def said_last(events: Sequence[Event], pages: Pages) -> str:
    """Return the page that the last of these events says that says one; empty where none does."""
    return next((page for event in reversed(events) if (page := page_of(event, pages))), "")


def page_before(events: Sequence[Event], time: int, pages: Pages) -> str:
    """Return the page from which a step was reached at that time: of before, else of that very time."""
    before = said_last([event for event in events if event.time < time], pages)
    return before or said_last([event for event in events if event.time == time], pages)


def _path(said: str) -> str:
    """Return the path that is said: without scheme, host, query, fragment, and a slash at its end."""
    path = re.sub(r"[?#].*", "", said, flags=re.DOTALL)
    path = re.sub(r"^([A-Za-z][A-Za-z0-9+.-]*:)?//[^/]*", "", path) or "/"
    return path if path == "/" else path.removesuffix("/")


def _name(path: str, pages: Pages) -> str:
    for group in pages.groups:
        if any(path == pattern or fnmatchcase(path, pattern) for pattern in group.patterns):
            return group.name
    parts = ["*" if re.search("[0-9]", part) else part for part in path.split("/")]
    return "/".join(parts)[:MAX_PAGE]
