"""What Redis is told of pages: how long people stay on them, where they leave, and where they go on."""

from stream.core.page_book import Passed
from stream.core.plans import Plans
from stream.core.rates import Rates
from stream.core.segment import ALL
from stream.core.window import SlidingWindow
from stream.sinks.keys import LIVE_FOR_MS, Keys
from stream.sinks.redis_values import Hash, Ranked, Value
from stream.units import duration_text


def stays(keys: Keys, rates: Rates, window: SlidingWindow) -> dict[str, Value]:
    """Return the mean time on each page in a sliding window; nothing before time is known."""
    if window.end is None:
        return {}
    found = rates.pages.stays(window.tallies.get(ALL, {}))
    means = {page: str(time / count) for page, (time, count) in found.items()}
    return {keys.page(duration_text(window.size)): Hash(means, LIVE_FOR_MS)}


def passages(keys: Keys, rates: Rates, plans: Plans) -> dict[str, Value]:
    """Return, for each step that can be left, the pages where it was, and those from which people went on."""
    if rates.day.end is None:
        return {}
    found = rates.pages.leaving(rates.day.tallies.get(ALL, {}))
    values: dict[str, Value] = {}
    for step in steps_to_leave(plans):
        measure = plans.measures[step]
        passed = found.get(measure, {})
        values[keys.leave(measure)] = _ranked(passed, 0)
        values[keys.went_on(measure)] = _ranked(passed, 1)
    return values


def steps_to_leave(plans: Plans) -> list[int]:
    """Return the measures that are told of: all steps of funnels but the last ones."""
    funnels = [group for group in plans.groups if group.itself == group.base]
    return [step for funnel in funnels for step in (funnel.base, *funnel.members[:-1])]


def _ranked(passed: dict[str, Passed], which: int) -> Ranked:
    return Ranked({page: counts[which] for page, counts in passed.items() if counts[which] > 0}, LIVE_FOR_MS)
