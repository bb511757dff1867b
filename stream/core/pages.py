"""Pages: what an event's ``page`` is called, and the numbers that one partition's sessions know pages by.

Sites have more addresses than anybody can look at. So a page is called by the group that its path matches,
else by its path, in which every part that has a digit (an article's number, a date) is ``*``.
"""

import re
from collections.abc import Callable
from fnmatch import translate
from typing import Final

from stream.core.definition import PageGroup, Pages
from stream.core.labels import FORWARD_FACTOR, KNOWN_LENGTH, KNOWN_LIMIT, LABEL_LIMIT, OTHER
from stream.core.numbered import Numbered

NO_PAGE: Final = 0
"""The number of no page at all."""

THE_REST: Final = 1
"""The number of all pages for which there was no room."""

_SITE: Final = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?//[^/?#\\]*", re.IGNORECASE)
_REST: Final = re.compile(r"[?#]")
_WITH_DIGIT: Final = re.compile(r"[^/]*[0-9][^/]*")


def path_of(page: str) -> str:
    """Return the path of an address: without site, query, fragment, and a slash at its end."""
    site = _SITE.match(page)
    path = _REST.split(page[site.end() :] if site else page, maxsplit=1)[0]
    return path.removesuffix("/") or "/"


def namer(groups: tuple[PageGroup, ...]) -> Callable[[str], str]:
    """Return what names pages: by the first group that the path is in, else by the path itself."""
    matching = [
        (re.compile("|".join([*map(re.escape, g.patterns), *map(translate, g.patterns)])).fullmatch, g.name)
        for g in groups
    ]

    def name(page: str) -> str:
        path = path_of(page)
        for matches, group in matching:
            if matches(path):
                return group
        return _WITH_DIGIT.sub("*", path)[:LABEL_LIMIT]

    return name


class PageReader(Numbered):
    """Reads the pages of events, and numbers as many by name as are told apart; rows have the numbers.

    Attributes:
        numbers: The numbers of what events said of late; where it is not in it, `of` has it. It stays the
            same dictionary.
        said: The names of what events said of late; where it is not in it, `name` has it.
    """

    def __init__(self, pages: Pages) -> None:
        always = ["", OTHER, *(group.name for group in pages.groups)]
        super().__init__(always, FORWARD_FACTOR * pages.max_values, rest=THE_REST)
        self._name = namer(pages.groups)
        self.numbers: dict[str | None, int] = {None: NO_PAGE, "": NO_PAGE}
        self.said: dict[str | None, str] = {None: "", "": ""}

    def of(self, page: str | None) -> int:
        """Return the number of what an event says."""
        number = self.numbers.get(page)
        if number is None:
            if len(self.numbers) >= KNOWN_LIMIT:
                self._forget()
            number = self.number(self._name(page or ""))
            if len(page or "") <= KNOWN_LENGTH:
                self.numbers[page] = number
        return number

    def name(self, page: str | None) -> str:
        """Return the name of what an event says; empty: nothing."""
        name = self.said.get(page)
        if name is None:
            if len(self.said) >= KNOWN_LIMIT:
                self.said = {None: "", "": ""}
            name = self._name(page or "")
            if len(page or "") <= KNOWN_LENGTH:
                self.said[page] = name
        return name

    def unpack(self, row: bytes) -> None:
        """Take back what ``pack`` returned."""
        super().unpack(row)
        self._forget()

    def _forget(self) -> None:
        self.numbers.clear()
        self.numbers.update({None: NO_PAGE, "": NO_PAGE})
