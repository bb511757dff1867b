"""Each rule of the page is some test's claim, and no test claims what the page does not say."""

import pytest

from tests.semantics.quotes import quotes, rules, uncovered

LONGEST = 330
"""Longest quote, in characters: one test does not show a whole chapter."""


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule[:40])
def test_every_word_of_a_rule_is_quoted(rule: str) -> None:
    """What the page promises is, to the last word, what tests say that they show."""
    told = [quote.text for quote in quotes() if quote.text in rule]
    assert uncovered(rule, told) == []


def test_quotes_are_of_the_page() -> None:
    """A quote is a part of one rule, word for word, and no more than a test can show."""
    known = rules()
    strange = [quote for quote in quotes() if not any(quote.text in rule for rule in known)]
    assert strange == []
    assert [quote for quote in quotes() if len(quote.text) > LONGEST or len(quote.text.split()) < 3] == []


def test_what_nobody_quotes_is_found() -> None:
    """A clause without a test is told, also between two that have one; punctuation needs none."""
    rule = "Ids are kept for a while; the first read stands (as elsewhere)."
    assert uncovered(rule, ["Ids are kept", "the first read stands"]) == ["for a while;", "(as elsewhere)."]
    assert uncovered(rule, ["Ids are kept for a while", "while; the first read stands", "as elsewhere"]) == []
