"""The worker's own pages: health, readiness, metrics. A table of routes; later pages are lines in it."""

import asyncio
import errno
import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

Ready = Callable[[], tuple[bool, dict[str, Any]]]
"""Says whether the worker has joined and recovered, and what else is to be known of it."""

Exposition = Callable[[str], tuple[bytes, str]]
"""Returns the metrics and their content type, for what the client accepts."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class ListenError(OSError):
    """The pages cannot be served where they should be; the text names key, found, wanted."""


class WebServer:
    """Serves the worker's pages.

    Attributes:
        port: Where it listens; known after :meth:`start` if a free one was asked for.
    """

    def __init__(self, host: str, port: int, ready: Ready, metrics: Exposition) -> None:
        self.host = host
        self.port = port
        self._ready = ready
        self._metrics = metrics
        self._runner: web.AppRunner | None = None
        self._routes: dict[str, Handler] = {
            "/health": self._health,
            "/ready": self._readiness,
            "/metrics": self._exposition,
        }

    async def start(self) -> None:
        """Begin to listen.

        Raises:
            ListenError: Somebody else does, it is not allowed, or the address is not of this machine.
        """
        app = web.Application()
        for path, handler in self._routes.items():
            app.router.add_get(path, handler)
        app.router.add_route("*", "/{path:.*}", self._not_found)
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self.host, self.port)
        try:
            await site.start()
        except OSError as error:
            await self.stop()
            raise self._cannot_listen(error) from None
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Stop listening."""
        if self._runner is not None:
            runner, self._runner = self._runner, None
            await runner.cleanup()

    def _cannot_listen(self, error: OSError) -> ListenError:
        where = f"{self.host}:{self.port}"
        if error.errno == errno.EADDRINUSE:
            return ListenError(f"web.port: {where} is in use; wanted: another, or 0 for any free one")
        if error.errno in (errno.EACCES, errno.EPERM):
            return ListenError(f"web.port: {where} is not allowed; wanted: a port from 1024 on")
        return ListenError(
            f"web.host: cannot listen on {where} ({error.strerror or error});"
            " wanted: an address of this machine, such as 127.0.0.1, or 0.0.0.0 for all"
        )

    async def _health(self, _: web.Request) -> web.Response:
        return _json({"status": "alive"})

    async def _readiness(self, _: web.Request) -> web.Response:
        ready, detail = self._ready()
        return _json({"ready": ready, **detail}, 200 if ready else 503)

    async def _exposition(self, request: web.Request) -> web.Response:
        body, content_type = self._metrics(request.headers.get("Accept", ""))
        await asyncio.sleep(0)  # writing the metrics took a while: let chunks and flushes come first
        return web.Response(body=body, headers={"Content-Type": content_type})

    async def _not_found(self, request: web.Request) -> web.Response:
        if request.path in self._routes:
            problem = _json({"error": f"{request.method} is not for {request.path}; wanted: GET"}, 405)
            problem.headers["Allow"] = "GET, HEAD"
            return problem
        return _json({"error": f"no page {request.path}", "pages": sorted(self._routes)}, 404)


def _json(content: dict[str, Any], status: int = 200) -> web.Response:
    return web.Response(text=json.dumps(content) + "\n", content_type="application/json", status=status)
