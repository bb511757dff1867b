"""The fence: which calls may write. Every write is one Lua call that looks at it first.

The fence is a hash beside the values, ``born seq writer call state``:

- ``born``, ``seq``: which state, and which of its commits, the values stand for. Together they only ever
  rise, for a flush is committed by one owner only.
- ``writer``: who wrote last. A writer begins each ownership with a rebuild: it writes everything its owner
  knows, whatever its predecessor had written.
- ``call``: the number of that writer's call, one more with each try.
- ``state``: ``rebuilding`` from the first call of a rebuild until its last, then ``complete``; for readers.

What a call finds there (the first line that holds), its outcome, and what the writer does next:

| at the fence                                   | outcome  | first call of a rebuild | any other call  |
|------------------------------------------------|----------|-------------------------|-----------------|
| nothing                                        | missing  | written                 | rebuild         |
| a newer born, or the same with a greater seq   | refused  | hold still              | hold still      |
| this writer, this call's number or a later one | repeated | try again               | try again       |
| this writer, a number less than acknowledged   | lost     | written                 | rebuild         |
| this writer                                    | written  | written                 | written         |
| another writer, the same born and seq          | refused  | written                 | hold still      |
| another writer, an older state                 | behind   | written                 | rebuild         |
"""

import hashlib
import secrets
from collections.abc import Mapping
from itertools import chain
from typing import Literal, NamedTuple, cast

from stream.sinks.redis_link import RedisAwayError, RedisLink

Outcome = Literal["written", "missing", "lost", "behind", "refused"]
"""What became of a call; all but ``written`` have changed nothing."""


class Fence(NamedTuple):
    """Which state (by when it was born, ms) and which of its flushes values stand for."""

    born_ms: int
    seq: int


SCRIPT = """
local fence = KEYS[1]
local born, seq, writer = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3]
local call, acknowledged, begins = tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6] == 'rebuild'

local stored = redis.call('HMGET', fence, 'born', 'seq', 'writer', 'call')
local stored_born, stored_seq = tonumber(stored[1] or ''), tonumber(stored[2] or '')
if not stored_born or not stored_seq then
  if not begins then return {'missing'} end
elseif stored_born > born or (stored_born == born and stored_seq > seq) then
  return {'refused', stored[1], stored[2]}
elseif stored[3] == writer then
  local stored_call = tonumber(stored[4] or '') or 0
  if stored_call >= call then return {'repeated'} end
  if stored_call < acknowledged and not begins then return {'lost'} end
elseif not begins then
  if stored_born == born and stored_seq == seq then return {'refused', stored[1], stored[2]} end
  return {'behind'}
end

-- A script that ends in an error keeps what it did so far. So the fence comes first: whatever else was
-- written is then covered by it, and the next try writes the same values again.
redis.call(
  'HSET', fence, 'born', ARGV[1], 'seq', ARGV[2], 'writer', writer, 'call', ARGV[4], 'state', ARGV[7]
)

local MOST = 2000 -- arguments of one command: Lua's stack ends at 8000

-- Keys under our prefix are ours: one of another type gives way, or it would block all writes for ever.
local function first(command, key, ...)
  local reply = redis.pcall(command, key, ...)
  if type(reply) == 'table' and reply.err then
    if not string.find(reply.err, 'WRONGTYPE', 1, true) then error(reply.err) end
    redis.call('UNLINK', key)
    redis.call(command, key, ...)
  end
end

local function in_parts(command, key, list)
  for i = 1, #list, MOST do
    redis.call(command, key, unpack(list, i, math.min(i + MOST - 1, #list)))
  end
end

local write = {}

-- Fields mostly stay the same: they are overwritten, and only where more are left the key is made anew.
function write.hash(key, fields)
  if #fields > 0 and #fields <= MOST then
    first('HSET', key, unpack(fields))
    if redis.call('HLEN', key) == #fields / 2 then return end
  end
  redis.call('UNLINK', key)
  in_parts('HSET', key, fields)
end

function write.scored(key, below, ranges, members)
  first('ZREMRANGEBYSCORE', key, '-inf', below)
  for i = 1, #ranges, 2 do redis.call('ZREMRANGEBYSCORE', key, ranges[i], ranges[i + 1]) end
  in_parts('ZADD', key, members)
end

function write.ranked(key, members)
  redis.call('UNLINK', key)
  in_parts('ZADD', key, members)
end

function write.names(key, whole, members)
  if whole then redis.call('UNLINK', key) end
  first('SADD', key, members[1])
  in_parts('SADD', key, members)
end

for _, v in ipairs(cjson.decode(ARGV[8])) do
  write[v[1]](v[2], unpack(v, 4))
  redis.call('PEXPIRE', v[2], v[3])
end
for i = 9, #ARGV, 2 do redis.call('PUBLISH', ARGV[i], ARGV[i + 1]) end
return {'written'}
"""


_SHA = hashlib.sha1(SCRIPT.encode(), usedforsecurity=False).hexdigest()  # the name that Redis gives it


class FencedCalls:
    """The calls of one writer, numbered.

    Attributes:
        key: The key of the fence.
        refusal: Why the last call was refused; empty when it was not.
    """

    def __init__(self, link: RedisLink, key: str) -> None:
        self._link = link
        self.key = key
        self._writer = secrets.token_hex(8)
        self._call = 0
        self._acknowledged = 0
        self.refusal = ""

    async def write(
        self,
        fence: Fence,
        values: bytes,
        *,
        begins_rebuild: bool,
        complete: bool,
        messages: Mapping[str, str],
    ) -> Outcome:
        """Make one call.

        Args:
            fence: What the values stand for.
            values: From `stream.sinks.redis_batches`.
            begins_rebuild: Whether this is the first call of a rebuild.
            complete: Whether Redis has all values after it.
            messages: What to publish after the values, by channel.

        Raises:
            RedisAwayError: There was no answer, or an error; it may have been written all the same.
        """
        self._call += 1
        reply = await self._link.run(
            SCRIPT,
            _SHA,
            self.key,
            [
                *(fence.born_ms, fence.seq, self._writer, self._call, self._acknowledged),
                *("rebuild" if begins_rebuild else "write", "complete" if complete else "rebuilding"),
                values,
                *chain.from_iterable(messages.items()),
            ],
        )
        outcome = reply[0].decode()
        if outcome == "written":
            self._acknowledged = self._call
            self.refusal = ""
        elif outcome == "refused":
            born_ms, seq = map(int, reply[1:])
            self.refusal = (
                f"{self.key} is held by another writer for flush {seq} of a state born at {born_ms} ms;"
                f" this one is for flush {fence.seq} of one born at {fence.born_ms} ms"
            )
        elif outcome == "repeated":  # whoever repeats our calls may have kept back the answer to this one
            raise RedisAwayError("a call came twice")
        return cast(Outcome, outcome)
