from collections.abc import AsyncGenerator

import pytest

from stream.embedded.server import Server
from stream.sinks.redis_values import Hash
from stream.top.board import Board, Observer, Row
from stream.top.facts import facts
from stream.top.reading import Reader, UnreadableError
from stream.top.subject import Choice
from tests.parts.redis_server import RedisServer
from tests.sinks.owner import Owner, client
from tests.top.shop import BEGIN, MINUTE, SUBJECT, rates, values
from tests.waiting import until

FIVE, HOUR = 5 * MINUTE, 60 * MINUTE


@pytest.fixture
async def reader(redis_server: RedisServer) -> AsyncGenerator[Reader]:
    """A reader of the test's Redis."""
    made = Reader(redis_server.url, SUBJECT)
    yield made
    await made.close()


async def board(reader: Reader, choice: Choice) -> Board:
    """Return what is shown of the present content."""
    reading = await reader.read(choice)
    return Observer(SUBJECT, reader.where).observe(reading, choice, reading.at_s)


def row(shown: Board, measure: str, segment: str = "all") -> Row:
    """Return the row of a measure."""
    return next(r for group in shown.groups for r in group.rows if r.place == (measure, segment))


async def written(store: Server, *, found: dict[str, object] | None = None) -> None:
    """Let a worker write the shop's rates, and stop."""
    async with Owner(store) as owner:
        owner.commit(found or values(rates()))  # type: ignore[arg-type]  # any values
        await owner.written()


async def test_an_empty_redis_is_told_in_words(reader: Reader) -> None:
    """Where no worker has written, no row has data, and it is said which key is missing where."""
    shown = await board(reader, Choice(FIVE))
    assert shown.trouble is not None
    assert shown.trouble.kind == "empty"
    assert f"Redis at {reader.where} has no mc:status" in shown.trouble.text
    assert {r.rate.ratio for group in shown.groups for r in group.rows} == {None}
    assert facts(shown, 1)["rates"][0]["ratio"] is None


async def test_what_the_worker_writes_is_shown(redis_server: RedisServer, reader: Reader) -> None:
    """Counts, ratios, interval, flow, status and values come through the writer's own classes and Redis."""
    await written(redis_server)
    shown = await board(reader, Choice(FIVE))
    cart = row(shown, "checkout.add_to_cart")
    assert (cart.rate.sessions, cart.rate.converted, cart.rate.ratio) == (200, 20, 0.1)
    assert cart.rate.low is not None
    assert cart.rate.high is not None
    assert cart.rate.low < 0.1 < cart.rate.high
    assert row(shown, "checkout.add_to_cart", "device=mobile").rate.sessions == 100
    assert row(shown, "browse.category").rate.ratio is None
    assert shown.trouble is None
    assert shown.status is not None
    assert (shown.status.outcomes["rejected"], shown.status.lag_ms, shown.status.workers) == (1, 400, 1)
    assert shown.age_ms is not None
    assert 0 <= shown.age_ms < 5_000
    assert [group.title for group in shown.groups[:3]] == ["checkout", "browse", "micro"]


async def test_a_fall_is_seen_against_the_window_before(redis_server: RedisServer, reader: Reader) -> None:
    """From 100 of 200 to 20 of 200 is -80 %, beyond chance; as many visitors as before is no change."""
    await written(redis_server)
    shown = await board(reader, Choice(FIVE))
    change = row(shown, "checkout.add_to_cart").change
    assert change is not None
    assert (round(change.relative, 6), change.beyond_chance) == (-0.8, True)
    visitors = row(shown, "checkout.product_view").change
    assert visitors is not None
    assert (round(visitors.relative, 2), visitors.beyond_chance) == (0.0, False)
    assert row(await board(reader, Choice(HOUR)), "checkout.add_to_cart").change is None, "no hour before"


async def test_the_course_is_that_of_the_closed_minutes(redis_server: RedisServer, reader: Reader) -> None:
    """One value a closed minute, the newest last; a first step's are its sessions; a gap has no value."""
    await written(redis_server)
    shown = await board(reader, Choice(FIVE))
    assert list(row(shown, "checkout.add_to_cart").course) == [0.5] * 5 + [0.1] * 4
    assert list(row(shown, "checkout.product_view").course) == [40.0] * 9
    with client(redis_server) as other:
        key = "mc:history:checkout.add_to_cart:all"
        other.zremrangebyscore(key, BEGIN + 2 * MINUTE, BEGIN + 3 * MINUTE)
    fresh = Reader(redis_server.url, SUBJECT)
    course = row(await board(fresh, Choice(FIVE)), "checkout.add_to_cart").course
    assert list(course)[1:5] == [0.5, None, None, 0.5]
    await fresh.close()


async def test_only_watched_segments_have_minutes(redis_server: RedisServer, reader: Reader) -> None:
    """A watched segment has changes and minutes, another one only its window; the board says so."""
    await written(redis_server)
    watched = await board(reader, Choice(FIVE, "device=mobile"))
    assert watched.has_history
    assert row(watched, "checkout.add_to_cart", "device=mobile").change is not None
    other = await board(reader, Choice(FIVE, "source=google"))
    assert not other.has_history
    assert row(other, "checkout.add_to_cart", "source=google").rate.sessions == 200
    assert not row(other, "checkout.add_to_cart", "source=google").course
    unseen = await board(reader, Choice(FIVE, "device=toaster"))
    assert unseen.trouble is not None
    assert (
        unseen.trouble.text
        == "No session of device=toaster was seen; seen of device: desktop, mobile, tablet."
    )


async def test_new_minutes_are_read_when_they_close(redis_server: RedisServer, reader: Reader) -> None:
    """The same reader sees a minute as soon as the watermark has passed it."""
    async with Owner(redis_server) as owner:
        owner.commit(values(rates(minutes=4)))
        await owner.written()
        assert len(row(await board(reader, Choice(FIVE)), "checkout.add_to_cart").course) == 3
        owner.commit(values(rates(minutes=7)))
        await owner.written()
        assert len(row(await board(reader, Choice(FIVE)), "checkout.add_to_cart").course) == 6


async def test_a_worker_that_stopped_is_told(redis_server: RedisServer, reader: Reader) -> None:
    """Whatever any clock shows: the age of what Redis holds is the time since it was written."""
    await written(redis_server)
    with client(redis_server) as other:
        other.pexpire("mc:status", 3_600_000 - 95_000)
    shown = await board(reader, Choice(FIVE))
    assert shown.trouble is not None
    assert shown.trouble.kind == "stopped"
    assert "No worker has written for 95 s" in shown.trouble.text
    assert row(shown, "checkout.add_to_cart").rate.sessions == 200, "still shown"


async def test_a_worker_without_events_is_no_stopped_one(redis_server: RedisServer, reader: Reader) -> None:
    """A status without a watermark is of a worker that waits for its first event."""
    await written(redis_server, found={"mc:status": Hash({"workers": "1", "counted": "0"}, 3_600_000)})
    shown = await board(reader, Choice(FIVE))
    assert shown.trouble is not None
    assert shown.trouble.kind == "no_events"


@pytest.mark.parametrize(
    ("key", "field"), [("mc:status", "counted"), ("mc:rate:checkout.order:5m:all", "sessions")]
)
async def test_what_no_worker_wrote_is_told(
    redis_server: RedisServer, reader: Reader, key: str, field: str
) -> None:
    """Other programs' values under our keys are a sentence, not a crash, and nothing is made up of them."""
    with client(redis_server) as other:
        other.hset(key, field, "many")
        with pytest.raises(UnreadableError, match="not written by a worker"):
            await reader.read(Choice(FIVE))
        other.set(key, "text")
        with pytest.raises(UnreadableError, match="WRONGTYPE"):
            await reader.read(Choice(FIVE))


async def test_redis_away_and_back(redis_server: RedisServer, reader: Reader) -> None:
    """While Redis is away that is said, with what was there and its age; back, the same reader reads on."""
    observer, choice = Observer(SUBJECT, reader.where), Choice(FIVE)
    async with Owner(redis_server) as owner:
        owner.commit(values(rates()))
        await owner.written()
        reading = await reader.read(choice)
        observer.observe(reading, choice, reading.at_s)
        redis_server.stop()
        with pytest.raises(UnreadableError) as refused:
            await reader.read(choice)
        away = observer.observe(None, choice, reading.at_s + 20, str(refused.value))
        assert away.trouble is not None
        assert f"{reader.where} cannot be read: Connection refused." in away.trouble.text
        assert "What is shown is 20 s old." in away.trouble.text
        assert row(away, "checkout.add_to_cart").rate.sessions == 200
        assert facts(away, 1)["rates"] == [], "programs take nothing old for new"
        redis_server.start()

        async def back() -> bool:
            reading = await reader.read(choice)
            return observer.observe(reading, choice, reading.at_s).trouble is None

        await until(back, "the worker has written everything again, and it is read", within=20)
