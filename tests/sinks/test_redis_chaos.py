"""Everything at once: crashes, replaced owners that go on, lost connections, lost data."""

import asyncio
from contextlib import AsyncExitStack
from random import Random

import pytest

from stream.embedded.server import Server
from stream.sinks.redis_values import Value
from tests.sinks.owner import Owner, client, content, eventually, expected, history, names, rate

KEYS = [f"t:{kind}:{n}" for kind in ("rate", "history", "names") for n in range(5)]
STEPS = 150
ACTS = {"commit": 10, "replace": 2, "ghost": 2, "crash": 1, "flush": 1, "cut": 1}  # and how often


def any_changes(random: Random, minute: int) -> dict[str, Value]:
    """New values of some keys, histories from a minute on."""
    changes: dict[str, Value] = {}
    for key in random.sample(KEYS, k=random.randrange(1, 6)):
        if ":rate:" in key:
            fields = {f"f{n}": str(random.random()) for n in range(random.randrange(3))}
            changes[key] = rate(str(random.random()), **fields)
        elif ":history:" in key:
            text = None if random.random() < 0.2 else str(random.random())
            changes[key] = history((minute + random.randrange(10), text), keep_from=minute)
        else:
            changes[key] = names(random.choice("abcdef"))
    return changes


async def some_turns(random: Random) -> None:
    """Let the writers get on by a random number of the loop's turns."""
    for _ in range(random.choice([0, 1, 10, 200])):
        await asyncio.sleep(0)


@pytest.mark.parametrize("seed", range(5))
async def test_redis_ends_as_the_living_owner_knows_it(store: Server, seed: int) -> None:
    """Whatever happened in whatever order, each key is in the end what all commits together make of it."""
    random = Random(seed)
    async with AsyncExitStack() as stack:
        reader = stack.enter_context(client(store))

        async def begin(seq: int, known: dict[str, Value]) -> Owner:
            batch = random.choice([1, 3, 100])
            owner = Owner(
                store,
                seq=seq,
                known=known,
                keys=random.choice([1, 3, 100]),
                minutes=random.choice([1, 3, 100]),
                interval_ms=random.choice([0, 1, 5]),
                max_keys=batch,
            )
            return await stack.enter_async_context(owner)

        replaced: list[Owner] = []
        owner = await begin(0, {})
        for step in range(STEPS):
            act = random.choices(list(ACTS), list(ACTS.values()))[0]
            if act == "commit":
                owner.commit(any_changes(random, step // 10))
            elif act == "replace":
                replaced.append(owner)
                owner = await begin(owner.seq, owner.known)
            elif act == "ghost" and replaced:
                random.choice(replaced).offer(any_changes(random, step // 10))
            elif act == "crash":
                await owner.die()
                owner = await begin(owner.seq, owner.known)
            elif act == "flush":
                reader.flushall()
            elif act == "cut":
                reader.client_kill_filter(_type="normal", skipme=True)
            await some_turns(random)

        owner.commit(any_changes(random, STEPS // 10))
        await eventually(
            lambda: all(content(reader, key) == expected(value) for key, value in owner.known.items())
        )
        await owner.written()
        assert {key: content(reader, key) for key in KEYS if key in owner.known} == {
            key: expected(owner.known[key]) for key in KEYS if key in owner.known
        }
