from stream.sinks.redis_pending import Pending
from tests.sinks.owner import history, names, rate


def test_what_is_put_back_is_older_than_what_came_since() -> None:
    """A load that could not be sent is merged under newer values and messages, and its age counts."""
    pending = Pending()
    pending.add(
        {"rate": rate("1"), "only": rate("1"), "history": history((1, "a"), (2, "a")), "names": names("a")}
    )
    pending.announce("rates", "old")
    pending.announce("alerts", "old")
    pending.mark()
    load = pending.take()
    assert pending.take() == ([], {}, None)

    pending.add({"rate": rate("2"), "history": history((2, "b"), (3, "b")), "names": names("b")})
    pending.announce("rates", "new")
    pending.mark()
    pending.put_back(load, load.items)

    items, messages, since = pending.take()
    assert dict(items) == {
        "rate": rate("2"),
        "only": rate("1"),
        "history": history((1, "a"), (2, "b"), (3, "b")),
        "names": names("a", "b"),
    }
    assert messages == {"rates": "new", "alerts": "old"}
    assert since == load.since


def test_only_what_was_not_sent_is_put_back() -> None:
    """Values that were written before the connection broke need not be written again."""
    pending = Pending()
    pending.add({"a": rate("1"), "b": rate("1")})
    load = pending.take()
    pending.put_back(load, load.items[1:])
    assert dict(pending.take().items) == {"b": rate("1")}


def test_a_history_keeps_what_is_to_be_kept() -> None:
    """Members below ``keep_from`` do not wait: a long outage costs no more than what is to be there."""
    pending = Pending()
    for minute in range(100):
        pending.add({"history": history((minute, "x"), keep_from=minute - 2)})
    assert dict(pending.take().items) == {"history": history((97, "x"), (98, "x"), (99, "x"), keep_from=97)}


def test_a_held_message_waits_or_gives_way() -> None:
    """Messages held back are taken only after `unhold`, and where a newer one came, never."""
    pending = Pending()
    pending.add({"a": rate("1")})
    pending.announce("rates", "old")
    pending.announce("alerts", "old")
    pending.mark()
    since = pending.since
    assert pending.hold() == since
    assert pending.take() == ([], {}, None)

    pending.announce("rates", "new")
    load = pending.take()
    assert load.messages == {"rates": "new"}
    pending.put_back(load)
    assert pending.hold() is None
    assert pending.take().messages == {}
    pending.unhold()
    assert pending.take().messages == {"rates": "new", "alerts": "old"}


def test_a_value_of_another_kind_takes_the_place() -> None:
    """The newest value counts, also where a key changes its type."""
    pending = Pending()
    pending.add({"a": names("x")})
    pending.add({"a": history((1, "x"))})
    assert dict(pending.take().items) == {"a": history((1, "x"))}
