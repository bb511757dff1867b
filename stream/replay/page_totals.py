"""What a replay tells people of pages: how long sessions stayed on them, where they left each step."""

from collections.abc import Iterator, Mapping

from rich.table import Table

from stream.core.page_book import PageBook, Passed
from stream.replay.tables import NOTHING, block
from stream.replay.time_totals import took
from stream.replay.visits import plain

MOST_PAGES = 15
"""Pages of which the time is told: those that were stayed on most often."""

MOST_LEFT = 5
"""Pages of each step: those on which most left."""


def of_pages(pages: PageBook, tallies: Mapping[int, int]) -> Iterator[Table]:
    """Yield a table of the pages, and one of each funnel's steps with the pages on which people left."""
    stays = sorted(pages.stays(tallies).items(), key=lambda item: (-item[1][1], item[0]))
    table = block("time on pages", [("stays", 11), ("mean", 11)])
    for page, (time, count) in stays[:MOST_PAGES]:
        table.add_row(plain(page), f"{count:,}", took(time / count))
    _tell_more(table, len(stays) - MOST_PAGES)
    yield table
    leaving = pages.leaving(tallies)
    if leaving:
        table = block("where they leave", [("left", 11), ("went on", 11), ("left, share", 13)])
        for measure, passed in leaving.items():
            left = sum(count for count, _ in passed.values())
            on = sum(count for _, count in passed.values())
            table.add_row(measure, f"{left:,}", f"{on:,}", _share(left, on))
            worst = sorted(passed.items(), key=_most_left)
            for page, counts in worst[:MOST_LEFT]:
                table.add_row(f"  {plain(page)}", f"{counts[0]:,}", f"{counts[1]:,}", _share(*counts))
            _tell_more(table, len(worst) - MOST_LEFT)
        yield table


def _most_left(item: tuple[str, Passed]) -> tuple[int, str]:
    page, (left, _) = item
    return -left, page


def _share(left: int, went_on: int) -> str:
    return f"{left / (left + went_on):.1%}" if left + went_on else NOTHING


def _tell_more(table: Table, count: int) -> None:
    if count > 0:
        table.add_row(f"  and {count:,} more", style="dim")
