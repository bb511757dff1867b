"""What the law is tried on: events of a few visitors, their ways, steps of work.

One choice of Hypothesis decides several things at once: choices are what its examples cost.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Literal, NamedTuple

import msgspec
from hypothesis import strategies as st

from tests.laws.defined import MINUTE, TIMES
from tests.laws.pipeline import TOPICS
from tests.oracle import Read

BEGIN = 1_767_603_600_000  # 2026-01-05 09:00 UTC


@st.composite
def _arrivals(draw: st.DrawFn) -> list[Read]:
    """Draw events in an order of arrival, with duplicates; mostly within the lateness, sometimes beyond."""
    visitors, topics, apart, span, with_ids, mind, more = draw(_SITES)
    sent = [
        _event(number, draw(_TIMES) % span, draw(_SAID), _WORDS[mind], _MORE[more], with_ids)
        for number in range(draw(_MANY))
    ]
    ways: list[tuple[int, int, int, bytes]] = []  # order, topic, arrival, value
    partitions = []
    for event in sent:
        visitor, topic = visitors[event.visitor % len(visitors)], topics[event.topic % len(topics)]
        true = event.time - (apart if topic else 0)
        delay = draw(_DELAYS)
        ways.append((event.time + delay, topic, true + delay, event.value(visitor, true, true + delay)))
        partitions.append(visitor % 2)
    for number in draw(st.lists(st.integers(0, len(sent) - 1), max_size=8)):
        order, topic, arrival, value = ways[number]
        delay = draw(_AGAIN)
        ways.append((order + delay, topic, arrival + delay, value))
        partitions.append(partitions[number])
    offsets: Counter[tuple[int, int]] = Counter()
    reads = []
    for (_, topic, arrival, value), partition in sorted(
        zip(ways, partitions, strict=True), key=lambda pair: pair[0][0]
    ):
        reads.append(Read(TOPICS[topic], partition, offsets[topic, partition], arrival, value))
        offsets[topic, partition] += 1
    return reads


@dataclass(frozen=True)
class _Event:
    """An event as it happened; ``visitor`` and ``topic`` are one of those that the site has."""

    number: int
    time: int
    visitor: int
    topic: int
    said: dict[str, Any]
    clock: str
    id_kind: str

    def value(self, visitor: int, time: int, arrival: int) -> bytes:
        """Return the record, from a client whose clock may be wrong."""
        said = {name: word for name, word in self.said.items() if word}
        event = {"name": "", "time": time, "visitor_id": f"v{visitor}", **said}
        if self.id_kind != "made":
            event["event_id"] = self.id_kind or f"e{self.number * 7 % 10}{self.number}"
        if self.clock == "sent":  # an hour ahead; what is said to be sent at the arrival is put right
            event |= {"time": time + 60 * MINUTE, "sent_at": arrival + 60 * MINUTE}
        elif self.clock == "received":
            event |= {"time": time - MINUTE, "sent_at": arrival, "received_at": arrival + MINUTE}
        elif self.clock == "ahead":
            event["time"] = arrival + 20_000
        elif self.clock == "future":
            event["time"] = arrival + MINUTE + 1
        elif self.clock == "broken":
            event["time"] = "soon"
        return msgspec.json.encode(event)


def _event(
    number: int,
    time: int,
    said: tuple[tuple[int, ...], int, int, str, str],
    words: Sequence[dict[str, Any]],
    more: Sequence[dict[str, Any]],
    with_ids: bool,
) -> _Event:
    (visitor, topic), place, other, clock, id_kind = said
    fields = words[place % len(words)] | more[other]
    if not with_ids:
        fields.pop("session_id", None)
    return _Event(number, BEGIN + time, visitor, topic, fields, clock, id_kind)


_MANY = st.one_of(st.integers(1, 25), st.integers(15, 25))
_TIMES = st.one_of(
    st.integers(0, 45 * 60).map(lambda s: s * 1_000),
    st.integers(0, 9).map(lambda m: m * 5 * MINUTE),  # exactly at the timeout
    st.integers(0, 45).map(lambda m: m * MINUTE),  # exactly at max_length, and ties
    st.integers(0, 45).map(lambda m: m * MINUTE + 1),
)
_WHO = list(product(range(3), range(2)))
_NAMES = (
    (*"abcde", "page_view", "view_item_list", "select_item", *"xabcde"),  # x is no step
    tuple("xacbxacd"),
    tuple("ddce"),
    tuple("bbcce"),
    ("page_view", "page_view", "x", "view_promotion", "select_promotion"),
    tuple("aabdxac"),
)
_WORDS = [
    [
        {
            "name": name,
            "page": page,
            "device": device,
            "user_type": user_type,
            "value": value,
            "currency": currency,
            "props": {"plan": plan, "n": number},
        }
        for name, page, device, user_type, plan, (value, currency, number) in product(
            names,
            ("", "/x1", "/y", "/z"),
            ("", "mobile", "desktop", "tv"),
            ("", "", "", "new"),
            ("", "1", "2", "3", "4", "5", "6"),
            (
                (None, "EUR", 5),
                (9.5, "EUR", 20),
                (20, "usd", "20"),
                (5, "", True),
                (-7.25, "EUR", 20),
                (10**12, "EUR", 20),
            ),
        )
    ]
    for names in _NAMES
]
"""What is said at a site, for each of the things that its visitors may have in mind."""
_SITES = st.sampled_from(
    [
        (visitors, topics, apart, span * MINUTE, with_ids, mind, more)
        for visitors in ((0, 1, 2), (0, 1), (0, 2), (1,))  # even ones in partition 0, odd ones in 1
        for topics, apart in (((0, 1), 0), ((0, 1), 0), ((1, 0), 3 * 60 * MINUTE), ((0,), 0))
        for span in (45, 24, 16, 10, 5)  # where time is short, sessions have many events
        for with_ids in (True, False)
        for mind in (0, 1, 2, 3, 4, 1, 2, 0, 1, 5, 5)
        for more in (0, 0, 1)  # a third of them has more pages than are told apart
    ]
)
_IDS = [{}, {}, {"session_id": "s1"}, {"session_id": "s2"}]
_AGENTS = [
    *[{}] * 4,
    {"user_agent": "Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) Mobile/15E148 Safari/604.1"},
    {"user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"},
    {"user_agent": "somebody"},
    {"user_agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"},
]
_SHOP_PAGE = {"page": "https://shop.example/p"}
_ORIGINS = [
    *[{}] * 4,
    {"source": "Newsletter", "medium": "Email"},
    {"source": "google", "medium": "cpc"},
    {"campaign": "anything"},
    {"referrer": "https://www.google.de/search?q=a"},
    {"referrer": "https://chatgpt.com/"},
    {"referrer": "https://blog.example/"},
    {"referrer": "https://blog.example/", **_SHOP_PAGE},
    {"referrer": "https://shop.example/", **_SHOP_PAGE},
]
_PAGES = [
    *[{}] * 12,
    {"page": "https://shop.example:8443/y/?a=1#b"},
    {"page": "/y/"},
    {"page": "/x2?b=/y"},
    {"page": "//shop.example/z"},
    {"page": "/z/#x"},
    {"page": "/a/[n]"},
    {"page": "/i/7"},
    {"page": "/i/8/?c"},
]
"""Pages in other words, and two that become one."""
_MANY_PAGES = [
    *[{}] * 6,
    *[{"page": page} for page in ("/", "Home", "/i/7", "/i/8/j", "/k9/l", "/m/", "/n?a", "/o#b")],
    *[{"page": page} for page in ("https://shop.example", "http://shop.example/q/", "/r", "/s", "/t", "/u")],
]
_MORE = [
    [ids | agent | page | origin for ids, agent, page, origin in product(_IDS, _AGENTS, pages, _ORIGINS)]
    for pages in (_PAGES, _MANY_PAGES)
]
_CLOCKS = ["right"] * 40 + ["sent", "sent", "received", "received", "ahead", "ahead", "future", "broken"]
_ID_KINDS = [""] * 14 + ["made", "again"]
_SAID = st.tuples(
    st.sampled_from(_WHO),
    st.integers(0, len(_WORDS[0]) - 1),
    st.integers(0, len(_MORE[0]) - 1),
    st.sampled_from(_CLOCKS),
    st.sampled_from(_ID_KINDS),
)
_DELAYS = st.one_of(st.integers(0, TIMES.late_after), st.sampled_from((0, TIMES.late_after)))
_AGAIN = st.one_of(_DELAYS, _DELAYS, st.integers(0, 20 * MINUTE))


class Work(NamedTuple):
    """One step of the work.

    Attributes:
        kind: What is done: records are read, sessions are flushed, or crash before they are; the same of the
            rates.
        partition: Of which partition.
        topic: Number of the topic that is read, or of the one that is idle at the flush (2: both are).
        amount: How many records are read, or how many minutes were idle.
    """

    kind: Literal["read", "flush", "idle", "crash", "flush rates", "crash rates"]
    partition: int = 0
    topic: int = 0
    amount: int = 0


_WORK = [
    *2 * [Work("read", partition, topic, n) for partition in (0, 1) for topic in (0, 1) for n in range(1, 7)],
    *2 * [Work("flush", partition) for partition in (0, 0, 0, 0, 1, 1, 1, 1)],
    *[
        Work("idle", partition, topic, n)
        for partition in (0, 1)
        for topic in (0, 1, 2, 2, 2)
        for n in (0, 6, 9)
    ],
    *[Work("crash", partition) for partition in (0, 0, 0, 0, 1, 1, 1, 1)],
    *[Work("flush rates")] * 6,
    *[Work("crash rates")] * 3,
]
ARRIVALS = _arrivals()
WORK = st.lists(st.sampled_from(_WORK), min_size=10, max_size=60)
"""The steps of the work; what is left to read then is read at last."""
