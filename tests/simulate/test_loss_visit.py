"""One visit, step by step, of which conversions are dropped."""

from stream.configuration import load
from stream.core.definition import Definition
from stream.simulate.drop import drop_of
from stream.simulate.event import SiteEvent
from stream.simulate.loss import Losses
from stream.simulate.site import Site
from stream.simulate.sites import AGENCY, MAGAZINE
from stream.simulate.sites import SHOP as SHOP_SITE
from stream.simulate.visit import MINUTE, Visit, Visitor

START = 1_772_452_800_000  # 2026-03-02T12:00Z
SHOP = load(preset="ecommerce", environ={}).definition()
PAGES = {"begin_checkout": "/checkout", "purchase": "/checkout", "page_view": "/contact/thanks"}
VISIT = Visit(
    Visitor("v", "", SHOP_SITE.devices.rows[0], "", SHOP_SITE.countries.rows[0], "control", None),
    "s",
    START,
    SHOP_SITE.first.channels.rows[0],
    returning=False,
)


def left(
    drop: str, *done: tuple[int, str], definition: Definition = SHOP, site: Site = SHOP_SITE
) -> list[str]:
    """Return what is sent of one visit's events: each with the minute and the name."""
    losses = Losses([drop_of(drop, definition, START, site)], definition, seed=0, site=site)
    found = []
    for number, (minute, name) in enumerate(done):
        at = START + minute * MINUTE
        page = PAGES.get(name, "/p/x")
        event = SiteEvent(str(number), name, at, "v", session_id="s", page=page, device="mobile")
        if not losses.takes(at, event, VISIT, number == len(done) - 1):
            found.append(f"{minute} {name}")
    assert not losses._visits  # what has ended is forgotten
    return found


def test_who_has_converted_before_is_not_struck() -> None:
    """Who has a cart may fill it again while others cannot begin one: that is no conversion."""
    assert left(
        "checkout.add_to_cart:1:10m",
        (1, "view_item"),
        (5, "add_to_cart"),
        (12, "add_to_cart"),
        (15, "purchase"),
    ) == ["1 view_item", "5 add_to_cart", "12 add_to_cart", "15 purchase"]


def test_who_tries_again_later_converts() -> None:
    """What follows a lost step is lost until the step is made after all."""
    assert left(
        "checkout.add_to_cart:1:0:10m",
        *((1, "view_item"), (5, "add_to_cart"), (6, "begin_checkout"), (7, "view_item")),
        *((11, "begin_checkout"), (12, "add_to_cart"), (13, "begin_checkout"), (14, "purchase")),
    ) == ["1 view_item", "7 view_item", "12 add_to_cart", "13 begin_checkout", "14 purchase"]


def test_what_makes_no_conversion_is_sent() -> None:
    """A step without the steps before it makes no conversion, so it is not for the drop to take."""
    assert left("checkout.add_to_cart:1:0", (1, "add_to_cart"), (2, "share")) == ["1 add_to_cart", "2 share"]
    assert left("checkout.add_to_cart:1:0", (1, "view_item"), (32, "add_to_cart")) == [
        "1 view_item",
        "32 add_to_cart",
    ]


def test_a_new_session_of_a_visit_begins_afresh() -> None:
    """After a gap longer than the configured timeout it is another session: who was stuck no longer is."""
    assert left(
        "checkout.add_to_cart:1:0:10m",
        *((1, "view_item"), (5, "add_to_cart"), (40, "begin_checkout"), (41, "view_item")),
    ) == ["1 view_item", "40 begin_checkout", "41 view_item"]


def test_who_goes_on_trying_stays_stuck() -> None:
    """However long ago the last event is that was sent: as long as the visit goes on and the step fails."""
    tries = [(minute, "add_to_cart") for minute in (20, 45, 70)]
    done = ((1, "view_item"), *tries, (80, "begin_checkout"))
    assert left("checkout.add_to_cart:1:0", *done) == ["1 view_item"]
    assert left("checkout.add_to_cart:1:0:1h", *done) == [
        "1 view_item",
        "70 add_to_cart",
        "80 begin_checkout",
    ]


def test_who_cannot_send_the_form_is_not_thanked() -> None:
    """On the agency's site the page behind the form and the calendar on it go with the form."""
    leads = load(preset="leads", environ={}).definition()
    done = (
        (1, "form_start"),
        (3, "form_submit"),
        (4, "page_view"),
        (5, "schedule_call"),
        (6, "file_download"),
    )
    assert left("lead.form_submit:1:0", *done, definition=leads, site=AGENCY) == [
        "1 form_start",
        "6 file_download",
    ]


def test_nobody_sees_the_end_of_a_video_that_did_not_start() -> None:
    """In the magazine an end goes with its beginning, but a beginning not with its end."""
    content = load(preset="content", environ={}).definition()
    done = ((1, "video_start"), (4, "video_complete"), (5, "video_start"), (6, "share"))
    assert left("micro.video_start:1:0", *done, definition=content, site=MAGAZINE) == ["6 share"]
    assert left("micro.video_complete:1:0", *done, definition=content, site=MAGAZINE) == [
        "1 video_start",
        "5 video_start",
        "6 share",
    ]
