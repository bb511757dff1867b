"""All pages, by the names of their files."""

from collections.abc import Callable, Mapping

from stream.reference.commands import commands
from stream.reference.configuration import configuration
from stream.reference.metrics import metrics
from stream.reference.redis_keys import redis_keys
from stream.reference.topics import topics

PAGES: Mapping[str, Callable[[], str]] = {
    "configuration.md": configuration,
    "commands.md": commands,
    "topics.md": topics,
    "redis-keys.md": redis_keys,
    "metrics.md": metrics,
}


def pages() -> dict[str, str]:
    """Return the text of each page by the name of its file."""
    return {name: make() for name, make in PAGES.items()}
