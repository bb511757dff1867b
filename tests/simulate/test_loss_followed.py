"""Attempts that are followed while conversions are dropped, against the batch over what is sent."""

from collections import Counter
from dataclasses import replace
from random import Random

import pytest

from stream.core.definition import Condition, Definition, Funnel, Step
from stream.simulate.drop import Drop
from stream.simulate.event import SiteEvent
from stream.simulate.loss import Losses
from stream.simulate.sites import SHOP
from stream.simulate.visit import Visit
from tests.oracle.attempts import attempts_of
from tests.oracle.matching import steps_of
from tests.oracle.record import Event
from tests.oracle.test_reaching import random_funnel, random_visit
from tests.simulate.test_loss_visitor import CHANNEL, VISITOR


def test_attempts_are_followed_as_the_batch_counts_them() -> None:
    """Of any events, also at equal times: what is followed is what the batch finds in the sent events.

    Nobody reaches in the drop's time what is dropped wholly, and what is not of that time stays.
    """
    random, met = Random(5), Counter[str]()
    for _ in range(6_000):
        funnel = replace(random_funnel(random), order="ordered", scope="visitor")
        events = random_visit(random)
        if any(len(steps_of(e, funnel.steps)) > 1 and 0 in steps_of(e, funnel.steps) for e in events):
            continue
        step, from_ms = random.randrange(len(funnel.steps)), random.randrange(9) * 1_000
        until_ms = random.choice((None, from_ms + 1_000, from_ms + 3_000))
        measure = f"f.{funnel.steps[step].name}"
        losses = Losses(
            [Drop(measure=measure, share=1.0, from_ms=from_ms, until_ms=until_ms)],
            Definition((funnel,)),
            0,
            SHOP,
        )
        sent = []
        followed: dict[int, dict[int, int]] = {}
        shuffled = sorted(events, key=lambda e: (e.time, random.random()))
        for number, event in enumerate(shuffled):
            made = SiteEvent(event.event_id, event.name, event.time, "v", page=event.field("page"))
            visit = Visit(VISITOR, f"s{event.time // 3_000}", event.time, CHANNEL, returning=False)
            if not losses.takes(event.time, made, visit, last=False):
                sent.append(event)
            assert losses._attempts is not None
            if shuffled[number + 1 : number + 2] and shuffled[number + 1].time == event.time:
                continue
            if known := losses._attempts._known.get("v"):
                followed |= {a.state.first: dict(a.state.reached) for a in known.journey.attempts}
        counted = attempts_of(sorted(sent, key=_place), funnel)
        assert followed == {attempt.first.time: attempt.times for attempt in counted}, (events, funnel)
        for attempt in counted:
            reached = attempt.times.get(step, -1)
            assert reached < from_ms or (until_ms is not None and reached >= until_ms), (events, funnel)
        assert [e for e in shuffled if e.time < from_ms] == [e for e in sent if e.time < from_ms]
        met["nothing lost"] += len(sent) == len(events)
        met["lost"] += len(sent) < len(events)
        met["lost several"] += len(sent) < len(events) - 1
        met["first"] += step == 0 and len(sent) < len(events)
        met["complete"] += any(len(funnel.steps) - 1 in attempt.times for attempt in counted)
        met["reached again"] += any(attempt.times.get(step, -1) >= from_ms for attempt in counted)
    assert min(met.values()) > 20, met


@pytest.mark.parametrize(("ids", "makes_it"), [(("a", "b", "c"), True), (("a", "c", "b"), False)])
def test_events_of_one_time_take_turns_by_their_ids(ids: tuple[str, str, str], makes_it: bool) -> None:
    """Of two events of one time and step the id decides, not which came first, what the other may be."""
    on_p = Step("s2", "b", (Condition("page", ("/p",)),))
    funnel = Funnel("f", (Step("s0", "a"), Step("s1", "b"), on_p), scope="visitor")
    losses = Losses([Drop(measure="f.s2", share=1.0, from_ms=0)], Definition((funnel,)), 0, SHOP)
    visit = Visit(VISITOR, "s", 0, CHANNEL, returning=False)
    done = zip(ids, ("a", "b", "b"), ("", "", "/p"), strict=True)
    taken = [
        losses.takes(1_000, SiteEvent(event_id, name, 1_000, "v", page=page), visit, last=False)
        for event_id, name, page in done
    ]
    assert taken == [False, False, makes_it]


def _place(event: Event) -> tuple[int, str]:
    return event.time, event.event_id
