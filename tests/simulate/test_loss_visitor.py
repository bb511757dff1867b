"""One visitor, visit by visit, of whom conversions across sessions are dropped."""

from dataclasses import replace

import pytest

from stream.core.definition import Condition, Definition, Dimension, Funnel, Step
from stream.simulate.drop import Drop
from stream.simulate.event import SiteEvent
from stream.simulate.loss import Losses
from stream.simulate.sites import SHOP, VENDOR
from stream.simulate.visit import MINUTE, Visit, Visitor

START = 1_772_452_800_000  # 2026-03-02T12:00Z
HOUR, DAY = 3_600_000, 86_400_000
TRIAL = Funnel(
    "trial",
    (
        Step("ad", "ad"),
        Step("pricing", "page_view", (Condition("page", ("/pricing",)),)),
        Step("download", "download"),
        Step("demo", "demo"),
    ),
    within_ms=10 * DAY,
    scope="visitor",
)
LOOK = Funnel("look", (Step("home", "page_view", (Condition("page", ("/",)),)), TRIAL.steps[1]))
SITE = Definition((TRIAL, LOOK), dimensions=(Dimension("source", "source"), Dimension("user", "user_type")))
SLOW = Funnel("slow", (TRIAL.steps[0], Step("share", "share")), within_ms=90 * DAY, scope="visitor")
TWO = replace(SITE, funnels=(TRIAL, SLOW))
PAGES = {"home": "/", "pricing": "/pricing"}
VISITOR = Visitor("v", "", SHOP.devices.rows[0], "", SHOP.countries.rows[0], "control", None)
CHANNEL = SHOP.first.channels.rows[0]
DONE = ("0d ad", "0d pricing", "2d download", "3d demo")


def drop(
    measure: str, start: float = 0, span: float | None = None, segment: str = "all", share: float = 1.0
) -> Drop:
    """Return a drop that begins so many days after the start and lasts for so many."""
    from_ms = START + int(start * DAY)
    until_ms = None if span is None else from_ms + int(span * DAY)
    return Drop(measure=measure, segment=segment, share=share, from_ms=from_ms, until_ms=until_ms)


def played(losses: Losses, *done: str, visitor: str = "v") -> list[str]:
    """Return what is sent of what a visitor does: ``2d ad/bing`` is of that day, by that source."""
    found = []
    for number, act in enumerate(done):
        day, name = act.split("d ")
        name, _, source = name.partition("/")
        start = START + int(float(day) * DAY)
        at = start + number * MINUTE
        visit = Visit(
            replace(VISITOR, id=visitor), f"{visitor}{int(float(day))}", start, CHANNEL, start > START
        )
        page = PAGES.get(name, "/x")
        event = SiteEvent(
            f"{number:03}", "page_view" if name in PAGES else name, at, visitor, page=page, source=source
        )
        if not losses.takes(at, event, visit, last=number == len(done) - 1):
            found.append(act)
    return found


def left(drops: Drop | list[Drop], *done: str, definition: Definition = SITE) -> list[str]:
    """Return what is sent of what one visitor does."""
    return played(Losses(drops if isinstance(drops, list) else [drops], definition, 0, SHOP), *done)


def test_a_struck_attempt_sends_no_later_step_in_later_visits() -> None:
    """What is dropped in one visit takes the later steps of the next with it, and nothing else."""
    done = ("0d ad", "0d home", "0d pricing", "1d home", "1d download", "2d demo", "3d share")
    assert left(drop("trial.pricing"), *done) == ["0d ad", "0d home", "1d home", "3d share"]
    assert left(drop("trial.download"), *done) == [
        act for act in done if act not in ("1d download", "2d demo")
    ]


def test_another_try_after_the_drop_works() -> None:
    """While it lasts each try fails, after it the first one leads on; until then later steps are not made."""
    done = ("0d ad", "0d pricing", "1d download", "2d download", "4d demo", "5d download", "6d demo")
    assert left(drop("trial.download", 1, 3), *done) == ["0d ad", "0d pricing", "5d download", "6d demo"]


def test_who_has_reached_it_before_is_not_struck() -> None:
    """A step that was reached is no conversion when it is made again; what makes none is sent."""
    done = (*DONE[:3], "2.5d download", "3d demo")
    assert left(drop("trial.download", 2.3), *done) == list(done)
    assert left(drop("trial.download"), "0d pricing", "0d download", "1d demo") == [
        "0d pricing",
        "0d download",
        "1d demo",
    ]


def test_an_attempt_whose_time_is_over_leads_to_nothing() -> None:
    """After the funnel's span a step is no conversion, and who was stuck no longer is."""
    late = ("0d ad", "0d pricing", "10.5d download", "11d demo")
    assert left(drop("trial.download"), *late) == list(late)
    stuck = ("0d ad", "0d pricing", "1d download", "10.5d demo", "11d download")
    assert left(drop("trial.download"), *stuck) == ["0d ad", "0d pricing", "10.5d demo", "11d download"]


def test_what_is_over_is_over_while_another_attempt_goes_on() -> None:
    """A visitor who is amid an attempt at another funnel is no longer stuck in the one whose time is over."""
    at_its_end = f"{10 - 3 / 1440}d demo"  # as the fourth, so 3 minutes later
    done = ("0d ad", "0d pricing", "1d download", at_its_end, "11d demo", "12d share")
    assert left(drop("trial.download"), *done, definition=TWO) == [*done[:2], *done[4:]]


def test_who_goes_on_trying_stays_stuck() -> None:
    """Also when the step comes so late after the one before it that it would be no conversion any more."""
    hasty = replace(
        TRIAL, steps=(TRIAL.steps[0], replace(TRIAL.steps[1], within_ms=2 * DAY), *TRIAL.steps[2:])
    )
    done = ("0d ad", "1d pricing", "5d pricing", "6d download")
    assert left(drop("trial.pricing"), *done, definition=Definition((hasty,))) == ["0d ad"]


def test_another_first_step_gives_a_stuck_attempt_more_time() -> None:
    """The span runs from the newest first step, as it does where it is counted."""
    done = ("0d ad", "0d pricing", "1d download", "9d ad", "15d demo", "20d demo")
    assert left(drop("trial.download"), *done) == ["0d ad", "0d pricing", "9d ad", "20d demo"]


def test_where_the_first_step_is_dropped_nothing_begins() -> None:
    """Neither it nor the steps that it would have led to are sent, until a try works or the time is over."""
    done = ("0d ad", "0d home", "0d pricing", "4d ad", "5d download", "13d demo", "15d demo")
    assert left(drop("trial.ad"), *done) == ["0d home", "15d demo"]
    assert left(drop("trial.ad", 0, 1), *done) == ["0d home", "4d ad", "5d download", "13d demo", "15d demo"]
    assert left(drop("trial.ad", 1), *done) == list(done), "who is amid an attempt begins none"


def test_the_segment_is_that_of_where_the_attempt_began() -> None:
    """Whatever later visits say; also of what follows from being here for the first time."""
    done = ("0d ad/google", "0d pricing/google", "2d download/bing", "3d demo/bing")
    assert left(drop("trial.download", segment="source=google"), *done) == list(done[:2])
    assert left(drop("trial.download", segment="user=new"), *done) == list(done[:2])
    assert left(drop("trial.download", segment="source=bing"), *done) == list(done)
    assert left(drop("trial.download", segment="user=returning"), *done) == list(done)
    assert left(drop("trial.ad", segment="source=bing"), *done) == list(done)


def test_what_its_session_says_later_counts_for_the_attempt() -> None:
    """A session that first says nothing of its source has the one that it says before the step is reached."""
    done = ("0d ad", "0d home/google", "1d pricing/bing")
    assert left(drop("trial.pricing", segment="source=google"), *done) == list(done[:2])
    assert left(drop("trial.pricing", segment="source=google"), "0d ad", "0d pricing/google") == ["0d ad"]
    assert left(drop("trial.pricing", segment="source=google"), done[0], done[2]) == [done[0], done[2]]
    paused = ("0d ad", "0.1d home/google", "0.1d pricing/google")  # of that client's session id, but another
    assert left(drop("trial.pricing", segment="source=google"), *paused) == list(paused)


def test_each_attempt_has_chances_of_its_own() -> None:
    """Each is struck or not by chance, for good; about as many as the share says, within 4 sigma."""
    struck = 0
    rounds = [
        f"{20 * n + day}d {act}"
        for n in range(300)
        for day, act in ((0, "ad"), (1, "pricing"), (2, "download"), (2, "download"))
    ]
    losses = Losses([drop("trial.download", share=0.3)], SITE, 0, SHOP)
    sent = played(losses, *rounds)
    for n in range(300):
        downloads = sent.count(f"{20 * n + 2}d download")
        assert downloads in (0, 2), "another try of who is struck fails"
        struck += not downloads
    assert losses.rules[0].struck == struck
    assert abs(struck - 90) <= 4 * (300 * 0.3 * 0.7) ** 0.5


def test_an_event_of_both_kinds_is_sent_only_if_neither_stops_it() -> None:
    """A step of a session that is dropped is none of the attempt either, and the other way round."""
    done = ("0d ad", "0d home", "0d pricing", "1d download")
    assert left(drop("look.pricing"), *done) == ["0d ad", "0d home", "1d download"]
    assert left([drop("look.pricing"), drop("trial.download")], *done) == [
        "0d ad",
        "0d home",
        "1d download",
    ], "without the prices the download is no conversion"
    assert left(drop("trial.pricing"), *done) == ["0d ad", "0d home"]
    both = Losses([drop("trial.pricing"), drop("look.pricing")], SITE, 0, SHOP)
    assert played(both, *done) == ["0d ad", "0d home"]
    assert [(rule.struck, rule.whom) for rule in both.rules] == [(1, "attempts"), (1, "sessions")]


def test_who_cannot_send_a_form_does_not_see_what_is_behind_it() -> None:
    """In that visit the rest of the way goes too, as with sessions; in later ones the steps of the funnel."""
    form = replace(TRIAL, steps=(TRIAL.steps[0], Step("start", "form_start"), Step("lead", "lead")))
    losses = Losses([drop("trial.start")], Definition((form,)), 0, VENDOR)
    done = ("0d ad", "0d form_start", "0d form_submit", "0d file_download", "1d file_download", "1d lead")
    assert played(losses, *done) == ["0d ad", "1d file_download"]


def test_what_is_complete_or_over_is_forgotten() -> None:
    """Of visitors whose attempts have reached the last step, or had their time, nothing is kept."""
    losses = Losses([drop("trial.demo", 5), drop("trial.ad", 6)], SITE, 0, SHOP)
    assert losses._attempts is not None
    for visitor, done in {
        "done": DONE,
        "open": DONE[:3],
        "struck": (*DONE[:3], "6d demo"),
        "never": ("7d ad",),
    }.items():
        played(losses, *done, visitor=visitor)
        losses._attempts._timers.set(0, visitor)  # going off too early does no harm
    known = losses._attempts._known
    played(losses, "7.1d home", visitor="other")
    assert set(known) == {"open", "struck", "never"}
    played(losses, "10.1d home", visitor="other")
    assert set(known) == {"never"}
    played(losses, "17.1d home", visitor="other")
    assert not known


@pytest.mark.parametrize("rest", [5, 11])
def test_of_one_visitor_only_open_attempts_are_kept(rest: int) -> None:
    """Who begins anew again and again is not remembered for more than others, convert or not."""
    losses = Losses([drop("trial.demo", 1_000)], TWO, 0, SHOP)
    tries = [("ad", "pricing"), ("ad", "pricing", "download", "demo")] * 20
    acts = [f"{rest * n}d {act}" for n, tried in enumerate([*tries, ("ad",)]) for act in tried]
    assert played(losses, *acts) == acts
    assert losses._attempts is not None
    attempts = losses._attempts._known["v"].journey.attempts
    assert sorted(attempt.funnel for attempt in attempts) == [0, 1]
