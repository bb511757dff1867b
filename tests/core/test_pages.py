"""Pages: what they are called, and how many are told apart."""

import pytest

from stream.core.definition import PageGroup, Pages
from stream.core.delta import Code
from stream.core.page_book import PageBook
from stream.core.pages import NO_PAGE, THE_REST, PageReader, namer

GROUPS = (PageGroup("checkout", ("/cart", "/checkout/*")), PageGroup("product", ("/p/*", "/checkout/p")))


@pytest.mark.parametrize(
    ("page", "name"),
    [
        ("/", "/"),
        ("", "/"),
        ("https://shop.example", "/"),
        ("HTTPS://shop.example:8443/a/b/?x=1#y", "/a/b"),
        ("//shop.example/a", "/a"),
        ("/a?next=https://other.example/b", "/a"),
        ("Home", "Home"),
        ("/article/2026-11-22/42/comments", "/article/*/*/comments"),
        ("/" + "x" * 200, "/" + "x" * 99),
        ("/cart/", "checkout"),
        ("/Cart", "/Cart"),
        ("/checkout/p", "checkout"),
        ("https://shop.example/p/42?ref=mail", "product"),
        ("/pp/blue", "/pp/blue"),
    ],
)
def test_what_a_page_is_called(page: str, name: str) -> None:
    """Its group, the first that fits, by its path; else the path, without what is of one visit or article."""
    assert namer(GROUPS)(page) == name


@pytest.mark.says("A partition tells four times as many apart; those beyond are one page to it.")
def test_a_partition_tells_four_times_as_many_apart() -> None:
    """Groups always, of others four times `max_values`; what was once in the rest stays there."""
    reader = PageReader(Pages(GROUPS, max_values=2))
    assert reader.of(None) == reader.of("") == NO_PAGE
    numbers = [reader.of(f"/{letter}") for letter in "abcdefghij"]
    assert len(set(numbers[:8])) == 8
    assert set(numbers[8:]) == {THE_REST}
    assert [reader.names[n] for n in numbers[:2]] == ["/a", "/b"]
    assert reader.names[reader.of("/cart")] == "checkout"
    assert reader.of("__other__") == THE_REST, "nobody is told apart who sends the word itself"


def test_numbers_outlive_the_process() -> None:
    """After a restart pages have the numbers that rows have, and those in the rest are still there."""
    reader, after = (PageReader(Pages(GROUPS, max_values=1)) for _ in range(2))
    numbers = {page: reader.of(page) for page in ("/a", "/b", "/c", "/d", "/e", "/cart")}
    assert reader.changed
    after.of("/z")
    after.unpack(reader.pack())
    assert not reader.changed
    assert {page: after.of(page) for page in reversed(numbers)} == numbers


@pytest.mark.says(
    "Groups are always told apart. Of other pages `max_values` are, first come; the rest is `__other__`.",
    "What was admitted is state.",
)
def test_the_owner_admits_so_many_pages() -> None:
    """First come: what finds no room adds to the rest, also after a restart; codes of others say nothing."""
    book, after = (PageBook(Pages(GROUPS, max_values=1), ("f.a", "f.b")) for _ in range(2))

    def tally(book: PageBook, *codes: Code) -> dict[int, int]:
        return {book.place_of(code): n for n, code in enumerate(codes, start=1)}

    codes = (
        Code("stay", "/a", (), 0),
        Code("stay", "/a", (), 1),
        Code("left", "f.b", ("product",)),
        Code("went_on", "f.b", ("/b",)),
    )
    tallies = tally(book, *codes)
    assert book.stays(tallies) == {"/a": (1, 2)}
    assert book.leaving(tallies) == {"f.b": {"product": (3, 0), "__other__": (0, 4)}}
    assert book.changed
    after.unpack(book.pack())
    assert tally(after, *codes) == tallies
    assert book.place_of(Code("left", "gone.step", ("/a",))) == -1
    assert book.place_of(Code("stay", "/a", (), 7)) == -1
