"""Ordered funnels: the newest chain to each step against a search over all chains."""

from hypothesis import given
from hypothesis import strategies as st

from stream.core.definition import Definition, Funnel, Step
from stream.core.funnel import advance, advance_tied, begin
from stream.core.plans import Plans

NAMES = "abcd"


@st.composite
def funnels(draw: st.DrawFn) -> Funnel:
    """Draw a funnel of up to five steps with windows, optional steps and repeated events."""
    later = [
        Step(
            f"s{place}",
            draw(st.sampled_from(NAMES)),
            optional=draw(st.booleans()),
            within_ms=draw(st.one_of(st.none(), st.integers(1, 8))),
        )
        for place in range(1, draw(st.integers(1, 5)))
    ]
    steps = [Step("s0", draw(st.sampled_from(NAMES))), *later]
    return Funnel("f", tuple(steps), draw(st.integers(1, 15)), draw(st.sampled_from(["first", "latest"])))


def search(funnel: Funnel, events: list[tuple[int, str]]) -> list[int]:
    """Return when each step is reached (-1: never), by trying every chain of events with rising times."""
    reached = [-1] * len(funnel.steps)
    first = next((time for time, name in events if name == funnel.steps[0].event), None)

    def follow(step: int, start: int, before: int, index: int) -> None:
        if reached[step] < 0 or before < reached[step]:
            reached[step] = before
        for later in range(index + 1, len(events)):
            time, name = events[later]
            following = step + 1
            while following < len(funnel.steps):
                wanted = funnel.steps[following]
                own = funnel.within_ms if wanted.within_ms is None else wanted.within_ms
                if name == wanted.event and time - start <= funnel.within_ms and time - before <= own:
                    follow(following, start, time, later)
                if not wanted.optional:
                    break
                following += 1

    for index, (time, name) in enumerate(events):
        if name == funnel.steps[0].event and (funnel.reentry == "latest" or time == first):
            follow(0, time, time, index)
    return reached


@given(funnels(), st.lists(st.sampled_from(NAMES), max_size=9), st.data())
def test_the_newest_chain_is_enough(funnel: Funnel, names: list[str], data: st.DataObject) -> None:
    """A step is reached just when some chain of later and later events within the windows leads to it."""
    times = sorted(data.draw(st.sets(st.integers(0, 30), min_size=len(names), max_size=len(names))))
    events = list(zip(times, names, strict=True))
    plans = Plans(Definition(funnels=(funnel,)))
    session = begin(0, ())
    by_name = {name: plans.by_kind(plans.kinds.fixed.get(name, 0)) for name in NAMES}
    for time, name in events:
        advance(session, plans, by_name[name], time)
    session.reached.pop(plans.engaged, None)
    assert session.reached == {step: at for step, at in enumerate(search(funnel, events)) if at >= 0}


def test_at_equal_time_lower_steps_come_first() -> None:
    """Two events of one ms make a step and the next, in whichever order they are given."""
    plans = Plans(Definition(funnels=(Funnel("f", (Step("a", "a"), Step("b", "b"))),)))
    for order in (("a", "b"), ("b", "a")):
        session = begin(5, ())
        advance_tied(session, plans, [plans.by_kind(plans.kinds.fixed[name]) for name in order], 5)
        assert session.reached == {0: 5, 1: 5, plans.engaged: 5}
