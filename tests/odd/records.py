"""Records of every kind that are no events, or only just; each is bytes as a topic has them."""

from collections.abc import Iterator

from tests.formats.json_suite import cases

BEGIN = 1_772_445_600_000
"""When good ones happen: 2026-03-02T10:00Z."""

_HOSTS = (
    b"%s",
    b'{"name":"view_item","visitor_id":"odd","time":1772445600000,"x":%s}',
    b'{"name":"view_item","visitor_id":"odd","time":1772445600000,"props":{"p":%s}}',
    b'{"name":"view_item","visitor_id":"odd","time":1772445600000,"items":[%s]}',
    b'{"name":"view_item","visitor_id":"odd","time":1772445600000,"value":%s}',
    b'{"name":%s,"visitor_id":"odd","time":1772445600000}',
    b'{"name":"view_item","visitor_id":%s,"time":1772445600000}',
    b'{"name":"view_item","visitor_id":"odd","time":%s}',
)
_FIELDS = (
    *("name", "time", "sent_at", "received_at", "event_id", "visitor_id", "user_id", "session_id", "page"),
    *("referrer", "device", "source", "medium", "campaign", "country", "user_type", "variant", "user_agent"),
    *("value", "currency", "items", "consent", "email_sha256", "props", "unknown"),
)
_VALUES = (
    *(b"null", b"true", b"false", b"0", b"-1", b"1.5", b"1e400", b"-1e400", b"1E-400", b"NaN", b"Infinity"),
    *(
        b"-Infinity",
        b"1" + b"0" * 400,
        b"1" + b"0" * 5_000,
        b"9" * 300,
        b"9" * 301,
        b"-" + b"9" * 300,
        b"-" + b"9" * 301,
        b"18446744073709551616",
        b"[]",
        b"{}",
        b'""',
    ),
    *(b'"\\ud800"', b'"\\udc00\\ud800"', b'"\xff"', b'"\xed\xa0\x80"', b'"\\u0000"', b'[{"a":[1]}]'),
    *(b'{"a":{"b":1}}', b'{"ad_user_data":1}', b'"1970-01-01T00:00:00Z"', b'"9999-12-31T23:59:59.999Z"'),
    *(b'"1969-12-31T23:59:59Z"', b'"10000-01-01T00:00:00Z"', b"253402300800000", b'"2026-02-30T10:00"'),
)
_WHOLE = (
    b"",
    b" ",
    b"\n",
    b"\x00",
    b"\xef\xbb\xbf{}",
    b"{}",
    b"{}{}",
    b'{"name":"a","name":"view_item","visitor_id":"odd","visitor_id":"v","time":"x","time":1772445600000}',
    b'{"name":"view_item","name":5,"visitor_id":"odd","time":1772445600000}',
    b'{"name":"view_item","visitor_id":"odd","time":1772445600000}trailing',
    b'{"name":"view_item","visitor_id":"odd","time":1772445600000',
    b"[" * 100_000,
    b"{" * 1_000_000,
    b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    b"[" * 15_000 + b"]" * 15_000,
    b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    b'{"name":"' + b"x" * 1_000_000 + b'","visitor_id":"odd","time":1772445600000}',
    b'{"name":"' + b"x" * 32_000 + b'","visitor_id":"odd","time":1772445600000}',
    b'{"props":{' + b",".join(b'"p%d":%d' % (n, n) for n in range(200)) + b"}}",
    '{"name":"view_item"}'.encode("utf-16"),
    '{"name":"view_item"}'.encode("utf-32"),
    b"\x1f\x8b\x08\x00\x00\x00\x00\x00",  # the beginning of gzip, not of JSON
    b"\x00\x00\x00\x00\x01\x02view",  # as serializers with a schema registry write
    bytes(range(256)),
)


def odd_records() -> Iterator[bytes | None]:
    """Yield all records: tombstones, whole ones, JSONTestSuite's in places, and odd values of each field."""
    yield None
    yield from _WHOLE
    for host in _HOSTS:
        yield from (host % text for text in cases().values())
    good = {b"name": b'"view_item"', b"visitor_id": b'"odd"', b"time": b"%d" % BEGIN}
    for field in _FIELDS:
        for value in _VALUES:
            fields = {**good, field.encode(): value}
            yield b"{" + b",".join(b'"%s":%s' % pair for pair in fields.items()) + b"}"
