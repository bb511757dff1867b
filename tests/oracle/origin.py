"""What an event does not say itself: who browses, with what, and by which channel; read literally.

Channels are GA4's table (https://support.google.com/analytics/answer/9756891), in its own words and order,
with AI Assistant before all that is not paid. Which site is of which kind is known of those that tests send.
"""

import re
from collections.abc import Mapping
from functools import cache

from crawleruseragents import CRAWLER_USER_AGENTS_DATA

_PAID = r"(.*cp.*|ppc|retargeting|paid.*)"
_SHOP = r"(.*(([^a-df-z]|^)shop|shopping).*)"
_MAIL = r"email|e-mail|e_mail|e mail"
_TABLE: tuple[tuple[str, tuple[Mapping[str, str], ...]], ...] = (
    ("Direct", ({"source": r"\(?direct\)?", "medium": r"|\(not set\)|\(none\)"},)),
    ("Cross-network", ({"campaign": r".*cross-network.*"},)),
    ("Paid Shopping", ({"kind": "shopping", "medium": _PAID}, {"campaign": _SHOP, "medium": _PAID})),
    ("Paid Search", ({"kind": "search", "medium": _PAID},)),
    ("Paid Social", ({"kind": "social", "medium": _PAID},)),
    ("Paid Video", ({"kind": "video", "medium": _PAID},)),
    ("Display", ({"medium": r"display|banner|expandable|interstitial|cpm"},)),
    ("Paid Other", ({"medium": _PAID},)),
    ("AI Assistant", ({"kind": "assistant"}, {"medium": "ai-assistant"})),
    ("Organic Shopping", ({"kind": "shopping"}, {"campaign": _SHOP})),
    (
        "Organic Social",
        (
            {"kind": "social"},
            {"medium": r"social|social-network|social-media|sm|social network|social media"},
        ),
    ),
    ("Organic Video", ({"kind": "video"}, {"medium": r".*video.*"})),
    ("Organic Search", ({"kind": "search"}, {"medium": "organic"})),
    ("Referral", ({"medium": r"referral|app|link"},)),
    ("Email", ({"source": _MAIL}, {"medium": _MAIL})),
    ("Affiliates", ({"medium": "affiliate"},)),
    ("Audio", ({"medium": "audio"},)),
    ("SMS", ({"source": "sms"}, {"medium": "sms"})),
    (
        "Mobile Push Notifications",
        ({"medium": r".*push"}, {"medium": r".*(mobile|notification).*"}, {"source": "firebase"}),
    ),
    ("Unassigned", ({},)),
)
_KINDS = {
    "search": r"google|bing|(www\.)?(google\.com|google\.de|bing\.com)",
    "social": r"facebook|instagram|tiktok|.*\bfacebook\.com|.*\binstagram\.com|www\.tiktok\.com",
    "video": r"youtube|.*\byoutube\.com",
    "shopping": r"amazon|www\.amazon\.de",
    "assistant": r"chatgpt\.com",
}


@cache
def is_program(user_agent: str) -> bool:
    """Say whether a user agent is one of the list of crawlers."""
    return any(re.search(crawler["pattern"], user_agent) for crawler in CRAWLER_USER_AGENTS_DATA)


@cache
def device(user_agent: str) -> str:
    """Return the class of the device that a browser's user agent tells, of those that tests send."""
    if re.search("SMART-TV", user_agent):
        return "tv"
    if re.search("iPad|Android(?!.*Mobile)", user_agent):
        return "tablet"
    if re.search("iPhone|Mobile", user_agent):
        return "mobile"
    return "desktop" if re.search("Windows NT|Macintosh|X11", user_agent) else ""


def channel(fields: Mapping[str, str]) -> str:
    """Return the channel that an event's fields tell; empty where they say nothing of its origin."""
    said = {name: fields.get(name, "") for name in ("source", "medium", "campaign")}
    if not said["source"] and not said["medium"]:
        said |= _referred(_host(fields.get("referrer", "")), _host(fields.get("page", "")))
    if not any(said.values()):
        return ""
    return _named(**said)


@cache
def _named(source: str, medium: str, campaign: str) -> str:
    """Return the first channel of the table whose conditions hold."""
    said = {"source": source, "medium": medium, "campaign": campaign, "kind": _kind(source)}
    return next(name for name, conditions in _TABLE if any(_holds(said, one) for one in conditions))


def _referred(host: str, own: str) -> dict[str, str]:
    kind = _kind(host)
    same = own and (f".{host}".endswith(f".{own}") or f".{own}".endswith(f".{host}"))
    if not host or same or not (own or kind):
        return {}
    medium = {"search": "organic", "assistant": "ai-assistant"}.get(kind, "referral")
    return {"source": host, "medium": medium}


@cache
def _host(url: str) -> str:
    found = re.match(r"(?:https?:)?//(?:www\.)?([^/:?#]+)", url)
    return found[1] if found else ""


@cache
def _kind(source: str) -> str:
    return next((kind for kind, sites in _KINDS.items() if re.fullmatch(sites, source, re.IGNORECASE)), "")


def _holds(said: Mapping[str, str], condition: Mapping[str, str]) -> bool:
    return all(re.fullmatch(wanted, said[what], re.IGNORECASE) for what, wanted in condition.items())
