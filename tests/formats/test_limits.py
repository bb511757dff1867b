"""Limits of a record: at the limit it is whole, beyond it is cut or rejected."""

import json

import pytest

from stream.core.event import Event, field_text
from stream.formats.canonical import parse

NOW = 1_767_614_400_000


def taken(**fields: object) -> Event:
    """Return the event of a record that is one."""
    record = json.dumps({"name": "m", "visitor_id": "v", "time": NOW} | fields).encode()
    found = parse(record, NOW, 0)
    assert isinstance(found, Event), found
    return found


def reason(record: bytes) -> str | None:
    """Return why a record is no event, ``None``: it is one."""
    found = parse(record, NOW, 0)
    return None if isinstance(found, Event) else found.reason


@pytest.mark.says("Limits: 32 KB an event, depth 32,")
def test_size_and_depth() -> None:
    """32,768 bytes and 32 levels are taken; a byte or a level more is rejected, wherever it is."""
    record = b'{"name":"m","visitor_id":"v","time":%d,"page":"%s"}'
    room = 32_768 - len(record % (NOW, b""))
    assert reason(record % (NOW, b"x" * room)) is None
    assert reason(record % (NOW, b"x" * (room + 1))) == "too_large"
    for field in (b"items", b"anything"):
        deep = b'{"name":"m","visitor_id":"v","time":%d,"%s":%s}'
        assert reason(deep % (NOW, field, b"[" * 31 + b"]" * 31)) is None
        assert reason(deep % (NOW, field, b"[" * 32 + b"]" * 32)) == "too_deep"


@pytest.mark.says("100 properties, names 100 and values 1,000 characters (cut, and counted).")
def test_what_is_longer_is_cut() -> None:
    """An event beyond these limits counts; what is beyond them is as if it had not been said."""
    props = {"k" * 101: "v" * 1_001} | {f"p{n}": "x" for n in range(100)}
    event = taken(name="n" * 101, props=props, page="/" + "y" * 1_000, visitor_id="w" * 1_001)
    assert event.name == "n" * 100
    assert event.visitor_id == "w" * 1_000
    assert field_text(event, "page") == "/" + "y" * 999
    assert field_text(event, "props." + "k" * 100) == "v" * 1_000
    assert (field_text(event, "props.p98"), field_text(event, "props.p99")) == ("x", "")
    exact = taken(name="n" * 100, props={"k" * 100: "v" * 1_000})
    assert (exact.name, field_text(exact, "props." + "k" * 100)) == ("n" * 100, "v" * 1_000)
    assert taken(name="n" * 100, time=NOW - 1, event_id="i" * 1_001).event_id == "i" * 1_000
