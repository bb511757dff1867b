"""Reads all that workers have written about a site, and says where it differs from the truth."""

import json
from collections import Counter
from collections.abc import Mapping
from math import isclose
from typing import Any
from urllib.parse import quote, unquote

from stream.units import duration_text
from tests.oracle import Key, Row, compare, read_rates
from tests.oracle.summary import unlike
from tests.parts import read_topic
from tests.worker.paging import page_differences, read_pages
from tests.worker.site import Site
from tests.worker.truth import SetAside, Truth

SAYS_MORE = {"detail", "watermark"}
"""Headers of records set aside whose text is for people, or depends on wall time."""

MOST = 8
"""Differences of a kind that are told."""


async def differences(site: Site, truth: Truth) -> list[str]:
    """Return how topics and Redis differ from the truth, earliest first; nothing when all is exact.

    Compared are: every closed minute and hour of every measure, for ``all``, listed values and dimensions
    that did not overflow, in the newest rows of ``conversion-rates``; every sliding window in Redis, and
    what it has of pages; the history in Redis against the topic; the outcomes in Redis; the records set
    aside, byte for byte and in order, without repeats where there are transactions. Topics are read as
    read_committed readers see them.
    """
    published = read_rates(
        (record.key, record.value) for record in await read_topic(site.bootstrap, site.rates)
    )
    return [
        *compare(published, truth.closed, limit=MOST),
        *await _set_aside_differences("rejected", truth.rejected, site, site.rejected),
        *await _set_aside_differences("late", truth.late, site, site.late),
        *await redis_differences(site, truth, published),
    ]


async def redis_differences(site: Site, truth: Truth, published: Mapping[Key, Row]) -> list[str]:
    """Return how Redis differs from the truth, and its history from what was published."""
    async with site.store() as store:
        rate_keys = [key async for key in store.scan_iter(f"{site.tag}:rate:*", count=1000)]
        tally_keys = [key async for key in store.scan_iter(f"{site.tag}:session:*", count=1000)]
        tally_keys += [key async for key in store.scan_iter(f"{site.tag}:time:*", count=1000)]
        history_keys = [key async for key in store.scan_iter(f"{site.tag}:history:*", count=1000)]
        asked = store.pipeline(transaction=True)
        asked.hgetall(f"{site.tag}:status")
        for key in (*rate_keys, *tally_keys):
            asked.hgetall(key)
        for key in history_keys:
            asked.zrange(key, 0, -1, withscores=True)
        status, *values = await asked.execute()
        pages = await read_pages(site, store)
    hashes = dict(zip((*rate_keys, *tally_keys), values, strict=False))
    windows = {key: hashes[key] for key in rate_keys}
    histories = dict(zip(history_keys, values[len(hashes) :], strict=True))
    watermark = int(status.get("watermark", 0))
    tallies = _tallies(site, hashes, watermark, truth)
    of_times = [found for found in tallies if found.startswith(f"{site.tag}:time:")]
    return [
        *_status(status, truth),
        *_windows(site, windows, watermark, truth)[:MOST],
        *page_differences(site, pages, watermark, truth)[:MOST],
        *[found for found in tallies if found not in of_times][:MOST],
        *of_times[:MOST],
        *_histories(site, histories, published)[:MOST],
    ]


async def _set_aside_differences(what: str, wanted: list[SetAside], site: Site, topic: str) -> list[str]:
    records = await read_topic(site.bootstrap, topic)
    found = [
        SetAside(
            record.partition,
            record.key,
            record.value,
            {name: value.decode() for name, value in record.headers if name not in SAYS_MORE},
        )
        for record in records
    ]
    if not site.transactions:
        found = list({(one.partition, one.headers.get("offset")): one for one in found}.values())
    unexplained = [r.offset for r in records if not dict(r.headers).get("detail")]
    differing = [f"{what}: no detail at offsets {unexplained}"] if unexplained else []
    if len(found) != len(wanted):
        differing.append(f"{what}: {len(found)} records, wanted {len(wanted)}")
    pairs = zip(found, wanted, strict=False)
    first = next((n for n, (one, other) in enumerate(pairs) if one != other), None)
    if first is not None:
        differing.append(f"{what}: record {first} is {_short(found[first])}, wanted {_short(wanted[first])}")
    return differing


def _short(record: SetAside) -> str:
    return f"{record.headers} {(record.value or b'')[:60]!r} (partition {record.partition})"


def _status(status: Mapping[str, str], truth: Truth) -> list[str]:
    wanted: Counter[str] = Counter()
    for (_, _, outcome), count in truth.outcomes.items():
        wanted[outcome] += count
    return [
        f"status: {outcome} is {status.get(outcome)}, wanted {count}"
        for outcome, count in wanted.items()
        if status.get(outcome) != str(count)
    ]


def _windows(site: Site, hashes: Mapping[str, Mapping[str, str]], watermark: int, truth: Truth) -> list[str]:
    found: dict[tuple[str, str, str], Mapping[str, str]] = {}
    for key, fields in hashes.items():
        measure, size, segment = key.removeprefix(f"{site.tag}:rate:").split(":", 2)
        found[measure, size, unquote(segment)] = fields
    differing = []
    for size_ms in site.definition().times.sizes:
        size, end = duration_text(size_ms), truth.window_end(size_ms, watermark)
        names = truth.series() | {(m, segment) for m, s, segment in found if s == size}
        for measure, segment in sorted(names):
            if truth.scope.segment(segment):
                sums = truth.window(measure, segment, size_ms, end)
                ends = (
                    {"window_start": end - size_ms, "window_end": end}
                    if sums.sessions or sums.actions
                    else {}
                )
                wanted = {**sums.fields(), **ends}
                has = found.get((measure, size, segment), {})
                wrong = _unlike(has, wanted)
                brought = truth.revenue(measure, segment, end - size_ms, end)
                if json.loads(has.get("revenue", "{}")) != brought:
                    wrong += f" revenue is {has.get('revenue')}, wanted {brought}"
                differing += [f"rate {measure} {size} {segment}: {wrong}"] if wrong else []
    return differing


def _tallies(site: Site, hashes: Mapping[str, Mapping[str, str]], watermark: int, truth: Truth) -> list[str]:
    """Compare what is known of sessions and conversions in sliding windows; of none, counts of 0 will do."""
    differing = []
    goals = [f.name for f in site.definition().funnels if any(step.macro for step in f.steps)]
    for size_ms in site.definition().times.sizes:
        end = truth.window_end(size_ms, watermark)
        for segment in sorted({segment for _, segment in truth.series() if truth.scope.segment(segment)}):
            dimension, equals, value = segment.partition("=")
            place = f"{duration_text(size_ms)}:{dimension}{equals}{quote(value)}"
            every = {f"{site.tag}:session:{place}": truth.sessions(segment, size_ms, end)}
            for goal in goals:
                every[f"{site.tag}:time:{goal}:{place}"] = truth.times(goal, segment, size_ms, end)
            for key, wanted in every.items():
                found = {name: json.loads(text) for name, text in hashes.get(key, {}).items()}
                ends = {found.pop("window_start", None), found.pop("window_end", None)}
                if wanted and ends != {end - size_ms, end}:
                    differing.append(f"{key} is of {ends}, wanted {end - size_ms} to {end}")
                wrong = unlike(found, wanted) if wanted or any(found.values()) else []
                differing += [f"{key}: {', '.join(wrong)}"] if wrong else []
    return differing


def _unlike(fields: Mapping[str, str], wanted: Mapping[str, int | float]) -> str:
    """Return what differs; a missing hash is as good as one of nothing."""
    if not fields and not any(wanted.values()):
        return ""
    return ", ".join(
        f"{name} is {fields.get(name)}, wanted {number}"
        for name, number in wanted.items()
        if name not in fields or not isclose(float(fields[name]), number, rel_tol=1e-5, abs_tol=1e-6)
    )


def _histories(
    site: Site, sets: Mapping[str, list[tuple[str, float]]], published: Mapping[Key, Row]
) -> list[str]:
    """Compare members with the newest rows of the topic; a row of zeros is as good as none."""
    watched = site.settings().watched_segments()
    wanted: dict[str, dict[int, Any]] = {}
    for (measure, segment, size, start), row in published.items():
        dimension, equals, value = segment.partition("=")
        if size == "1m" and (segment in watched or dimension in watched) and _anything(row):
            key = f"{site.tag}:history:{measure}:{dimension}{equals}{quote(value)}"
            wanted.setdefault(key, {})[start] = row
    differing = []
    for key in sorted({*sets, *wanted}):
        rows = {int(score): json.loads(member) for member, score in sets.get(key, [])}
        some = {start: row for start, row in rows.items() if _anything(row)}
        if len(rows) != len(sets.get(key, [])):
            differing.append(f"{key}: two members of one minute")
        if some != wanted.get(key, {}):
            theirs = wanted.get(key, {})
            starts = [s for s in {*some, *theirs} if some.get(s) != theirs.get(s)]
            first = min(starts)
            pair = f"{some.get(first)}, wanted {theirs.get(first)}"
            differing.append(f"{key}: {len(starts)} members differ, first {first}: {pair}")
    return differing


def _anything(row: Row) -> bool:
    return any(row[name] for name in ("sessions", "converted", "open", "actions"))
