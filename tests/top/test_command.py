import asyncio
import json
import shlex
import signal
import sys
import termios
from contextlib import suppress

import pytest

from stream.embedded import free_port
from tests.parts.redis_server import RedisServer
from tests.parts.terminal import resize
from tests.sinks.owner import Owner, client
from tests.top.process import REPOSITORY, OnTerminal, command, environment, on_terminal, piped
from tests.top.shop import SHOP, rates, values
from tests.waiting import until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs terminals of its own")

CART = "  add_to_cart          200        20   10.0%"


async def shop(redis_server: RedisServer) -> Owner:
    """Write the shop's rates, and return the worker that did, to be gone on with."""
    owner = Owner(redis_server)
    await owner.__aenter__()
    owner.commit(values(rates()))
    await owner.written()
    return owner


async def test_a_pipe_gets_one_table(redis_server: RedisServer) -> None:
    """Without a terminal there is one plain table with everything, and exit code 0."""
    await (await shop(redis_server)).die()
    ended = piped(redis_server.url, "--segment", "device=mobile")
    assert (ended.returncode, ended.stderr) == (0, "")
    lines = ended.stdout.splitlines()
    assert lines[0] == "microconv  5m device=mobile  0 events/s  watermark lag 0.4 s  1 worker"
    assert any(line.startswith("  add_to_cart          100        10   10.0%") for line in lines)
    assert any(line.startswith("  google ") for line in lines)
    assert "-80%!" in ended.stdout
    assert "\x1b" not in ended.stdout
    assert max(map(len, lines)) <= 80


async def test_json_once_is_one_object(redis_server: RedisServer) -> None:
    """The same facts for programs: ratios 0..1, times in ms, null for no data, one row each."""
    await (await shop(redis_server)).die()
    ended = piped(redis_server.url, "--json", "--once", "--window", "15m")
    (line,) = ended.stdout.splitlines()
    told = json.loads(line)
    assert (told["window"], told["segment"], told["trouble"], told["lag"]) == ("15m", "all", None, 400)
    assert (told["outcomes"]["rejected"], told["workers"], told["events_per_s"]) == (1, 1, 0)
    assert told["closed_until"] % 60_000 == 0 < told["age"]
    rows = {(row["measure"], row["segment"]): row for row in told["rates"]}
    cart = rows["checkout.add_to_cart", "all"]
    assert (cart["sessions"], cart["converted"], cart["ratio"], cart["size"]) == (400, 120, 0.3, "15m")
    assert cart["minutes"] == [0.5] * 5 + [0.1] * 4
    assert rows["browse.category", "all"]["ratio"] is None
    assert rows["checkout.add_to_cart", "device=mobile"]["sessions"] == 200
    measures = len(SHOP.definition().measures())
    assert sum(segment == "all" for _, segment in rows) == measures


async def test_json_goes_on_while_redis_is_away(redis_server: RedisServer) -> None:
    """An object a second, whatever happens; while Redis is away it says so and has no rates."""
    owner = await shop(redis_server)
    process = await asyncio.create_subprocess_exec(
        *command("--json"),
        cwd=REPOSITORY,
        env=environment(redis_server.url),
        stdout=asyncio.subprocess.PIPE,
        limit=1_000_000,
    )
    out = process.stdout
    assert out is not None

    async def told(kind: str | None) -> dict[str, object]:
        while (found := json.loads(await asyncio.wait_for(out.readline(), 20)))["trouble"] != kind:
            pass
        return dict(found)

    try:
        assert (await told(None))["rates"]
        redis_server.stop()
        away = await told("away")
        assert "cannot be read: Connection refused" in str(away["message"])
        assert (away["rates"], away["watermark"]) == ([], None)
        redis_server.start()
        assert (await told(None))["rates"]
        process.send_signal(signal.SIGINT)
        assert await asyncio.wait_for(process.wait(), 20) == 0
    finally:
        with suppress(ProcessLookupError):
            process.kill()
    await owner.die()


async def test_whoever_has_read_enough_is_no_error(redis_server: RedisServer) -> None:
    """``top --json | head -1`` ends with 0 and says nothing more."""
    line = shlex.join(command("--json")) + " | head -1; echo ${PIPESTATUS[0]}"
    process = await asyncio.create_subprocess_exec(
        *["bash", "-c", line],
        cwd=REPOSITORY,
        env=environment(redis_server.url),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await asyncio.wait_for(process.communicate(), 30)
    first, code = out.decode().splitlines()
    assert (json.loads(first)["trouble"], code) == ("empty", "0")


def test_redis_that_is_away_fails_a_single_table() -> None:
    """Who wants one table now, and cannot have it, gets a sentence and exit code 1."""
    port = free_port()
    ended = piped(f"redis://127.0.0.1:{port}/0")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == f"Redis at 127.0.0.1:{port}/0 cannot be read: Connection refused\n"


@pytest.mark.parametrize(
    ("url", "arguments", "sentence"),
    [
        (None, ["--window", "7m"], "--window: found '7m'; wanted: one of 1m, 5m, 15m, 1h, 24h"),
        (None, ["--window", "soon"], "--window: found 'soon'; wanted: one of 1m, 5m"),
        (
            None,
            ["--segment", "devise=tv"],
            "--segment: found 'devise=tv'; wanted: all or DIMENSION=VALUE (the",
        ),
        (None, ["--segment", "device="], "one of device, source, campaign, user_type"),
        ("http://h/0", [], "redis.url: found scheme 'http'; wanted: redis://"),
        ("redis://:pass#word@h/0", [], "redis.url: found a host or port that is none"),
        ("redis://h/0?speed=9", [], "redis.url: Redis at h:6379/0: "),
    ],
)
def test_wrong_usage_is_named(url: str | None, arguments: list[str], sentence: str) -> None:
    """An unknown window or dimension, or no URL, ends with 2: what was found, what is wanted, no secret."""
    ended = piped(url or "redis://localhost/0", *arguments)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert sentence in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "pass#word" not in ended.stderr


async def left(running: OnTerminal, before: list[object]) -> None:
    """Check that it ended well, and left the terminal as it was."""
    await until(lambda: running.process.poll() is not None, "it ends", within=20)
    assert running.process.returncode == 0
    assert termios.tcgetattr(running.ends[1]) == before
    assert b"Traceback" not in running.written
    after = bytes(running.written).rpartition(b"\x1b[?1049l")
    assert b"\x1b[?1049h" in after[0]
    assert b"\x1b[?25h" in running.written, "the cursor is back"


@pytest.mark.parametrize("key", [b"q", b"\x03"])
async def test_keys_choose_and_end(redis_server: RedisServer, key: bytes) -> None:
    """On a terminal w and s go through windows and segments, S back, and q or Ctrl-C end it with 0."""
    owner = await shop(redis_server)
    with on_terminal(redis_server.url) as running:
        before = termios.tcgetattr(running.ends[1])
        await until(
            lambda: running.shows("microconv  5m all", CART, "-80%!", "█████▂▂▂▂"), "the rates", within=20
        )
        running.press(b"w")
        await until(lambda: running.shows("microconv  15m all"), "the next window", within=20)
        running.press(b"www")
        await until(lambda: running.shows("microconv  1m all"), "the smallest window", within=20)
        running.press(b"s")
        await until(lambda: running.shows("1m device=desktop"), "the first segment", within=20)
        running.press(b"\x1b[D")  # an arrow is no key of ours
        running.press(b"SS")
        await until(lambda: running.shows("1m user_type=returning"), "the last segment", within=20)
        running.press(key)
        await left(running, before)
    await owner.die()


async def test_new_sizes_of_the_terminal_are_followed(redis_server: RedisServer) -> None:
    """A larger terminal shows what was hidden, a smaller one less, at once."""
    owner = await shop(redis_server)
    with on_terminal(redis_server.url) as running:
        await until(lambda: running.shows(CART, "no room for: source"), "24 lines", within=20)
        assert len(running.screen()) == 24
        resize(running.ends[1], 120, 60)
        await until(
            lambda: running.shows("  google ") and not running.shows("no room"), "60 lines", within=20
        )
        assert len(running.screen()) == 60
        resize(running.ends[1], 60, 12)
        await until(
            lambda: len(running.screen()) == 12 and running.shows("no room for: "), "12 lines", within=20
        )
        assert max(map(len, running.screen())) <= 60
    await owner.die()


async def test_redis_away_and_back_on_the_screen(redis_server: RedisServer) -> None:
    """Empty, then written, then away, then back: each is on the screen by itself, in words."""
    with on_terminal(redis_server.url) as running:
        await until(
            lambda: running.shows("has no mc:status", "no data", "data - old"), "nothing yet", within=20
        )
        owner = await shop(redis_server)
        await until(lambda: running.shows(CART) and not running.shows("Waiting"), "the rates", within=20)
        redis_server.stop()
        await until(
            lambda: running.shows("cannot be read: Connection refused", CART), "Redis is away", within=20
        )
        redis_server.start()
        await until(
            lambda: running.shows(CART) and not running.shows("cannot be read"), "Redis is back", within=20
        )
        with client(redis_server) as other:
            other.pexpire("mc:status", 3_600_000 - 95_000)
        await until(
            lambda: running.shows("No worker has written for 9", CART), "the worker stopped", within=20
        )
        await owner.die()
        running.press(b"q")
        await until(lambda: running.process.poll() == 0, "it ends", within=20)


async def test_publications_are_drawn_at_once(redis_server: RedisServer) -> None:
    """What is published between two looks is shown without waiting for the next one."""
    owner = await shop(redis_server)
    with on_terminal(redis_server.url) as running:
        await until(lambda: running.shows(CART), "the rates", within=20)
        with client(redis_server) as other:
            await until(
                lambda: other.pubsub_numsub("mc:rates")[0][1] == 1, "it follows the channel", within=20
            )
            for _ in range(8):
                drawn = running.written.count(b"\x1b[H")
                other.publish("mc:rates", "{}")
                await until(lambda n=drawn: running.written.count(b"\x1b[H") > n, "it is drawn", within=5)
    await owner.die()
