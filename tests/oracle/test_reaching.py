"""Reached steps against a literal search of all chains."""

from itertools import combinations, pairwise
from random import Random

from stream.core.definition import Funnel, Step
from tests.oracle.reaching import Hit, funnel_times, in_order, may_follow
from tests.oracle.record import Event
from tests.oracle.visits import Session


def random_visit(random: Random) -> list[Event]:
    """Return few events in few moments, so that ties, repetitions and exact spans are common."""
    return [
        Event(0, "v", "", f"e{number}", random.choice("abcx"), random.randrange(8) * 1_000, {})
        for number in random.sample(range(10), random.randrange(1, 8))
    ]


def random_funnel(random: Random) -> Funnel:
    """Return a funnel of two to four steps, some optional, some with a span, some with the same event."""
    steps = tuple(
        Step(
            f"s{number}",
            random.choice("abc"),
            optional=number > 0 and random.random() < 0.4,
            within_ms=random.choice((None, 1_000, 2_000)) if number else None,
        )
        for number in range(random.randrange(2, 5))
    )
    return Funnel("f", steps, random.choice((2_000, 4_000, 8_000)), random.choice(("first", "latest")))


def searched(session: Session, funnel: Funnel) -> dict[int, int]:
    """Try every chain of every choice of events: the definition of reaching a step, taken literally."""
    hits = in_order(session, funnel)
    entries = [position for position, (_, matched) in enumerate(hits) if 0 in matched]
    allowed = set(entries[:1] if funnel.reentry == "first" else entries)
    earliest: dict[int, int] = {}
    for length in range(1, len(hits) + 1):
        for chosen in combinations(range(len(hits)), length):
            if chosen[0] in allowed:
                for last in _fillings(hits, chosen, funnel):
                    time = hits[chosen[-1]][0].time
                    earliest[last] = min(time, earliest.get(last, time))
    return earliest


def _fillings(hits: list[Hit], chosen: tuple[int, ...], funnel: Funnel) -> set[int]:
    """Return the steps that the last of the chosen events may fill when each fills one step of a chain."""
    opened = hits[chosen[0]][0].time
    ends = {0}
    for before, position in pairwise(chosen):
        event, matched = hits[position]
        gap = event.time - hits[before][0].time
        ends = {
            step
            for step in matched
            for end in ends
            if may_follow(end, step, funnel.steps)
            and event.time - opened <= funnel.within_ms
            and gap <= (funnel.steps[step].within_ms or gap)
        }
    return ends


def test_reached_steps_are_those_of_a_search_of_all_chains() -> None:
    """The walk over events and steps finds the same times as trying every chain."""
    random = Random(3)
    reached_last = 0
    for _ in range(3_000):
        visit, funnel = random_visit(random), random_funnel(random)
        session = Session(tuple(sorted(visit, key=lambda e: (e.time, e.event_id))), {})
        found = funnel_times(session, funnel)
        assert found == searched(session, funnel), (visit, funnel)
        reached_last += len(funnel.steps) - 1 in found
    assert reached_last > 300  # the visits are not so poor that nothing is tried
