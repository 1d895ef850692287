"""A simulated API in a thread of its own: for whatever event loop a test has, and for tests that have none.

So one fixture serves pytest-asyncio, pytest-aiohttp, anyio and plain functions, whatever the scope of their loops; and
an application that blocks (the synchronous SDK, say) gets its answers, too.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from threading import Thread
from typing import Any

import attrs

from betamw.testing.server import SimulatedApi


@attrs.define(eq=False)
class _Threaded(SimulatedApi):
    """What a test calls directly changes plain attributes; only what has to wait goes to the loop of the server."""

    _loop: asyncio.AbstractEventLoop = attrs.field(kw_only=True, repr=False, alias="loop")

    def down(self) -> AbstractAsyncContextManager[None]:
        return self._down(super().down())

    @asynccontextmanager
    async def _down(self, down: AbstractAsyncContextManager[None]) -> AsyncIterator[None]:
        await self._there(down.__aenter__())
        try:
            yield
        finally:
            await self._there(down.__aexit__(None, None, None))

    async def _there(self, waiting: Coroutine[Any, Any, Any]) -> None:
        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(waiting, self._loop))


@contextmanager
def in_thread() -> Iterator[SimulatedApi]:
    """Run a simulated API in a thread until the block ends."""
    started: Future[tuple[_Threaded, asyncio.Event]] = Future()
    thread = Thread(target=_run, args=(started,), name="betamw-simulated-api", daemon=True)
    thread.start()
    api, ended = started.result()
    try:
        yield api
    finally:
        api._loop.call_soon_threadsafe(ended.set)  # noqa: SLF001  of this module
        thread.join()


def _run(started: "Future[tuple[_Threaded, asyncio.Event]]") -> None:
    try:
        with asyncio.Runner() as runner:  # unlike `asyncio.run`, it has its loop before there is a coroutine
            runner.run(_serve(started))
    except BaseException as error:
        if started.done():
            raise
        started.set_exception(error)


async def _serve(started: "Future[tuple[_Threaded, asyncio.Event]]") -> None:
    ended = asyncio.Event()
    async with _Threaded(loop=asyncio.get_running_loop()) as api:
        started.set_result((api, ended))
        await ended.wait()
