"""Channels: GA4's default channel groups, each by its rule, and what a referrer tells."""

import pytest

from stream.core.channel import CHANNELS, channel_of
from stream.core.event import Event
from stream.core.origin import host_of, kind_of

RULES = [  # source, medium, campaign: by each part of each rule of GA4's table
    ("(direct)", "(none)", "", "Direct"),
    ("(direct)", "(not set)", "", "Direct"),
    ("direct", "", "", "Direct"),
    ("google", "cpc", "Sales-Cross-Network", "Cross-network"),
    ("amazon", "cpc", "", "Paid Shopping"),
    ("google", "cpc", "shop-brand", "Paid Shopping"),
    ("google", "paid", "eshop", "Paid Shopping"),
    ("google", "cpc", "workshop", "Paid Search"),  # a letter before it
    ("google", "ppc", "", "Paid Search"),
    ("bing.com", "retargeting", "", "Paid Search"),
    ("google", "cpm", "", "Paid Search"),
    ("facebook", "paid_social", "", "Paid Social"),
    ("l.instagram.com", "CPC", "", "Paid Social"),
    ("youtube.com", "paidvideo", "", "Paid Video"),
    *[("anywhere", medium, "", "Display") for medium in ("display", "banner", "expandable", "interstitial")],
    ("anywhere", "cpm", "", "Display"),
    ("anywhere", "cpc", "", "Paid Other"),
    ("chatgpt.com", "cpc", "", "Paid Other"),
    ("chatgpt.com", "ai-assistant", "(ai-assistant)", "AI Assistant"),
    ("chatgpt.com", "", "", "AI Assistant"),
    ("chatgpt.com", "referral", "", "AI Assistant"),
    ("ebay.co.uk", "referral", "", "Organic Shopping"),
    ("anywhere", "link", "summer_shopping", "Organic Shopping"),
    ("tiktok", "", "", "Organic Social"),
    *[("anywhere", medium, "", "Organic Social") for medium in ("social", "social-network", "social-media")],
    *[("anywhere", medium, "", "Organic Social") for medium in ("sm", "social network", "Social Media")],
    ("vimeo.com", "", "", "Organic Video"),
    ("anywhere", "online-video", "", "Organic Video"),
    ("duckduckgo.com", "", "", "Organic Search"),
    ("anywhere", "organic", "", "Organic Search"),
    *[("anywhere", medium, "", "Referral") for medium in ("referral", "app", "link")],
    ("email", "link", "", "Referral"),  # which comes before Email
    *[("anywhere", medium, "", "Email") for medium in ("email", "e-mail", "e_mail", "E mail")],
    ("e-mail", "", "", "Email"),
    ("anywhere", "affiliate", "", "Affiliates"),
    ("anywhere", "audio", "", "Audio"),
    ("sms", "text", "", "SMS"),
    ("anywhere", "sms", "", "SMS"),
    ("anywhere", "webpush", "", "Mobile Push Notifications"),
    ("anywhere", "mobile-app", "", "Mobile Push Notifications"),
    ("anywhere", "notifications", "", "Mobile Push Notifications"),
    ("firebase", "", "", "Mobile Push Notifications"),
    ("poster", "qr", "", "Unassigned"),
    ("", "", "spring", "Unassigned"),
    ("google.evil", "", "", "Unassigned"),
    ("mail.google.com", "", "", "Unassigned"),
]


@pytest.mark.parametrize(("source", "medium", "campaign", "channel"), RULES)
@pytest.mark.says(
    "the first of its rules that holds, in GA4's order and with its names",
    "`AI Assistant`, of which GA4 tells no rule, comes before all that is not paid:"
    " by medium (`ai-assistant`) or source.",
)
def test_each_rule_of_the_table(source: str, medium: str, campaign: str, channel: str) -> None:
    """Source, medium and campaign make the channel by the first rule that holds; nothing else matters."""
    assert channel_of(source, medium, campaign, "", "/") == channel
    assert channel_of(source.upper(), medium.upper(), campaign.upper(), None, None) == channel


def test_every_channel_is_tried() -> None:
    """The table above has all channels that there are, no fewer than a dimension tells apart by default."""
    assert {channel for *_, channel in RULES} == set(CHANNELS)
    assert len(CHANNELS) == 20


@pytest.mark.parametrize(
    ("referrer", "page", "channel"),
    [
        ("https://www.google.com/", "https://shop.example/", "Organic Search"),
        ("https://www.google.co.uk/", "/", "Organic Search"),
        ("http://de.search.yahoo.com:80/x", "/", "Organic Search"),
        ("android-app://com.google.android.googlequicksearchbox/", "/", "Organic Search"),
        ("https://old.reddit.com/r/x", "/", "Organic Social"),
        ("https://t.co/abc", "/", "Organic Social"),
        ("https://gemini.google.com/app", "/", "AI Assistant"),
        ("https://smile.amazon.de/", "/", "Organic Shopping"),
        ("https://m.youtube.com/", "/", "Organic Video"),
        ("https://mail.google.com/", "https://shop.example/", "Referral"),
        ("//Blog.Example?x", "https://shop.example/", "Referral"),
        ("https://shop.example/a", "https://www.shop.example/b", ""),
        ("https://blog.shop.example/", "https://shop.example/", ""),
        ("https://shop.example/", "https://blog.shop.example/", ""),
        ("https://notshop.example/", "https://shop.example/", "Referral"),
        ("https://github.com/login", "https://github.com/", ""),
        ("https://blog.example/", "/p?from=https://shop.example/", ""),
        ("/somewhere", "https://shop.example/", ""),
        ("about:blank", "https://shop.example/", ""),
        ("https://", "https://shop.example/", ""),
        ("", "https://shop.example/", ""),
    ],
)
@pytest.mark.says("and what is below or above it.")
def test_what_a_referrer_tells(referrer: str, page: str, channel: str) -> None:
    """Its host tells the channel; the site's own, or none at all, tells nothing."""
    assert channel_of(None, None, None, referrer, page) == channel


def test_an_event_tells_its_channel() -> None:
    """The channel of an event is that of its fields; one sent under this name is not read."""
    assert Event(source="google", medium="cpc").channel == "Paid Search"
    assert Event(referrer="https://bing.com/", page="/").channel == "Organic Search"
    assert Event().channel == ""


def test_texts_without_end_are_no_danger() -> None:
    """Of a text of any length only so much is read, and nothing in a URL is taken for a host that is none."""
    assert channel_of("x" * 100_000 + "google", "y" * 100_000 + "cpc", "z" * 100_000, "", "") == "Unassigned"
    assert kind_of("." * 1_000) == ""
    assert host_of("https://user:pw@Host.Example.:8080/x?//y") == "host.example"
    assert host_of("https://a.example\\@b.example/") == "a.example"
