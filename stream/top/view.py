"""The view: a board as lines that fit a screen; what does not fit is named, the least important first."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from stream.board.words import NOTHING, count, printable, span
from stream.core.segment import ALL
from stream.top.board import Board, Group
from stream.top.change import LONGEST_MS
from stream.top.columns import Columns, columns_for

OLD_MS = 3_000
"""Older data looks old: a worker writes every second or two, also when nothing happens."""

_MOST_TROUBLE = 3  # lines
_STYLE_OF_TROUBLE = {"away": "bold red", "stopped": "bold red"}


@dataclass(frozen=True, slots=True)
class View:
    """A board as something to print.

    Attributes:
        board: What is shown.
        keys: Whether keys are read; else they are not told.
        live: Whether it fills the screen; else it is a table as long as it needs.
    """

    board: Board
    keys: bool = False
    live: bool = True

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Print as much as there is room for."""
        height = (options.height or console.height) if self.live else None
        found = lines(self.board, options.max_width, height, keys=self.keys, ascii_only=options.ascii_only)
        for line in found:
            line.truncate(options.max_width, overflow="crop" if options.ascii_only else "ellipsis")
        yield Text("\n", no_wrap=True, end="" if self.live else "\n").join(found)


def lines(
    board: Board, width: int, height: int | None, *, keys: bool = False, ascii_only: bool = False
) -> list[Text]:
    """Return the lines of a screen of ``width`` columns.

    Args:
        board: What is shown.
        width: Columns; a line may still have to be cut to them.
        height: Lines, of which there are never more; ``None``: as many as are needed.
        keys: Whether to tell the keys.
        ascii_only: Whether the terminal has only ASCII.
    """
    columns = columns_for(board.groups, width, ascii_only=ascii_only)
    head = [*_head(board), *_trouble(board, width), columns.titles()]
    body, hidden = _body(board.groups, columns, None if height is None else height - len(head) - 1)
    foot = _foot(board, hidden, keys=keys, live=height is not None)
    if height is None:
        return [*head, *body, Text(""), *foot]
    room = max(1, height - len(head) - len(body))
    foot = foot[: room - 1] + foot[-1:]
    return (head[: height - 1] + body + [Text("")] * (room - len(foot)) + foot)[-height:]


def _head(board: Board) -> list[Text]:
    status, age = board.status, board.age_ms
    speed = NOTHING if board.events_per_s is None else f"{board.events_per_s:,.0f}"
    lag = NOTHING if status is None or status.lag_ms is None else span(status.lag_ms)
    workers = NOTHING if status is None else str(status.workers)
    first = Text.assemble(
        ("microconv", "bold cyan"),
        "  ",
        (f"{board.choice.window} {printable(board.choice.segment)}", "bold"),
        f"  {speed} events/s  watermark lag {lag}  {workers} worker{'' if workers == '1' else 's'}",
        no_wrap=True,
    )
    old = "bold red" if (age or 0) > OLD_MS else ""
    second = Text.assemble((f"data {NOTHING if age is None else span(age)} old", old), no_wrap=True)
    outcomes = status.outcomes if status else {}
    for outcome in ("late", "rejected", "duplicate", "bot", "counted"):  # what one may have to act on first
        found = outcomes.get(outcome)
        told = NOTHING if found is None else count(found)
        notable = outcome in ("late", "rejected") and found
        second.append(f"  {outcome} {told}", "yellow" if notable else "dim")
    return [first, second]


def _trouble(board: Board, width: int) -> list[Text]:
    if board.trouble is None:
        return []
    text = Text(printable(board.trouble.text), style=_STYLE_OF_TROUBLE.get(board.trouble.kind, "bold yellow"))
    found = list(text.wrap(Console(width=max(1, width)), max(1, width)))
    for line in found:
        line.no_wrap = True
    return found[:_MOST_TROUBLE]


def _body(groups: Sequence[Group], columns: Columns, room: int | None) -> tuple[list[Text], list[str]]:
    """Return the lines of the groups that fit, and what does not: whole rows, from the end."""
    airy = room is None or sum(2 + len(group.rows) for group in groups) - 1 <= room
    body: list[Text] = []
    hidden: list[str] = []
    for group in groups:
        start = [Text("")] if airy and body else []
        start.append(_title(group))
        left = len(group.rows) if room is None else room - len(body) - len(start)
        shown = 0 if hidden and left < len(group.rows) else max(0, min(left, len(group.rows)))
        if shown:
            body += [*start, *map(columns.line, group.rows[:shown])]
        if shown < len(group.rows):
            hidden.append(f"{len(group.rows) - shown} of {group.title}" if shown else group.title)
    return body, hidden


def _title(group: Group) -> Text:
    about = f"  {group.about}" if group.about else ""
    return Text.assemble((group.title, "bold"), (about, "dim"), no_wrap=True)


def _foot(board: Board, hidden: Sequence[str], *, keys: bool, live: bool) -> list[Text]:
    """Return the last lines: the very last is needed, of the others the first."""
    told: list[str] = []
    if not board.has_history:
        watched = ", ".join(name for name in board.watched if name != ALL)
        only = f"all and {watched}" if watched else "all"
        segment = printable(board.choice.segment)
        told.append(f"no minutes and change of {segment}: only {only} have them, which alerts watch")
    if board.partial:
        told.append("counts of some values are lower bounds: their dimension has more than are told apart")
    told.append("ratio: of these sessions so far; flow: of these minutes; minutes: their flow")
    if board.choice.window_ms <= LONGEST_MS:
        before = f"the {board.choice.window} before"
        told.append(f"change: of flow (first steps: of sessions) to {before}; !: beyond chance")
    found = [Text(line, style="dim", no_wrap=True) for line in told]
    last = Text(no_wrap=True)
    if live:
        last.append("q ends  w window  s segment" if keys else "Ctrl-C ends", "dim")
    if hidden:
        last.append("  no room for: ", "yellow").append(", ".join(hidden), "yellow")
    return [*found, last] if live else found
