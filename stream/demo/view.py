"""The live view: the board on one screen; what does not fit is left out, the least important first."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from stream.board.glyphs import bar, sparkline
from stream.board.values import Rate
from stream.board.words import NOTHING, milliseconds, percent
from stream.demo.board import SAMPLE_S, Board
from stream.demo.reading import NOW, SOON

_HEAD_LINES = 4  # two lines about the work, two of column titles
_WIDE = 104  # columns from which there is room for intervals
_INTERVAL_COLUMNS = 15
_RATE_COLUMNS = 72  # of the table of rates, without its bars
_LAST_MINUTE_COLUMNS = 14
_SAMPLE_COLUMNS, _GOAL_COLUMNS = 11, 7  # at least
_SEGMENT_COLUMNS = 22  # of the table of segments, without rates and sparklines


@dataclass(frozen=True, slots=True)
class View:
    """A board as something to print."""

    board: Board

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Print as much as there is room for."""
        board, width, height = self.board, options.max_width, options.height or console.height
        ascii_only = options.ascii_only
        groups, dimensions, legend = _chosen(board, height)
        parts: list[RenderableType] = [*_head(board, width), _rates(board, groups, width, ascii_only)]
        for dimension in dimensions:
            parts += [Text(""), _segments(board, dimension, width, ascii_only)]
        if legend:
            parts += [Text("")] * (legend > 1) + [_legend(board)]
        yield Group(*parts)


def plain_line(board: Board) -> str:
    """Return the board's essence as one line, for where nothing can be drawn."""
    snapshot, subject = board.snapshot, board.subject
    measures = dict.fromkeys((subject.sample, subject.goal))
    rates = (f"{measure} {percent(snapshot.rate(measure, SOON).ratio)}" for measure in measures)
    return "  ".join(
        [
            f"{board.elapsed_s:4.0f} s",
            f"{board.events_per_s:,.0f} events/s",
            f"{snapshot.sessions(subject):,} sessions",
            *rates,
            f"event to Redis {_latency(board)}",
        ]
    )


def _chosen(board: Board, height: int) -> tuple[list[tuple[str, ...]], list[str], int]:
    """Return the groups of measures and the dimensions that fit, and the lines left for the legend."""
    subject = board.subject
    order: list[tuple[str, ...] | str] = [
        subject.groups[0],
        *subject.dimensions[:1],
        *subject.groups[1:],
        *subject.dimensions[1:],
    ]
    left = height - _HEAD_LINES
    chosen: set[tuple[str, ...] | str] = set()
    for part in order:
        rows = len(part) if isinstance(part, tuple) else _lines(board, part)
        lines = rows + (1 if chosen else 0)  # an empty one before it
        if rows and lines <= left:
            chosen.add(part)
            left -= lines
    groups = [group for group in subject.groups if group in chosen]
    return groups, [name for name in subject.dimensions if name in chosen], max(left, 0)


def _lines(board: Board, dimension: str) -> int:
    segments = board.snapshot.segments.get(dimension, ())
    return 1 + len(segments) if segments else 0


def _head(board: Board, width: int) -> tuple[Text, Text]:
    status = board.snapshot.status
    work = [
        f"{board.events_per_s:,.0f} events/s",
        f"{board.snapshot.sessions(board.subject):,} sessions",
        f"event to Redis {_latency(board)}",
    ]
    site = board.site
    first = Text.assemble(
        ("microconv", "bold cyan"), "  ", "  ".join(work), overflow="ellipsis", no_wrap=True
    )
    lag = NOTHING if status.lag_ms is None else f"{status.lag_ms / 1000:.1f} s"
    second = Text.assemble(
        (f"watermark lag {lag}  {site.name} {_clock(board)}  {_time(board)}  ", "dim"),
        (board.url, f"cyan link {board.url}"),
        (f"  a minute here is {site.demo_pace} of the {site.name}", "dim") if width >= _WIDE else "",
        overflow="ellipsis",
        no_wrap=True,
    )
    return first, second


def _latency(board: Board) -> str:
    if board.latency is None:
        return NOTHING
    return f"p50 {milliseconds(board.latency.p50_ms)} p99 {milliseconds(board.latency.p99_ms)}"


def _clock(board: Board) -> str:
    return time.strftime("%H:%M", time.gmtime(board.site_ms / 1000))


def _time(board: Board) -> str:
    def text(seconds: float) -> str:
        return f"{int(seconds) // 60}:{int(seconds) % 60:02}"

    return text(board.elapsed_s) + (f" of {text(board.seconds)}" if board.seconds is not None else "")


def _rates(board: Board, groups: Sequence[Sequence[str]], width: int, ascii_only: bool) -> Table:
    wide, narrow = width >= _WIDE, width < _RATE_COLUMNS
    fixed = _RATE_COLUMNS + _INTERVAL_COLUMNS * wide - _LAST_MINUTE_COLUMNS * narrow
    bar_width = max(0, min(40, width - fixed))
    table = _table()
    table.add_column("\nfunnel", style="bold", no_wrap=True, width=8)
    table.add_column("\nstep", no_wrap=True, width=14)
    table.add_column("5 min\nsessions", justify="right", no_wrap=True, width=8)
    table.add_column("\nconverted", justify="right", no_wrap=True, width=9)
    table.add_column("\nratio", justify="right", style="bold", no_wrap=True, width=6)
    table.add_column("", no_wrap=True, style="green", width=bar_width)
    if wide:
        table.add_column("\n95 % interval", justify="right", style="dim", no_wrap=True, width=14)
    table.add_column("\nflow", justify="right", no_wrap=True, width=6)
    if not narrow:
        table.add_column("1 min\nratio", justify="right", no_wrap=True, width=6)
        table.add_column("\nflow", justify="right", no_wrap=True, width=6)
    for number, group in enumerate(groups):
        if number:
            table.add_row()
        for place, measure in enumerate(group):
            funnel, _, step = measure.partition(".")
            soon, now = board.snapshot.rate(measure, SOON), board.snapshot.rate(measure, NOW)
            table.add_row(
                funnel if place == 0 else "",
                step,
                f"{soon.sessions:,}",
                f"{soon.converted:,}",
                percent(soon.ratio),
                bar(soon.ratio or 0.0, bar_width, ascii_only=ascii_only),
                *([_interval(soon)] if wide else []),
                percent(soon.flow_ratio),
                *([] if narrow else [percent(now.ratio), percent(now.flow_ratio)]),
            )
    return table


def _interval(rate: Rate) -> str:
    return NOTHING if rate.low is None or rate.high is None else f"{rate.low:.1%} - {rate.high:.1%}"


def _segments(board: Board, dimension: str, width: int, ascii_only: bool) -> Table:
    snapshot, subject = board.snapshot, board.subject
    sample, goal = (measure.partition(".")[2] for measure in (subject.sample, subject.goal))
    sample_width, goal_width = max(_SAMPLE_COLUMNS, len(sample)), max(_GOAL_COLUMNS, len(goal))
    line_width = max(0, width - _SEGMENT_COLUMNS - sample_width - goal_width)
    segments = snapshot.segments[dimension]
    shown = [board.courses.get(segment, ())[-line_width:] for segment in segments] if line_width else []
    most = max((value for course in shown for value in course if value is not None), default=0.0)
    table = _table()
    table.add_column(dimension, no_wrap=True, width=10)
    table.add_column("sessions", justify="right", no_wrap=True, width=8)
    table.add_column(sample, justify="right", style="bold", no_wrap=True, width=sample_width)
    table.add_column(goal, justify="right", no_wrap=True, width=goal_width)
    course_of = f"its flow of 1 min, every {SAMPLE_S:.0f} s"
    table.add_column(course_of, style="cyan", no_wrap=True, width=line_width)
    for number, segment in enumerate(segments):
        rate = snapshot.rate(subject.sample, SOON, segment)
        course = shown[number] if shown else ()
        table.add_row(
            segment.partition("=")[2],
            f"{rate.sessions:,}",
            percent(rate.ratio),
            percent(snapshot.rate(subject.goal, SOON, segment).ratio),
            sparkline(course, most, line_width, ascii_only=ascii_only),
        )
    return table


def _legend(board: Board) -> Text:
    text = "ratio: of these sessions, by now  flow: conversions of that time  Ctrl-C ends it"
    if board.subject.across:
        funnels = " and ".join(sorted(board.subject.across))
        text = f"{funnels}: attempts across a visitor's sessions, not sessions  Ctrl-C ends it"
    return Text(text, style="dim", no_wrap=True, overflow="ellipsis")


def _table() -> Table:
    return Table(box=None, padding=(0, 1, 0, 0), header_style="dim", pad_edge=False, show_edge=False)
