"""The lists of hosts are what their script writes."""

import re

from stream.core import referrers
from tests.lists.writing import FILES, TARGET, module


def test_lists_are_written_without_paths_and_www() -> None:
    """Hosts come in order and once; of an app's address its package stays, of a host's paths nothing."""
    engines = {
        "One": [{"urls": ["www.one.com", "one.com", "one.{}"], "params": ["q"]}, {"urls": ["one.com/x"]}]
    }
    found = module({"SOCIALS": {"A": ["b.org", "a.org"]}, "SEARCH_ENGINES": engines}, "abc")
    assert 'SOCIALS: Final = """\na.org b.org\n"""\n' in found
    assert 'SEARCH_ENGINES: Final = """\none.com one.{}\n"""\n' in found
    assert "abc" in found
    assert "app.google" in module({"A": {"G": ["android-app//app.google/https/www.google.com"]}}, "")


def test_nobody_edited_the_lists() -> None:
    """What is kept is, byte for byte, what the script writes of the hosts in it."""
    text = TARGET.read_text()
    commit = re.search(r"[0-9a-f]{40}", text)
    assert commit is not None
    assert module({name: {"": getattr(referrers, name).split()} for name in FILES}, commit[0]) == text
    assert all(len(getattr(referrers, name).split()) > 20 for name in FILES)
