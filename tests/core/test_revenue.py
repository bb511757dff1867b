"""Revenue beside the law: amounts that no integer of 64 bits holds, what counters see, what is kept of it."""

import msgspec
import pytest

from stream.agents.rates import RatesState
from stream.agents.sessions import SessionsState
from stream.core.currency import currency_name, currency_number
from stream.core.definition import Definition, Dimension, Funnel, Step, Times
from stream.core.rates import Rates
from stream.core.revenue import account_of, add_to, amount_in, decimal, money_of, share
from stream.core.visitor import Group
from tests.core.story import Story, at_ms
from tests.laws.counting import counted_revenue
from tests.laws.pipeline import TOPICS
from tests.oracle import Read

MINUTE = 60_000
SHOP = Definition(
    funnels=(Funnel("f", (Step("see", "see"), Step("order", "order", macro=True))),),
    dimensions=(Dimension("device", "device", ("mobile", "desktop")),),
    times=Times(timeout=5 * MINUTE, max_length=8 * MINUTE, allowed_lateness=30 * MINUTE),
)
ACROSS = Definition(
    funnels=(
        Funnel(
            "f",
            (Step("see", "see"), Step("order", "order", macro=True), Step("thank", "thank")),
            60 * MINUTE,
            scope="visitor",
        ),
    ),
    dimensions=SHOP.dimensions,
    times=Times(timeout=5 * MINUTE, allowed_lateness=180 * MINUTE),
)
EUROS = {"currency": "EUR"}


def counted(story: Story, segment: str = "all") -> str:
    """Return what the counter of euros is in a segment."""
    return decimal(counted_revenue(core(story)).get(("f.order", segment, "EUR"), 0))


def core(story: Story) -> Rates:
    """Return the rates."""
    state = story.pipeline.rates.state
    assert isinstance(state, RatesState)
    return state.core


@pytest.mark.says("Of each session, that of revenue counts the most that it ever had.")
def test_a_refund_takes_nothing_from_the_counter() -> None:
    """What is taken off stays counted; what comes then counts as far as there never was so much."""
    story = Story(SHOP)
    story.at("13:00", "see")
    story.at("13:01", "order", value=10, **EUROS)
    story.at("13:02", "order", value=-4, **EUROS)
    assert counted(story) == "10.00"
    story.at("13:03", "order", value=3, **EUROS)
    assert counted(story) == "10.00", "9 of 10"
    story.at("13:04", "order", value=3, **EUROS)
    assert counted(story) == "12.00"
    story.quiet("1h")
    assert (story.row("f.order", "13:01") or {})["revenue"] == {"EUR": "12.00"}


@pytest.mark.says("survive crashes (they are state, not process memory)")
def test_the_counter_survives() -> None:
    """Whoever takes over the sessions or the rates goes on where they were, and counts nothing twice."""
    story = Story(SHOP)
    story.at("13:00", "see")
    story.at("13:01", "order", value=10, **EUROS)
    story.crash()
    story.pipeline.rates.crash()
    assert counted(story) == "10.00"
    story.at("13:00:30", "see")  # all is computed again
    story.at("13:02", "order", value=2.5, **EUROS)
    assert counted(story) == "12.50"


def test_sessions_that_are_joined_and_cut_stay_counted() -> None:
    """An order that a late event moves to another session is counted once, wherever it ends up."""
    story = Story(SHOP)
    story.at("13:00", "see")
    story.at("13:01", "order", value=10, **EUROS)
    story.at("13:07", "see")
    story.at("13:08", "order", value=5, **EUROS)
    assert counted(story) == "15.00"
    story.at("13:04", "p")  # one session of eight minutes
    assert counted(story) == "15.00"
    story.at("13:07:30", "see")
    story.at("12:59", "p")  # now max_length cuts before this, and the second order is another session's
    story.quiet("1h")
    assert counted(story) == "15.00"
    assert (story.row("f.order", "13:00", "1h") or {})["revenue"] == {"EUR": "15.00"}


def test_a_segment_sees_what_was_seen_under_other_labels() -> None:
    """A session that turns out to be mobile has its revenue counted there, and not again in the whole."""
    story = Story(SHOP)
    story.at("13:01", "see", device="desktop")
    story.at("13:02", "order", value=10, **EUROS)
    story.at("13:00", "p", device="mobile")
    story.at("13:03", "order", value=5, **EUROS)
    assert counted(story, "device=mobile") == "15.00"
    assert counted(story, "device=desktop") == "10.00", "counters never fall"
    assert counted(story) == "15.00"


def test_attempts_that_are_joined_are_counted_where_they_are_now() -> None:
    """A late first step joins two attempts: what the second brought counts under the labels of the first."""
    story = Story(ACROSS)
    story.at("13:00", "see", device="mobile")
    story.at("14:30", "see", device="desktop")
    story.at("14:40", "order", device="desktop", value=10, **EUROS)
    assert (counted(story), counted(story, "device=desktop")) == ("10.00", "10.00")
    story.at("13:50", "see")
    assert (counted(story), counted(story, "device=mobile")) == ("10.00", "10.00")
    story.at("14:45", "order", value=2, **EUROS)
    story.quiet("2m")
    assert (counted(story), counted(story, "device=mobile")) == ("12.00", "12.00")
    assert (story.row("f.order", "14:40", segment="device=mobile") or {})["revenue"] == {"EUR": "12.00"}
    assert story.row("f.order", "14:40", segment="device=desktop") is None, "it was moved before it closed"


def test_an_attempt_that_is_split_leaves_what_it_was_seen_to_bring() -> None:
    """A late last step leaves an order to a second attempt, which takes over what counters saw of it."""
    story = Story(ACROSS)
    story.at("13:00", "see")
    story.at("13:10", "order", value=10, **EUROS)
    story.at("13:30", "see")
    story.at("13:40", "order", value=5, **EUROS)
    assert (story.row("f.order", "13:10") or {})["revenue"] == {"EUR": "15.00"}
    story.quiet("2m")
    story.at("13:20", "thank")
    story.quiet("2m")
    assert (story.row("f.order", "13:10") or {})["revenue"] == {"EUR": "10.00"}
    assert (story.row("f.order", "13:40") or {})["revenue"] == {"EUR": "5.00"}
    assert counted(story) == "15.00"


def test_a_label_that_is_told_later_brings_its_segment_what_was_seen() -> None:
    """A session that says its device after its order has the order counted there, too."""
    story = Story(SHOP)
    story.at("13:00", "see")
    story.at("13:01", "order", value=10, **EUROS)
    story.at("13:02", "p", device="mobile")
    assert (counted(story, "device=mobile"), counted(story)) == ("10.00", "10.00")


def test_what_an_attempt_lost_is_not_counted_again() -> None:
    """An order that a late last step leaves to nobody stays counted; another of that worth adds nothing."""
    story = Story(ACROSS)
    story.at("13:00", "see")
    story.at("13:10", "order", value=10, **EUROS)
    story.at("13:40", "order", value=5, **EUROS)
    story.at("13:20", "thank")
    assert counted(story) == "15.00"
    story.at("13:15", "order", value=5, **EUROS)
    assert counted(story) == "15.00"


def test_sums_beyond_64_bits_are_exact() -> None:
    """A session of thirty prices of a million millions, read back and computed again, is what it is."""
    story = Story(SHOP)
    story.at("13:00", "see")
    for number in range(30):
        story.at(f"13:01:{number:02}", "order", value=10**12, currency="IRR")
    story.crash()
    story.pipeline.rates.crash()
    story.at("13:01:00.500", "order", value=0.000001, currency="IRR")
    story.quiet("1h")
    assert (story.row("f.order", "13:00", "1h") or {})["revenue"] == {"IRR": "30000000000000.000001"}
    assert counted_revenue(core(story))["f.order", "all", "IRR"] == 30 * 10**18 + 1


def test_amounts_are_kept_in_integers_of_64_bits() -> None:
    """Of any sum, also below 0, the two places add up to it; with its negative nothing is left."""
    account = account_of(3, currency_number("EUR"))
    for amount in (1, -1, 2**32 - 1, 2**32, -(2**32), 2**90 + 5, -(2**90) - 5):
        amounts: dict[int, int] = {}
        add_to(amounts, account, amount)
        assert amount_in(msgspec.msgpack.decode(msgspec.msgpack.encode(amounts)), account) == amount
        add_to(amounts, account, -amount)
        assert amounts == {}


def test_only_the_money_of_macro_steps_is_kept() -> None:
    """Of what other events are worth nothing is in the log, and of a log that was folded nothing is left."""
    story = Story(SHOP)
    story.at("13:00", "see", value=99, **EUROS)
    assert group(story).paid is None
    story.at("13:01", "order", value=10, **EUROS)
    assert [paid[0] for paid in group(story).paid or []] == [at_ms("13:01")]
    story.at("13:04", "p", visitor_id="other")
    story.at("13:50", "p", visitor_id="other")
    story.quiet("2m")
    story.at("13:02", "order", value=1, **EUROS)  # late: nothing is kept of it
    assert (story.row("f.order", "13:01") or {})["revenue"] == {"EUR": "10.00"}


def test_an_event_that_came_again_too_late_to_be_known_pays_once() -> None:
    """By a topic that was behind, with a value this time: both count, but only one of them has money."""
    for value, total in (({}, "10.00"), ({"value": 10, **EUROS}, "20.00")):
        story = Story(SHOP)
        owned, order = story.pipeline.sessions[0], {"name": "order", "event_id": "x"}
        told: list[tuple[str, str, dict[str, object]]] = [
            (TOPICS[0], "13:00", {"name": "see"}),
            (TOPICS[0], "13:01", order | value),
            (TOPICS[0], "13:40", {"name": "p"}),
            (TOPICS[1], "13:01", order | {"value": 10, **EUROS}),
        ]
        for topic, clock, said in told:  # one flush has them all, so that none is folded
            offset, time = owned.position.get(topic, 0), at_ms(clock)
            event = msgspec.json.encode({"time": time, "visitor_id": "v"} | said)
            owned.apply(topic, 0, offset, [Read(topic, 0, offset, time, event)])
        story.quiet("60m")
        assert story.pipeline.outcomes(0) == {"counted": 4}
        assert (story.row("f.order", "13:01") or {})["revenue"] == {"EUR": total}


def test_every_currency_has_a_number_of_its_own() -> None:
    """A number is its code in letters, whatever else is in the list; what is no code is as none."""
    for code in ("EUR", "eur", "USD", "XXX"):
        assert currency_name(currency_number(code)) == code.upper()
    for strange in (None, "", "ZZZ", "EURO", "€", "\u0131nr", " EUR"):
        assert currency_name(currency_number(strange)) == "XXX"
    assert currency_number("AED") == 107, "rows are kept by it"


def test_what_a_value_is_worth() -> None:
    """Numbers as people write them, exactly; half a millionth goes to the even one."""
    eur = currency_number("EUR")
    for value, millionths in (
        (12.5, 12_500_000),
        (0.1, 100_000),
        (3, 3_000_000),
        (-0.0000015, -2),
        (1e12, 10**18),
    ):
        assert money_of(value, "EUR") == (eur, millionths)
    for value in (None, 0, 0.0, 0.0000005, 10**12 + 1, -1e13, 10**299):
        assert money_of(value, "EUR") == ()
    assert [share(total, 2) for total in (1, 3, 5, -1, -3)] == [0, 2, 2, 0, -2]


def group(story: Story) -> Group:
    """Return the sessions of the visitor v."""
    state = story.pipeline.sessions[0].state
    assert isinstance(state, SessionsState)
    visitor = state.core.visitors.look("v")
    assert visitor is not None
    return visitor.groups[0]
