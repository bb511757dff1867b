"""What ``--drop`` says, and how it says what is wrong with it."""

import pytest

from stream.configuration import load
from stream.core.definition import Definition, Dimension, Funnel, Step
from stream.simulate.arguments import UsageError
from stream.simulate.drop import Drop, drop_of

START = 1_772_452_800_000  # 2026-03-02T12:00Z
MINUTE = 60_000
SHOP = load(preset="ecommerce", environ={}).definition()
CROSSED = Definition(
    funnels=(Funnel("f", (Step("a", "view_item"), Step("b", "demo_request"))),),
    dimensions=(
        Dimension("device", "device", ("mobile",)),
        Dimension("source", "source"),
        Dimension("plan", "props.plan"),
        Dimension("device_source", cross=("device", "source")),
    ),
)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "checkout.add_to_cart@device=mobile:0.5:30m:15m",
            Drop(
                measure="checkout.add_to_cart",
                segment="device=mobile",
                share=0.5,
                from_ms=START + 30 * MINUTE,
                until_ms=START + 45 * MINUTE,
            ),
        ),
        ("micro.search:30%:0", Drop(measure="micro.search", share=0.3, from_ms=START)),
        ("micro.search@all:1:1h30m", Drop(measure="micro.search", share=1.0, from_ms=START + 90 * MINUTE)),
        (
            "micro.search:100%:2026-03-02T12:01:30Z:30s",
            Drop(measure="micro.search", share=1.0, from_ms=START + 90_000, until_ms=START + 120_000),
        ),
        (
            "micro.search:0.1:2026-03-02T13:02+01:00:1m",
            Drop(measure="micro.search", share=0.1, from_ms=START + 2 * MINUTE, until_ms=START + 3 * MINUTE),
        ),
        (
            "micro.search:0.1:2026-03-03",
            Drop(measure="micro.search", share=0.1, from_ms=START + 720 * MINUTE),
        ),
        (
            "micro.search@campaign=spring%5Fsale:0.1:0s",
            Drop(measure="micro.search", segment="campaign=spring_sale", share=0.1, from_ms=START),
        ),
    ],
)
def test_a_drop_is_read(text: str, wanted: Drop) -> None:
    """Measure, segment, share, beginning (after the start, or a moment) and length, as people write them."""
    assert drop_of(text, SHOP, START) == wanted


def test_any_configured_segment_can_be_named() -> None:
    """Crosses take a value of each part, and what only the site can know is taken as it is said."""
    assert drop_of("f.a@device_source=tablet/bing:1:0", CROSSED, START).segment == "device_source=tablet/bing"
    assert drop_of("f.a@plan=a%3Ab%25:1:0", CROSSED, START).segment == "plan=a:b%"


@pytest.mark.parametrize(
    ("text", "found", "wanted"),
    [
        ("", "''", "MEASURE[@SEGMENT]:FRACTION:AT[:FOR]"),
        ("checkout.add_to_cart", "'checkout.add_to_cart'", "MEASURE[@SEGMENT]:FRACTION:AT[:FOR]"),
        ("micro.search:0.5", "'micro.search:0.5'", "such as checkout.add_to_cart@device=mobile"),
        ("micro.search:0.5:1m:1m:1m", "'micro.search:0.5:1m:1m:1m'", "MEASURE[@SEGMENT]"),
        ("checkout.cart:0.5:1m", "'checkout.cart'", "checkout.add_to_cart"),
        ("session.engaged:0.5:1m", "'session.engaged'", "micro.newsletter"),
        ("micro.search@colour=red:0.5:1m", "'colour=red'", "dimensions: one of device, source"),
        ("micro.search@device:0.5:1m", "'device'", "DIMENSION=VALUE"),
        ("micro.search@device=:0.5:1m", "'device='", "DIMENSION=VALUE"),
        ("micro.search@:0.5:1m", "'@'", "DIMENSION=VALUE"),
        ("micro.search@device=mobil:0.5:1m", "'mobil'", "mobile, desktop, tablet"),
        ("micro.search@user_type=old:0.5:1m", "'old'", "new, returning"),
        ("micro.search:0:1m", "'0'", "more than 0, at most 1"),
        ("micro.search:1.5:1m", "'1.5'", "more than 0, at most 1"),
        ("micro.search:nan:1m", "'nan'", "more than 0, at most 1"),
        ("micro.search:half:1m", "'half'", "0.5 or 50%"),
        ("micro.search:0.5:soon", "'soon'", "30m"),
        ("micro.search:0.5:30", "'30'", "2026-03-02T12:30"),
        ("micro.search:0.5:2026-02-30", "'2026-02-30'", "ISO 8601"),
        ("micro.search:0.5:30m:0s", "'0s'", "longer than 0"),
        ("micro.search:0.5:30m:", "'micro.search:0.5:30m:'", "FOR"),
        ("micro.search:0.5:30m:a while", "'a while'", "15m"),
    ],
)
def test_a_wrong_drop_is_told(text: str, found: str, wanted: str) -> None:
    """The sentence names the option, what was found in which text, and what is wanted instead."""
    with pytest.raises(UsageError) as told:
        drop_of(text, SHOP, START)
    said = str(told.value)
    assert said.startswith(f"--drop: found {found}")
    assert repr(text) in said
    assert wanted in said.partition("wanted: ")[2]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("f.b:1:0", "add_payment_info, add_shipping_info, add_to_cart"),  # no such event is ever sent here
        ("f.a@device_source=tablet:1:0", "one of each of device, source"),
        ("f.a@device_source=tablet/altavista:1:0", "google"),
    ],
)
def test_what_would_strike_nobody_is_told(text: str, wanted: str) -> None:
    """What the simulated shop never sends cannot be dropped; the sentence says what it sends."""
    with pytest.raises(UsageError, match=wanted):
        drop_of(text, CROSSED, START)


def test_a_step_across_sessions_can_be_dropped() -> None:
    """Any step of a funnel that runs across sessions is a measure as others are, the first one, too."""
    trial = Funnel("trial", (Step("a", "view_item"), Step("b", "purchase")), scope="visitor")
    site = Definition(funnels=(*CROSSED.funnels, trial))
    assert drop_of("trial.a:1:0", site, START).measure == "trial.a"
    assert drop_of("trial.b:0.5:30m", site, START).measure == "trial.b"


def test_without_dimensions_there_is_the_whole() -> None:
    """Where a configuration has no dimensions the sentence says so."""
    bare = Definition(funnels=CROSSED.funnels)
    with pytest.raises(UsageError, match="dimensions: there are none"):
        drop_of("f.a@device=mobile:1:0", bare, START)
