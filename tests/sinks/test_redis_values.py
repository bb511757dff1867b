import time

import pytest

from stream.embedded.server import Server
from stream.sinks.redis_values import Hash, Names, Ranked, Scored, Value
from tests.sinks.owner import MINUTE, Owner, client, content, eventually, history, names, rate


async def test_a_hash_is_replaced_as_a_whole(store: Server) -> None:
    """A field that is no longer in the value is gone; a hash without fields is no key."""
    with client(store) as reader:
        async with Owner(store) as owner:
            owner.commit({"t:a": rate("0.5", low="0.4"), "t:b": rate("0.1")})
            await owner.written()
            assert content(reader, "t:a") == {"ratio": "0.5", "low": "0.4"}

            owner.commit({"t:a": rate("0.6"), "t:b": Hash({}, 60_000)})
            await owner.written()
            assert content(reader, "t:a") == {"ratio": "0.6"}
            assert content(reader, "t:b") is None


async def test_a_score_has_one_member(store: Server) -> None:
    """A minute's new text takes the place of its old one, ``None`` removes it, other minutes stay."""
    with client(store) as reader:
        async with Owner(store) as owner:
            owner.commit({"t:h": history((1, "one"), (2, "two"), (3, "three"))})
            await owner.written()
            owner.commit({"t:h": history((2, "two again"), (3, None), (4, "four"))})
            await owner.written()
            assert content(reader, "t:h") == {MINUTE: "one", 2 * MINUTE: "two again", 4 * MINUTE: "four"}
            assert reader.zcard("t:h") == 3


async def test_a_set_with_counts_is_replaced_as_a_whole(store: Server) -> None:
    """A name that is no longer in the value is gone; one without names is no key, whatever was there."""
    with client(store) as reader:
        async with Owner(store) as owner:
            reader.set("t:a", "of another type")
            owner.commit(
                {"t:a": Ranked({"/cart": 3, "/": 3, "/ä b": 1}, 60_000), "t:b": Ranked({"/": 1}, 9_000)}
            )
            await owner.written()
            assert reader.zrange("t:a", 0, -1, withscores=True) == [("/ä b", 1), ("/", 3), ("/cart", 3)]
            assert 0 < reader.pttl("t:b") <= 9_000

            owner.commit({"t:a": Ranked({"/": 4}, 60_000), "t:b": Ranked({}, 60_000)})
            await owner.written()
            assert reader.zrange("t:a", 0, -1, withscores=True) == [("/", 4)]
            assert content(reader, "t:b") is None


async def test_a_history_is_trimmed(store: Server) -> None:
    """Members below ``keep_from`` go, those in Redis and those of the value itself."""
    with client(store) as reader:
        async with Owner(store) as owner:
            owner.commit({"t:h": history(*((n, f"minute {n}") for n in range(10)))})
            await owner.written()
            owner.commit({"t:h": history((3, "too old"), (11, "eleven"), keep_from=8)})
            await owner.written()
            assert content(reader, "t:h") == {
                8 * MINUTE: "minute 8",
                9 * MINUTE: "minute 9",
                11 * MINUTE: "eleven",
            }


async def test_scores_are_exact(store: Server) -> None:
    """Scores of 16 digits, more than Lua prints, keep each of them."""
    score = 1_763_755_200_123_456
    with client(store) as reader:
        async with Owner(store) as owner:
            owner.commit({"t:h": Scored({score: "a", score + 1: "b"}, score, 60_000)})
            await owner.written()
            assert content(reader, "t:h") == {score: "a", score + 1: "b"}


async def test_names_are_added(store: Server) -> None:
    """A set keeps the names it has."""
    with client(store) as reader:
        async with Owner(store) as owner:
            owner.commit({"t:s": names("google", "bing")})
            await owner.written()
            owner.commit({"t:s": names("bing", "mail")})
            await owner.written()
            assert content(reader, "t:s") == {"google", "bing", "mail"}


@pytest.mark.parametrize(
    "value", [Hash({"f": "v"}, 50_000), Scored({1: "m"}, 0, 50_000), Names(frozenset("m"), 50_000)]
)
async def test_every_key_expires(store: Server, value: Value) -> None:
    """A key lives for its value's ``ttl_ms`` from each writing on."""
    with client(store) as reader:
        async with Owner(store) as owner:
            owner.commit({"t:key": value})
            await owner.written()
            assert 40_000 < reader.pttl("t:key") <= 50_000
            reader.pexpire("t:key", 1_000)
            owner.commit({"t:key": value})
            await owner.written()
            assert 40_000 < reader.pttl("t:key") <= 50_000


async def test_text_arrives_as_it_is(store: Server) -> None:
    """Quotes, control characters, other scripts and NUL survive the way through JSON and Lua."""
    text = 'a"b\\c\n\x00\x7f é 漢 \U0001f600 </script>'
    with client(store) as reader:
        async with Owner(store) as owner:
            owner.commit({f"t:{text}": Hash({text: text}, 60_000), "t:s": names(text)})
            await owner.written()
            assert content(reader, f"t:{text}") == {text: text}
            assert content(reader, "t:s") == {text}


async def test_large_values(store: Server) -> None:
    """A hash of 5 MB, a history of 20,000 minutes and 5,000 names arrive complete, and shrink again."""
    fields = {f"field {n}": "x" * 1_000 for n in range(5_000)}
    minutes = [(n, f'{{"window_start":{n}}}') for n in range(20_000)]
    with client(store) as reader:
        async with Owner(store, timeout_ms=5_000) as owner:
            owner.commit(
                {
                    "t:hash": Hash(fields, 60_000),
                    "t:history": history(*minutes),
                    "t:names": names(*(f"name {n}" for n in range(5_000))),
                    "t:last": rate("0.5"),
                }
            )
            await owner.written()
            assert content(reader, "t:hash") == fields
            assert content(reader, "t:history") == {n * MINUTE: text for n, text in minutes}
            assert reader.scard("t:names") == 5_000
            assert content(reader, "t:last") == {"ratio": "0.5"}
            owner.commit({"t:hash": Hash({"field 0": "y"}, 60_000)})
            await owner.written()
            assert content(reader, "t:hash") == {"field 0": "y"}


async def test_keys_of_another_type_give_way(store: Server) -> None:
    """What somebody else has put under one of our keys blocks nothing: it is replaced."""
    with client(store) as reader:
        for key in ("t:hash", "t:history", "t:names"):
            reader.set(key, "mine")
        async with Owner(store) as owner:
            owner.commit({"t:hash": rate("0.5"), "t:history": history((1, "one")), "t:names": names("a")})
            await owner.written()
            assert content(reader, "t:hash") == {"ratio": "0.5"}
            assert content(reader, "t:history") == {MINUTE: "one"}
            assert content(reader, "t:names") == {"a"}


async def test_messages_come_after_their_values(store: Server) -> None:
    """Whoever hears a message finds the values of the same sending, also when that takes several calls."""
    with client(store) as reader, reader.pubsub(ignore_subscribe_messages=True) as channel:
        channel.subscribe("t:rates", "t:alerts")
        async with Owner(store, max_keys=2) as owner:
            await owner.written()
            owner.commit({f"t:{n}": rate("0.5") for n in range(9)})
            owner.writer.announce("t:rates", "superseded")
            owner.writer.announce("t:rates", "tick")
            owner.writer.announce("t:alerts", "firing")
            heard: list[tuple[str, str]] = []

            def hear() -> bool:
                message = channel.get_message()
                if message is not None:
                    assert reader.exists(*(f"t:{n}" for n in range(9))) == 9
                    heard.append((message["channel"], message["data"]))
                return heard[-1:] == [("t:alerts", "end")]

            await owner.written()
            reader.publish("t:alerts", "end")
            await eventually(hear)
            assert heard == [("t:rates", "tick"), ("t:alerts", "firing"), ("t:alerts", "end")]


async def test_messages_of_before_wait_for_all_values(store: Server) -> None:
    """A message announced before the rebuild comes after all its pieces, unless a newer one replaces it."""
    heard: list[tuple[str, str, object]] = []
    with client(store) as reader, reader.pubsub(ignore_subscribe_messages=True) as channel:
        channel.subscribe("t:rates", "t:alerts")
        minutes = history(*((n, f"minute {n}") for n in range(30)))
        owner = Owner(store, known={"t:a": rate("0.5"), "t:h": minutes}, minutes=10)

        def hear() -> bool:
            if (message := channel.get_message(timeout=0.01)) is not None:
                heard.append((message["channel"], message["data"], reader.zcard("t:h")))
            return len(heard) == 2

        def meanwhile(piece: int) -> None:
            if piece == 1:
                owner.commit({"t:a": rate("newer")})
                owner.writer.announce("t:rates", "newer")
            deadline = time.monotonic() + 5
            while piece == 2 and not heard and time.monotonic() < deadline:
                hear()

        owner.before_piece = meanwhile
        owner.writer.announce("t:rates", "tick")
        owner.writer.announce("t:alerts", "firing")
        async with owner:
            await owner.written()
            await eventually(hear)
    assert heard == [("t:rates", "newer", 10), ("t:alerts", "firing", 30)]
