"""What kind of site a visit comes from, by the name that a link gives it or by the host of the referrer."""

import re
from functools import lru_cache
from typing import Final, Literal

from stream.core.referrers import ASSISTANTS, SEARCH_ENGINES, SOCIALS

Kind = Literal["assistant", "shopping", "video", "social", "search", ""]
"""Kinds of sites that GA4 tells apart; empty: any other."""

REMEMBERED: Final = 4_096
"""How many sources are remembered: it only saves work."""

# What matomo's lists do not have: shops, sites of videos (some are social networks to it), and the short
# names by which links call a site. Where GA4 has a site as of another kind than matomo, this stands.
_SHOPS: Final = """
alibaba.com aliexpress.com allegro.pl amazon.com amazon.{} bol.com ebay.com ebay.{} etsy.com flipkart.com
idealo.{} mercadolibre.com mercadolibre.{} mercadolivre.com.br otto.de ozon.ru rakuten.co.jp rakuten.com
shop.app shopee.{} shopping.google.com shopping.yahoo.com taobao.com temu.com tmall.com walmart.com
wildberries.ru zalando.{}
"""
_VIDEOS: Final = """
bilibili.com dailymotion.com iqiyi.com netflix.com nicovideo.jp rumble.com rutube.ru twitch.tv vimeo.com
youku.com youtu.be youtube.com
"""
_NAMES: Final[dict[Kind, str]] = {
    "assistant": "chatgpt claude copilot deepseek gemini grok lechat perplexity",
    "shopping": "alibaba aliexpress amazon ebay etsy idealo rakuten shopify shopping temu walmart zalando",
    "video": "bilibili dailymotion netflix twitch vimeo yt youtube",
    "social": """bluesky discord facebook fb flickr ig instagram linkedin mastodon messenger meta pinterest
        quora reddit snapchat telegram threads tiktok tumblr twitter vk vkontakte wechat weibo whatsapp
        x xing""",
    "search": """aol ask baidu bing brave daum duckduckgo ecosia google kagi mojeek naver qwant seznam sogou
        startpage swisscows yahoo yandex""",
}

_COUNTRY_END: Final = re.compile(r"(?:\.(?:com?|org|net|it|edu))?\.[a-z]{2}$")
_COUNTRY_INSIDE: Final = re.compile(r"(?:^|(?<=\.))[a-z]{2}(?=\.)")
_PLAIN_PREFIX: Final = re.compile(r"^(?:w{2,3}\d*|m|amp)\.")
_HOST: Final = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?//([^/?#\\]*)", re.IGNORECASE)


def host_of(url: str) -> str:
    """Return the host of a URL, in lower case and without ``www.`` and port; empty where it names none."""
    found = _HOST.match(url)
    if found is None:
        return ""
    host = found[1].rpartition("@")[2].partition(":")[0]
    return host.strip(". ").lower().removeprefix("www.")


def is_same_site(one: str, other: str) -> bool:
    """Whether two hosts are one site: they are equal, or one is below the other."""
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")


@lru_cache(maxsize=REMEMBERED)
def kind_of(source: str) -> Kind:
    """Return the kind of a source: a name (``google``) or a host (``l.instagram.com``), in lower case.

    Search engines are hosts just as they are listed (but for the country): other parts of such a site
    (``mail.google.com``) do not search. Of all others every part counts.
    """
    named = _names().get(source)
    if named is not None or "." not in source:
        return named or ""
    sites = _sites()
    part = source
    while "." in part:
        for form in _forms(part):
            if form in sites and (part == source or sites[form] != "search"):
                return sites[form]
        part = part.partition(".")[2]
    plain = _PLAIN_PREFIX.sub("", source)
    return next((sites[form] for form in _forms(plain) if form in sites), "")


def _forms(host: str) -> tuple[str, ...]:
    """Return a host, and it with ``{}`` for a country, as lists may have it."""
    return host, _COUNTRY_END.sub(".{}", host), _COUNTRY_INSIDE.sub("{}", host)


@lru_cache(maxsize=1)
def _sites() -> dict[str, Kind]:
    """Return the kinds of hosts; where several lists have one, the later of these decides."""
    lists: tuple[tuple[Kind, str], ...] = (
        ("search", SEARCH_ENGINES),
        ("social", SOCIALS),
        ("video", _VIDEOS),
        ("shopping", _SHOPS),
        ("assistant", ASSISTANTS),
    )
    return {host: kind for kind, hosts in lists for host in hosts.split()}


@lru_cache(maxsize=1)
def _names() -> dict[str, Kind]:
    return {name: kind for kind, names in _NAMES.items() for name in names.split()}
