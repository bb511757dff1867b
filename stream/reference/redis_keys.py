"""The page of the keys in Redis."""

from stream.reference.markdown import code, fields, page, table
from stream.sections import Redis
from stream.sinks.keys import CHANNELS, KEYS

PREFIX = Redis().prefix


def redis_keys() -> str:
    """Return the page."""
    intro = f"""
All begin with `redis.prefix`, here `{PREFIX}`. Values are absolute: writing one twice changes nothing. Ratios
are 0..1, and absent where there were no sessions. `{{measure}}` is `funnel.step`, `micro.name` or
`session.fact`; `{{size}}` is `1m`, `5m` and so on; `{{segment}}` is `all` or `dimension=value`, the value
percent-encoded but for `/`.
"""
    keys = table(
        ("key", "type", "holds", "lives"),
        ((_name(pattern), key.type, key.holds, key.lives) for pattern, key in KEYS.items()),
    )
    channels = table(
        ("channel", "tells"), ((_name(name), channel.tells) for name, channel in CHANNELS.items())
    )
    parts = [keys, channels]
    for pattern, key in KEYS.items():
        if key.fields:
            of = "a member, JSON" if key.type == "sorted set" else "fields"
            parts += [f"## {_name(pattern)}: {of}", fields(key.fields)]
    for name, channel in CHANNELS.items():
        parts += [f"## {_name(name)}: a message, JSON", fields(channel.fields)]
    return page("Redis keys", intro, *parts)


def _name(pattern: str) -> str:
    return code(f"{PREFIX}:{pattern}")
