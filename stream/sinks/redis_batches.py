"""Values as the argument of Lua calls, a bounded number of them in each.

The values of a call travel as one JSON text. As an argument each, they would cost the client ten times the
CPU (29 instead of 2.3 us for a hash of 16 fields) and Redis no less. JSON and not MessagePack, which Redis
unpacks no faster, because every server that runs Lua has cjson. `stream.sinks.redis_fence` has the script.
"""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import NamedTuple, TypeVar

import msgspec

from stream.sinks.redis_values import Hash, Item, Ranked, Scored, Value

_MEMBERS_A_PIECE = 500  # larger sets are written in several pieces, so that a call stays short

_encode = msgspec.json.encode

_T = TypeVar("_T")


class Batch(NamedTuple):
    """The values of one call.

    ``done``: when it is written, so many items, from the first on, are written completely.
    """

    payload: bytes
    done: int


def batches(items: Sequence[Item], max_keys: int, max_bytes: int) -> Iterator[Batch]:
    """Yield the items as calls of at most ``max_keys`` values and about ``max_bytes``; of no items, one call.

    A hash, or a set with counts, larger than ``max_bytes`` is a call by itself: it is replaced as a whole or
    not at all.
    """
    pieces: list[bytes] = []
    size = done = 0
    for key, value in items:
        for piece in _pieces(key, value):
            if pieces and (len(pieces) >= max_keys or size + len(piece) > max_bytes):
                yield Batch(_array(pieces), done)
                pieces, size = [], 0
            pieces.append(piece)
            size += len(piece) + 1
        done += 1
    yield Batch(_array(pieces), done)


def _array(pieces: Sequence[bytes]) -> bytes:
    return b"[" + b",".join(pieces) + b"]"


def _pieces(key: str, value: Value) -> Iterator[bytes]:
    """Yield the value as arguments of the script's function: ``[function, key, ttl, ...]``."""
    if isinstance(value, Hash):
        yield _encode(("hash", key, value.ttl_ms, list(chain.from_iterable(value.fields.items()))))
    elif isinstance(value, Ranked):
        ranked = [text for name, count in value.members.items() for text in (str(count), name)]
        yield _encode(("ranked", key, value.ttl_ms, ranked))
    elif isinstance(value, Scored):
        yield from (_encode(piece) for piece in _history(key, value))
    else:
        for n, members in enumerate(_parts(list(value.members))):
            yield _encode(("names", key, value.ttl_ms, value.whole and n == 0, members))


def _history(key: str, value: Scored) -> Iterator[tuple[object, ...]]:
    """Yield pieces that each remove ranges of scores, as ``[lowest, highest, ...]``, and then add members."""
    below = f"({value.keep_from}"
    # Scores travel as text: Lua's own would lose digits beyond the 14th.
    kept = sorted((s, m) for s, m in value.members.items() if s >= value.keep_from)
    parts = list(_parts(kept)) or [[]]
    for n, part in enumerate(parts):
        if value.span is not None:
            # Each piece clears the way to the next one only, so that readers never see a hole.
            begin, end = value.span
            if n > 0:
                begin = part[0][0]
            if n + 1 < len(parts):
                end = parts[n + 1][0][0]
            ranges = [str(begin), "+inf" if end is None else f"({end}"]
        else:
            ranges = [text for s, _ in part for text in (str(s), str(s))]
        members = [text for s, m in part if m is not None for text in (str(s), m)]
        yield "scored", key, value.ttl_ms, below, ranges, members


def _parts(members: Sequence[_T]) -> Iterator[Sequence[_T]]:
    return (members[i : i + _MEMBERS_A_PIECE] for i in range(0, len(members), _MEMBERS_A_PIECE))
