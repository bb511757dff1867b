"""Reached steps against a literal search of all choices of events."""

from collections import Counter
from itertools import combinations, pairwise, permutations
from random import Random

from stream.core.definition import Condition, Exclusion, Funnel, Step
from tests.oracle.chains import may_follow
from tests.oracle.matching import matches, steps_of
from tests.oracle.reaching import funnel_times
from tests.oracle.record import Event
from tests.oracle.visits import Session


def random_visit(random: Random) -> tuple[Event, ...]:
    """Return few events in few moments, so that ties, repetitions and exact spans are common."""
    events = [
        Event(
            0, "v", "", f"e{number}", random.choice("abcx"), random.randrange(8) * 1_000, random.choice(PAGES)
        )
        for number in random.sample(range(10), random.randrange(1, 8))
    ]
    return tuple(sorted(events, key=lambda e: (e.time, e.event_id)))


PAGES: list[dict[str, str]] = [{}, {}, {"page": "/p"}]


def random_funnel(random: Random, order: str = "") -> Funnel:
    """Return a funnel of two to four steps, some optional, some with a span, some with the same event."""
    steps = tuple(
        Step(
            f"s{number}",
            random.choice("abc"),
            where=(Condition("page", ("/p",)),) if random.random() < 0.2 else (),
            optional=number > 0 and random.random() < 0.4,
            within_ms=random.choice((None, 1_000, 2_000)) if number else None,
        )
        for number in range(random.randrange(2, 5))
    )
    return Funnel(
        "f",
        steps,
        random.choice((2_000, 4_000, 8_000)),
        random.choice(("first", "latest")),
        "unordered" if order else random.choice(("ordered", "strict")),
        tuple(random_exclusion(random, len(steps)) for _ in range(random.choice((0, 0, 1, 1, 2)))),
    )


def random_exclusion(random: Random, steps: int) -> Exclusion:
    """Return an exclusion, often of an event that is a step too."""
    first, last = sorted(random.sample(range(steps), 2))
    where = (Condition("page", ("/p",)),) if random.random() < 0.3 else ()
    return Exclusion(random.choice("xxabc"), where, first, last)


def searched(events: tuple[Event, ...], funnel: Funnel) -> dict[int, int]:
    """Try every chain of every choice of events: the definition of reaching a step, taken literally."""
    line = sorted(
        events, key=lambda e: (e.time, min(steps_of(e, funnel.steps), default=len(funnel.steps)), e.event_id)
    )
    entries = [place for place, event in enumerate(line) if 0 in steps_of(event, funnel.steps)]
    allowed = set(entries[:1] if funnel.reentry == "first" else entries)
    earliest: dict[int, int] = {}
    for length in range(1, len(line) + 1):
        for chosen in combinations(range(len(line)), length):
            together = chosen[-1] - chosen[0] == length - 1
            if chosen[0] in allowed and (together or funnel.order == "ordered"):
                for last in _fillings([line[place] for place in chosen], events, funnel):
                    time = line[chosen[-1]].time
                    earliest[last] = min(time, earliest.get(last, time))
    return earliest


def _fillings(chosen: list[Event], events: tuple[Event, ...], funnel: Funnel) -> set[int]:
    """Return the steps that the last of the chosen events may fill when each fills one step of a chain."""
    ends = {0}
    for before, event in pairwise(chosen):
        gap = event.time - before.time
        ends = {
            step
            for step in steps_of(event, funnel.steps)
            for end in ends
            if may_follow(end, step, funnel.steps)
            and event.time - chosen[0].time <= funnel.within_ms
            and gap <= (funnel.steps[step].within_ms or gap)
            and not _excluded(end, before.time, event.time, events, funnel)
        }
    return ends


def _excluded(step: int, since: int, until: int, events: tuple[Event, ...], funnel: Funnel) -> bool:
    """Say whether an exclusion comes between two events of a chain; steps of its time are before it."""
    return any(
        matches(event, exclusion) and since <= event.time < until and exclusion.first <= step < exclusion.last
        for exclusion in funnel.exclusions
        for event in events
    )


def gathered(events: tuple[Event, ...], funnel: Funnel) -> dict[int, int]:
    """Try to give the steps that are needed every choice of events, in every order."""
    earliest: dict[int, int] = {}
    for last, step in enumerate(funnel.steps):
        needed = [before for before in funnel.steps[:last] if not before.optional] + [step]
        for chosen in permutations(events, len(needed)):
            times = [event.time for event in chosen]
            if all(map(matches, chosen, needed)) and max(times) - min(times) <= funnel.within_ms:
                earliest[last] = min(max(times), earliest.get(last, max(times)))
    return earliest


def test_reached_steps_are_those_of_a_search_of_all_chains() -> None:
    """The walk over events and steps finds the same times as trying every chain, ordered and strict."""
    random = Random(3)
    last_of: Counter[tuple[str, bool]] = Counter()
    for _ in range(12_000):
        events, funnel = random_visit(random), random_funnel(random)
        found = funnel_times(Session(events, {}), funnel)
        assert found == searched(events, funnel), (events, funnel)
        last_of[funnel.order, bool(funnel.exclusions)] += len(funnel.steps) - 1 in found
    assert len(last_of) == 4
    assert min(last_of.values()) > 100  # the visits are not so poor that nothing is tried


def test_gathered_steps_are_those_of_a_search_of_all_choices() -> None:
    """An unordered funnel finds the same times as giving its steps events in every possible way."""
    random = Random(5)
    reached_last = helped = 0
    for _ in range(4_000):
        events, funnel = random_visit(random), random_funnel(random, "unordered")
        found = funnel_times(Session(events, {}), funnel)
        assert found == gathered(events, funnel), (events, funnel)
        reached_last += len(funnel.steps) - 1 in found
        in_order = searched(events, funnel)
        helped += len(found) > len(in_order)
    assert reached_last > 300
    assert helped > 300  # the order does not matter, and often would
