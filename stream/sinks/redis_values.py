"""The values that Redis keys are given.

Every value is absolute and says for how long it lives: writing one twice changes nothing, and a newer one of
the same key makes an older one needless.
"""

from collections.abc import Mapping

import msgspec


class Hash(msgspec.Struct, frozen=True, gc=False):
    """A hash, replaced as a whole: a field that is not in ``fields`` is gone. No fields: no key.

    ``ttl_ms``: from its writing on, ms.
    """

    fields: Mapping[str, str]
    ttl_ms: int


class Scored(msgspec.Struct, frozen=True, gc=False):
    """Some members of a sorted set in which each score has exactly one member.

    Attributes:
        members: By score; each takes the place of the score's former member, ``None`` only removes that. No
            two scores may share a text (a member that carries its own score as a field cannot).
        keep_from: Members of a lower score are removed. It never falls from one value of a key to the next.
        ttl_ms: How long the key lives from this writing on, ms.
        span: In a rebuild, the scores from the first on and below the second (``None``: without end) of which
            these are all members: others are removed. ``None``: other scores are left as they are.
    """

    members: Mapping[int, str | None]
    keep_from: int
    ttl_ms: int
    span: tuple[int, int | None] | None = None


class Ranked(msgspec.Struct, frozen=True, gc=False):
    """A sorted set of names with counts, replaced as a whole. No members: no key.

    ``ttl_ms``: from its writing on, ms.
    """

    members: Mapping[str, int]
    ttl_ms: int


class Names(msgspec.Struct, frozen=True, gc=False):
    """Members to add to a set, which lives ``ttl_ms`` from this writing on.

    ``whole``: in a rebuild, these are all: others are removed.
    """

    members: frozenset[str]
    ttl_ms: int
    whole: bool = False


Value = Hash | Scored | Ranked | Names
"""What a key is given."""

Item = tuple[str, Value]
"""A key and its value."""


def merge(older: Value, newer: Value) -> Value:
    """Return the value that does what ``older`` and then ``newer`` would do to a key.

    Not for values of rebuilds (a ``span``, or ``whole``): they never wait, so there is nothing to merge.
    """
    if isinstance(newer, Scored) and isinstance(older, Scored):
        keep_from = max(older.keep_from, newer.keep_from)
        members = {s: m for s, m in {**older.members, **newer.members}.items() if s >= keep_from}
        return Scored(members, keep_from, newer.ttl_ms)
    if isinstance(newer, Names) and isinstance(older, Names):
        return Names(older.members | newer.members, newer.ttl_ms)
    return newer
