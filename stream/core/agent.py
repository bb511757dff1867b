"""What a user agent says of who browses: a program, or a person with some kind of device.

Programs are those of the list crawler-user-agents; systems and makes are told by ua-parser. To look takes a
quarter of a millisecond, too long for every event: what was found is remembered.
"""

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ua_parser import Result

REMEMBERED: Final = 20_000
"""How many user agents are remembered: it only saves work. They are at most 1,000 characters long."""

DEVICES: Final = ("mobile", "tablet", "desktop", "tv")
"""Classes of devices that a user agent can tell."""

_TV: Final = re.compile(
    r"(?i:smart-?tv|\btv\b|hbbtv|netcast|web0s|appletv|googletv|crkey|\broku\b|\bbravia\b)|\bAFT[A-Z]+\b"
)
_TABLET: Final = re.compile(r"(?i:ipad|tablet|kindle|\bpad\b)")
_MOBILE: Final = re.compile(r"(?i:mobi|iphone|ipod|phone)")
_TV_SYSTEMS: Final = frozenset(("ATV OS X", "tvOS", "Roku", "Web0S", "Chromecast", "Chromecast Linux"))
_MOBILE_SYSTEMS: Final = frozenset(
    (
        *("iOS", "Windows Phone", "BlackBerry OS", "Firefox OS", "KaiOS", "Symbian OS", "Series 40", "Bada"),
        "Tizen",
    )
)
_DESKTOP_SYSTEMS: Final = frozenset(
    (
        *("Windows", "Mac OS X", "Mac OS", "Chrome OS", "Linux", "Ubuntu", "Fedora", "Debian", "Red Hat"),
        *("SUSE", "Arch Linux", "Gentoo", "Linux Mint", "Mageia", "CentOS", "Kubuntu", "FreeBSD", "OpenBSD"),
        *("NetBSD", "Solaris"),
    )
)


@lru_cache(maxsize=REMEMBERED)
def is_bot(user_agent: str) -> bool:
    """Whether it names a known crawler or another program that nobody looks at."""
    from crawleruseragents import is_crawler  # here: its list is read when it is imported

    return bool(is_crawler(user_agent))


@lru_cache(maxsize=REMEMBERED)
def device_of(user_agent: str) -> str:
    """Return the class of the device, one of :data:`DEVICES`; empty where nothing is known of it."""
    from ua_parser import parse  # here: many need it never, and its first use takes a fifth of a second

    said = parse(user_agent)
    system = "" if said.os is None else said.os.family
    make = _make(said)
    if _TV.search(user_agent) or system in _TV_SYSTEMS:
        return "tv"
    # Android says "Mobile" on phones; some makers say it on tablets, too, of which the make is known.
    if _TABLET.search(make) or "Tablet" in user_agent:
        return "tablet"
    if system == "Android":
        return "mobile" if _MOBILE.search(user_agent) else "tablet"
    if system in _MOBILE_SYSTEMS or _MOBILE.search(make):
        return "mobile"
    return "desktop" if system in _DESKTOP_SYSTEMS else ""


def _make(said: "Result") -> str:
    device = said.device
    return "" if device is None else f"{device.family} {device.brand} {device.model}"
