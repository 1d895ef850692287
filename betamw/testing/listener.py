"""Where the simulated API listens: on a port of 127.0.0.1 that stays its own."""

import os
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final, Self

import attrs
from aiohttp import web

_HOST: Final = "127.0.0.1"
_SHUTDOWN_SECONDS: Final = 0.1


@attrs.define(eq=False)
class Listener:
    """A running server.

    Attributes:
        url: Its origin.
    """

    url: str
    _port: int
    _runner: web.AppRunner
    _ssl_context: ssl.SSLContext | None
    _site: web.SockSite | None = None

    @classmethod
    async def start(
        cls, handle: Callable[[web.Request], Awaitable[web.StreamResponse]], ssl_context: ssl.SSLContext | None
    ) -> Self:
        """Let `handle` answer all requests to a free port."""
        app = web.Application(client_max_size=0)
        app.router.add_route("*", "/{path:.*}", handle)
        runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=_SHUTDOWN_SECONDS)
        bound = _bind(0)
        port = bound.getsockname()[1]
        started = cls(f"{'https' if ssl_context else 'http'}://{_HOST}:{port}", port, runner, ssl_context)
        try:
            await runner.setup()
            await started._listen(bound)
        except BaseException:
            bound.close()
            await runner.cleanup()
            raise
        return started

    async def stop(self) -> None:
        """Listen no more, and close all connections."""
        await self._runner.cleanup()

    @asynccontextmanager
    async def down(self) -> AsyncIterator[None]:
        """Listen not, and close all connections; afterwards listen on the same port again."""
        if self._site is None:
            msg = "this SimulatedApi is down already"
            raise RuntimeError(msg)
        await self._site.stop()
        self._site = None
        bound = _bind(self._port)  # a port that is bound refuses connections, and is given to nobody else
        try:
            server = self._runner.server
            for connection in server.connections if server is not None else ():
                connection.force_close()
            yield
        finally:
            if self._runner.server is None:  # stopped meanwhile
                bound.close()
            else:
                await self._listen(bound)

    async def _listen(self, bound: socket.socket) -> None:
        self._site = web.SockSite(self._runner, bound, ssl_context=self._ssl_context)
        await self._site.start()


def _bind(port: int) -> socket.socket:
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if os.name == "posix":  # elsewhere it lets others take the port
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((_HOST, port))
    except BaseException:
        bound.close()
        raise
    return bound
