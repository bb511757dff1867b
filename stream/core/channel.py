"""The channel by which a visit came: GA4's default channel groups, from what one event says of its origin.

The rules are GA4's of November 2026 (https://support.google.com/analytics/answer/9756891), in their order:
the first that holds decides. Letters' case does not matter.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final, NamedTuple

from stream.core.origin import REMEMBERED, Kind, host_of, is_same_site, kind_of

DIRECT: Final = "Direct"
"""The channel of a session of which no event says where it came from."""

UNASSIGNED: Final = "Unassigned"
"""The channel where something is said that fits no rule."""

TEXT_LIMIT: Final = 1_000
"""So many characters of each text are read."""


class Origin(NamedTuple):
    """What is said of an origin, in lower case, and the kind of site that the source is."""

    source: str
    medium: str
    campaign: str
    kind: Kind

    @property
    def is_paid(self) -> bool:
        """Whether somebody pays for it, by the medium."""
        return "cp" in self.medium or self.medium in ("ppc", "retargeting") or self.medium.startswith("paid")

    @property
    def is_shopping(self) -> bool:
        """Whether it is of a shopping site or campaign."""
        return self.kind == "shopping" or _SHOPPING.search(self.campaign) is not None


_SHOPPING: Final = re.compile(r"(?:[^a-df-z]|^)shop|shopping")
_DISPLAY: Final = frozenset(("display", "banner", "expandable", "interstitial", "cpm"))
_SOCIAL: Final = frozenset(
    ("social", "social-network", "social-media", "sm", "social network", "social media")
)
_EMAIL: Final = frozenset(("email", "e-mail", "e_mail", "e mail"))
_NO_MEDIUM: Final = frozenset(("", "(none)", "(not set)"))

RULES: Final[tuple[tuple[str, Callable[[Origin], bool]], ...]] = (
    (DIRECT, lambda o: o.source in ("(direct)", "direct") and o.medium in _NO_MEDIUM),
    ("Cross-network", lambda o: "cross-network" in o.campaign),
    ("Paid Shopping", lambda o: o.is_shopping and o.is_paid),
    ("Paid Search", lambda o: o.kind == "search" and o.is_paid),
    ("Paid Social", lambda o: o.kind == "social" and o.is_paid),
    ("Paid Video", lambda o: o.kind == "video" and o.is_paid),
    ("Display", lambda o: o.medium in _DISPLAY),
    ("Paid Other", lambda o: o.is_paid),
    ("AI Assistant", lambda o: o.kind == "assistant" or o.medium == "ai-assistant"),
    ("Organic Shopping", lambda o: o.is_shopping),
    ("Organic Social", lambda o: o.kind == "social" or o.medium in _SOCIAL),
    ("Organic Video", lambda o: o.kind == "video" or "video" in o.medium),
    ("Organic Search", lambda o: o.kind == "search" or o.medium == "organic"),
    ("Referral", lambda o: o.medium in ("referral", "app", "link")),
    ("Email", lambda o: o.source in _EMAIL or o.medium in _EMAIL),
    ("Affiliates", lambda o: o.medium == "affiliate"),
    ("Audio", lambda o: o.medium == "audio"),
    ("SMS", lambda o: "sms" in (o.source, o.medium)),
    (
        "Mobile Push Notifications",
        lambda o: (
            o.medium.endswith("push")
            or "mobile" in o.medium
            or "notification" in o.medium
            or o.source == "firebase"
        ),
    ),
)
"""Channels in the order in which they are tried, each with its rule."""

CHANNELS: Final = (*(name for name, _ in RULES), UNASSIGNED)
"""All channels that there are."""


def channel_of(
    source: str | None, medium: str | None, campaign: str | None, referrer: str | None, page: str | None
) -> str:
    """Return the channel that an event speaks of; empty where it says nothing of its origin.

    Without source and medium the referrer decides, unless it is the site itself. Whether it is can be told of
    a ``page`` with its host; beside a page that is a path only a referrer of a known kind says something.
    """
    if not source and not medium and referrer:
        source, medium = _referred(host_of(referrer[:TEXT_LIMIT]), page or "")
    if not source and not medium and not campaign:
        return ""
    return _group((source or "")[:TEXT_LIMIT], (medium or "")[:TEXT_LIMIT], (campaign or "")[:TEXT_LIMIT])


def _referred(host: str, page: str) -> tuple[str, str]:
    """Return the source and the medium that GA4 gives to visits from a host; both empty: it says nothing."""
    own = host_of(page[:TEXT_LIMIT])
    if not host or (own and is_same_site(host, own)):
        return "", ""
    kind = kind_of(host)
    if kind == "search":
        return host, "organic"
    if kind == "assistant":
        return host, "ai-assistant"
    return (host, "referral") if kind or own else ("", "")


@lru_cache(maxsize=REMEMBERED)
def _group(source: str, medium: str, campaign: str) -> str:
    source = source.strip().lower()
    origin = Origin(source, medium.strip().lower(), campaign.strip().lower(), kind_of(source))
    return next((name for name, holds in RULES if holds(origin)), UNASSIGNED)
