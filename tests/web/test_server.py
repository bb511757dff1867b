import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from prometheus_client import CollectorRegistry, Gauge
from prometheus_client.exposition import choose_encoder
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from stream.web.server import ListenError, WebServer

PAGES = ["/health", "/metrics", "/ready"]


def not_ready() -> tuple[bool, dict[str, Any]]:
    """Say what a worker says that has not joined yet."""
    return False, {"redis": {"connected": False, "error": "connection refused"}}


def exposition(accept: str) -> tuple[bytes, str]:
    """Expose one gauge, in the format that is accepted."""
    registry = CollectorRegistry()
    Gauge("conversion_ratio", "a ratio", ["step"], registry=registry).labels("order é").set(0.125)
    encode, content_type = choose_encoder(accept)
    return encode(registry), content_type


@asynccontextmanager
async def serving(
    ready: Callable[[], tuple[bool, dict[str, Any]]] = not_ready, host: str = "127.0.0.1"
) -> AsyncIterator[aiohttp.ClientSession]:
    """Serve on a free port, and give a client of it."""
    server = WebServer(host, 0, ready, exposition)
    await server.start()
    try:
        async with aiohttp.ClientSession(f"http://{host}:{server.port}") as client:
            yield client
    finally:
        await server.stop()


async def test_health_says_that_the_process_lives() -> None:
    """Whether the worker is ready or not, the process is alive."""
    async with serving() as client, client.get("/health") as answer:
        assert answer.status == 200
        assert await answer.json() == {"status": "alive"}


async def test_ready_follows_the_worker() -> None:
    """503 until it has joined and recovered, then 200; Redis being away is told and does not matter."""
    joined = False

    def ready() -> tuple[bool, dict[str, Any]]:
        return joined, {"redis": {"connected": False, "error": "connection refused"}}

    async with serving(ready) as client:
        for joined, status in ((False, 503), (True, 200), (False, 503)):
            async with client.get("/ready") as answer:
                assert answer.status == status
                found = await answer.json()
                assert found["ready"] is joined
                assert found["redis"] == {"connected": False, "error": "connection refused"}


@pytest.mark.parametrize(
    ("accept", "content_type", "parse"),
    [
        (None, "text/plain; version=0.0.4; charset=utf-8", parse_text),
        ("text/plain;version=0.0.4", "text/plain; version=0.0.4; charset=utf-8", parse_text),
        ("application/openmetrics-text;version=1.0.0", "application/openmetrics-text", parse_openmetrics),
    ],
)
async def test_metrics_come_in_the_format_that_is_asked_for(
    accept: str | None, content_type: str, parse: Callable[[str], Any]
) -> None:
    """Prometheus' text format, and OpenMetrics for whom accepts it; each is what it says it is."""
    headers = {} if accept is None else {"Accept": accept}
    async with serving() as client, client.get("/metrics", headers=headers) as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"].startswith(content_type)
        (family,) = parse(await answer.text())
        assert [(s.labels, s.value) for s in family.samples] == [({"step": "order é"}, 0.125)]


@pytest.mark.parametrize("path", ["/", "/metric", "/metrics/", "/api/rates", "/%C3%A9"])
async def test_an_unknown_page_lists_the_known_ones(path: str) -> None:
    """Whoever mistypes an address is told which there are, as JSON."""
    async with serving() as client, client.get(path) as answer:
        assert answer.status == 404
        assert (await answer.json())["pages"] == PAGES


async def test_pages_are_for_reading() -> None:
    """GET and HEAD, nothing else."""
    async with serving() as client:
        for page in PAGES:
            async with client.post(page, data=b"x") as answer:
                assert answer.status == 405
                assert answer.headers["Allow"] == "GET, HEAD"
                assert "wanted: GET" in (await answer.json())["error"]
        async with client.head("/health") as answer:
            assert answer.status == 200


async def test_an_error_is_that_request_s_alone() -> None:
    """A page that fails answers 500, and the next request is served."""
    failures = [ZeroDivisionError()]

    def ready() -> tuple[bool, dict[str, Any]]:
        if failures:
            raise failures.pop()
        return True, {}

    async with serving(ready) as client:
        for status in (500, 200):
            async with client.get("/ready") as answer:
                assert answer.status == status


async def test_a_port_in_use_is_told_in_a_sentence() -> None:
    """The error names the key of the configuration, the address and what helps, and nothing stays open."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        server = WebServer("127.0.0.1", port, not_ready, exposition)
        with pytest.raises(
            ListenError, match=rf"web\.port: 127\.0\.0\.1:{port} is in use; wanted: .*0 for any"
        ):
            await server.start()
    await server.start()  # the port is free now
    await server.stop()


async def test_a_foreign_address_is_told_in_a_sentence() -> None:
    """An address of another machine, or a name that is none."""
    for host in ("203.0.113.1", "no-such-host.invalid"):
        with pytest.raises(ListenError, match=rf"web\.host: .*{host}.*wanted: an address of this machine"):
            await WebServer(host, 0, not_ready, exposition).start()


async def test_stopping_twice_or_before_starting_is_no_error() -> None:
    """The worker may end at any time."""
    server = WebServer("127.0.0.1", 0, not_ready, exposition)
    await server.stop()
    await server.start()
    await server.stop()
    await server.stop()
    with pytest.raises(aiohttp.ClientConnectorError):
        async with aiohttp.ClientSession() as client:
            await client.get(f"http://127.0.0.1:{server.port}/health")


async def test_no_line_of_log_for_each_request(caplog: pytest.LogCaptureFixture) -> None:
    """Scrapes and probes come every few seconds: they leave no trace in the log."""
    with caplog.at_level("DEBUG", logger="aiohttp"):
        async with serving() as client:
            for page in [*PAGES, "/nowhere"]:
                async with client.get(page) as answer:
                    await answer.read()
    assert [r for r in caplog.records if r.name.startswith("aiohttp")] == []


async def test_what_is_told_is_valid_json() -> None:
    """Whatever the worker's names contain, answers can be parsed, and end in a newline."""
    detail = {"error": 'a "quoted" \\ \x00 é \U0001f600'}
    async with serving(lambda: (True, detail)) as client, client.get("/ready") as answer:
        text = await answer.text()
        assert text.endswith("\n")
        assert json.loads(text) == {"ready": True, **detail}
