"""What there is to know of a configuration, as something to print: for people, from 80 columns on."""

import re
from collections.abc import Iterable, Iterator, Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from stream.check.doubts import Doubt, MicroConversions
from stream.check.facts import AtMost, Facts
from stream.check.measured import Dimension, Exclusion, Funnel, Micro, Pages, Step, Where
from stream.core.condition import comparisons, is_number
from stream.core.definition import SESSION
from stream.core.labels import OTHER
from stream.units import duration_text

_BETWEEN = (0, 2, 0, 0)
_COMPARISON = re.compile(r"([<>]=?)\s*([^\s<>]+)")


def as_text(told: Facts) -> RenderableType:
    """Return the facts as paragraphs: where they come from, what is measured, how much it makes, warnings."""
    parts: list[RenderableType] = [_head(told)]
    for funnel in told.funnels:
        parts += [Text(""), _funnel(funnel)]
    if told.micros:
        parts += [Text(""), _micros(told.micros)]
    if told.dimensions:
        parts += [Text(""), _dimensions(told.dimensions)]
    parts += [Text(""), _pages(told.pages), Text(""), _at_most(told)]
    for doubt in told.warnings:
        parts += [Text(""), _doubt(doubt)]
    return Group(*parts)


KEYED_BY = {"visitor": "keyed by visitor", "none": "repartitioned by visitor first"}
"""What is said of ``kafka.keyed_by``."""


ORDERS = {
    "ordered": "ordered",
    "strict": "strict (no other event in between)",
    "unordered": "unordered (steps in any order)",
}
"""What is said of a funnel's order."""

SCOPES = {"session": "in one session", "visitor": "across a visitor's sessions"}
"""What is said of a funnel's scope."""

OPENS = {"session": "session", "visitor": "attempt"}
"""What begins with the first step, by scope."""


def _head(told: Facts) -> RenderableType:
    kafka, times, windows = told.kafka, told.times, told.windows
    rows = [
        ("valid", told.source),
        *(("", f"{key} from {variable}") for key, variable in told.environment.items()),
        ("reads", f"{', '.join(kafka.reads)} ({kafka.format}, {KEYED_BY[kafka.keyed_by]})"),
        ("", f"at {kafka.brokers}, as group {kafka.group}"),
        ("writes", ", ".join(kafka.writes)),
        ("", f"Redis at {told.redis}, keys {told.redis_prefix}:*"),
        ("serves", f"http://{told.web}/metrics"),
        (
            "sessions",
            f"end after {duration_text(times.timeout_ms)} of silence,"
            f" or when {duration_text(times.max_length_ms)} long",
        ),
        ("visitors", f"count as returning for {duration_text(times.known_for_ms)}"),
        (
            "late",
            f"events more than {duration_text(times.out_of_order_ms)} +"
            f" {duration_text(times.allowed_lateness_ms)} older than the newest of their partition",
        ),
        ("windows", f"{_sizes(windows.sizes, windows.steps)}; closed: {', '.join(windows.closed)}"),
    ]
    return _pairs(rows)


def _funnel(funnel: Funnel) -> RenderableType:
    within = duration_text(funnel.within_ms)
    title = Text.assemble(
        ("funnel ", "dim"),
        (funnel.name, "bold"),
        f": {ORDERS[funnel.order]}, {SCOPES[funnel.scope]},",
        f" within {within} of {'each other' if funnel.order == 'unordered' else 'the first step'}",
        "" if funnel.reentry == "latest" else f", which is the {OPENS[funnel.scope]}'s first",
    )
    rows = [(step.measure, step.event, _where(step.where), _remarks(step)) for step in funnel.steps]
    ends = [_indented(Text(_exclusion(exclusion))) for exclusion in funnel.exclusions]
    return Group(title, _table(("measure", "event", "where", ""), rows), *ends)


def _exclusion(exclusion: Exclusion) -> str:
    where = f" where {_where(exclusion.where)}" if exclusion.where else ""
    return (
        f"ended by {exclusion.event}{where}, once {exclusion.reached} is reached and as long as"
        f" {exclusion.before} is not"
    )


def _remarks(step: Step) -> str:
    found = ["optional"] * step.optional + ["macro"] * step.macro
    if step.within_ms is not None:
        found.append(f"within {duration_text(step.within_ms)} of the step before")
    return ", ".join(found)


def _micros(micros: Iterable[Micro]) -> RenderableType:
    rows = [
        (
            micro.measure,
            micro.event,
            _where(micro.where),
            "all sessions" if micro.of == SESSION else f"sessions with {micro.of}",
        )
        for micro in micros
    ]
    title = Text("secondary actions", style="dim")
    return Group(title, _table(("measure", "event", "where", "of"), rows))


def _dimensions(dimensions: Iterable[Dimension]) -> RenderableType:
    rows = [
        (
            dimension.name,
            " x ".join(dimension.cross) or dimension.field,
            ", ".join(dimension.values),
            f"{dimension.segments_at_most - 1} and {OTHER}",
        )
        for dimension in dimensions
    ]
    title = Text("dimensions", style="dim")
    return Group(title, _table(("dimension", "of", "always counted", "told apart"), rows))


def _pages(pages: Pages) -> RenderableType:
    rows = [(name, ", ".join(paths)) for name, paths in pages.groups.items()]
    rows.append(("by path", f"{pages.max_values} others and {OTHER}"))
    return Group(Text("pages", style="dim"), _table(("page", "of"), rows))


def _at_most(told: Facts) -> RenderableType:
    most = told.at_most
    rows = [
        ("measures", f"{most.measures}"),
        ("micro-conversions", _counted(told.micro_conversions)),
        ("segments", f"{most.segments:,} = {_sum_of_segments(told.dimensions)}"),
        ("Redis hashes", _hashes(told)),
        ("Redis keys", f"{most.redis_keys:,}, with histories of closed minutes and sets of values"),
        ("Prometheus series", _series(most)),
    ]
    return Group(Text("that makes, at most", style="dim"), _indented(_pairs(rows)))


def _counted(counted: MicroConversions) -> str:
    macros = f", {' and '.join(counted.macros)} (macro) among them" if counted.macros else ""
    return (
        f"{counted.count} (advised: up to {counted.advised_at_most}) = {counted.actions} secondary actions"
        f" + {counted.steps} funnel steps after the first{macros}"
    )


def _sum_of_segments(dimensions: Iterable[Dimension]) -> str:
    return " + ".join(["1 (all)", *(f"{d.segments_at_most} ({d.name})" for d in dimensions)])


def _hashes(told: Facts) -> str:
    most, sizes = told.at_most, len(set(told.windows.sizes))
    macros = sum(step.macro for funnel in told.funnels for step in funnel.steps)
    rest = most.redis_hashes - (most.measures + macros + 1) * sizes * most.segments
    of_macros = f" + {macros} macro step{'s' * (macros != 1)}" if macros else ""
    return (
        f"{most.redis_hashes:,} = ({most.measures} measures{of_macros} + 1) x {sizes} windows"
        f" x {most.segments:,} segments + {rest}"
    )


def _series(most: AtMost) -> str:
    series = most.prometheus_series
    more = f"; {series.each_currency:,} more for each further currency" if series.each_currency else ""
    return (
        f"{series.total:,} with one worker and {series.partitions} input partitions:"
        f" {series.rates:,} of the rates, {series.each_partition} of each partition,"
        f" {series.each_worker} of each worker{more}"
    )


def _doubt(doubt: Doubt) -> RenderableType:
    return _pairs([("warning", doubt.text), ("", ", ".join(doubt.keys))], style="yellow")


def _sizes(sizes: Iterable[str], steps: Iterable[str]) -> str:
    """Return sizes by the step that they slide by."""
    by_step: dict[str, list[str]] = {}
    for size, step in zip(sizes, steps, strict=True):
        by_step.setdefault(step, []).append(size)
    return "; ".join(f"{', '.join(some)} sliding by {step}" for step, some in by_step.items())


def _where(where: Where) -> str:
    return ", ".join(" or ".join(_any_of(field, patterns)) for field, patterns in where.items())


def _any_of(field: str, patterns: Iterable[str]) -> Iterator[str]:
    """Yield what a field must be, or match, or how its number must compare, any of which will do."""
    compared = [pattern for pattern in patterns if is_number(field) and comparisons(pattern)]
    matched = [pattern for pattern in patterns if pattern not in compared]
    if matched:
        yield f"{field} = {' or '.join(matched)}"
    for pattern in compared:
        yield f"{field} {' and '.join(map(' '.join, _COMPARISON.findall(pattern)))}"


def _pairs(rows: Iterable[tuple[str, str]], style: str = "dim") -> Table:
    table = Table(box=None, show_header=False, padding=_BETWEEN, pad_edge=False)
    table.add_column(style=style, no_wrap=True)
    table.add_column(overflow="fold")
    for name, text in rows:
        table.add_row(Text(name), Text(text))
    return table


def _table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> RenderableType:
    """Return an indented table without the columns in which nothing is said."""
    table = Table(box=None, padding=_BETWEEN, pad_edge=False, header_style="dim")
    said = [column for column in range(len(titles)) if any(row[column] for row in rows)]
    for column in said:
        table.add_column(titles[column], overflow="fold")
    for row in rows:
        table.add_row(*(Text(row[column]) for column in said))
    return _indented(table)


def _indented(what: RenderableType) -> RenderableType:
    return Padding(what, (0, 0, 0, 2))
