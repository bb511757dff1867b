"""An owner as a process of its own that commits without a pause; arguments: store's address, fence's key."""

import asyncio
import sys

from stream.sinks.redis import RedisWriter
from stream.sinks.redis_values import Hash


async def main(address: str, fence_key: str) -> None:
    """Commit and offer, every millisecond, until killed."""
    newest: dict[str, Hash] = {}
    writer = RedisWriter(f"redis://{address}/0", fence_key, lambda: [dict(newest)], interval_ms=1)
    task = asyncio.create_task(writer.run())
    seq = 0
    while not task.done():
        seq += not writer.refused  # a replaced owner can commit no more
        newest["t:count"] = Hash({"ratio": str(seq)}, 60_000)
        writer.offer(dict(newest), (1_000, seq))
        await asyncio.sleep(0.001)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
