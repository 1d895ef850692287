"""What a caller sees of a call, and what the call leaves behind."""

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from typing import Any, TypeVar

import aiohttp
import attrs
from aiohttp.helpers import TimeoutHandle

import betamw
from betamw.testing import SimulatedApi
from support.waiting import until

_OF_SERVERS = ("RequestHandler.", "hasty_server.")  # they run in the same loop
T = TypeVar("T")
LONG = aiohttp.ClientTimeout(total=3600)


@attrs.frozen
class Seen:
    """A call as its caller sees it.

    Attributes:
        status: The status of the reply, if one came.
        headers: Its header lines, but for the date.
        body: The bytes of the body that came.
        error: The class of the error that ended it.
    """

    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    error: type[BaseException] | None = None


async def see(session: aiohttp.ClientSession, url: str, *betas: str, method: str = "POST", **more: Any) -> Seen:
    """Make a call, by default post a message, and read the reply as it comes."""
    headers = {"anthropic-beta": ",".join(betas)} if betas else {}
    path = "/v1/messages" if method == "POST" else "/v1/models"
    seen, body = Seen(), bytearray()
    try:
        settings = {"timeout": LONG, "json": {}, "headers": headers} | more
        async with session.request(method, url + path, **settings) as reply:
            lines = tuple((name, value) for name, value in reply.headers.items() if name != "Date")
            seen = Seen(reply.status, lines)
            async for piece in reply.content.iter_any():
                body += piece
    except Exception as error:  # noqa: BLE001  what it is gets compared
        return attrs.evolve(seen, body=bytes(body), error=type(error))
    return attrs.evolve(seen, body=bytes(body))


ENDLESS = ("no-answer", "endless-interim")
"""The faults of which only a timeout is the end."""


async def strike(call: Awaitable[T], api: SimulatedApi, fault: str, number: int) -> T:
    """Let a call end; where the reply to the request of this number never comes, by its total timeout."""
    task = asyncio.ensure_future(call)
    if fault in ENDLESS:
        await until(lambda: len(api.requests) >= number or task.done())
        strike_total_timeout()
    async with asyncio.timeout(30):
        return await task


def strike_total_timeout() -> None:
    """Let the total timeout of all calls under way strike now, so that no test need wait for it."""
    loop: Any = asyncio.get_running_loop()
    for handle in [*loop._scheduled]:
        timer = getattr(handle._callback, "__self__", None)
        if isinstance(timer, TimeoutHandle):
            handle.cancel()
            timer()


async def left_by(session: aiohttp.ClientSession) -> dict[str, object]:
    """What calls that are over have left behind: connections, tasks, leases; nothing, if all is well."""
    with suppress(TimeoutError):
        await until(lambda: not _tasks(), seconds=5.0)
    fallbacks = [each for each in session._middlewares if isinstance(each, betamw.FallbackMiddleware)]
    memories = [each.memory for each in fallbacks if each.memory is not None]
    found: dict[str, object] = {
        "connections": session.connector._acquired if session.connector is not None else (),
        "tasks": _tasks(),
        "calls that wait for a connection": [each._under_way for each in fallbacks if each._under_way],
        "leases": [held for memory in memories for held in memory._shelf if held[2].leases or not held[2].lasts],
    }
    return {name: what for name, what in found.items() if what}


def _tasks() -> list[object]:
    """The coroutines of the client's tasks, this one's excepted."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    names = [getattr(task.get_coro(), "__qualname__", "") for task in tasks]
    return [name for name in names if not name.startswith(_OF_SERVERS)]
