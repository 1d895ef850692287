"""What the ways of reading are made of."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final

from aiohttp import ClientResponse

_MANY: Final = 500_000  # the stream that all empty replies share gives `(b"", True)` for ever, once it was read
Step = Callable[[], object]


async def tried(step: Step) -> object:
    """What it gives, awaited where it can be, or the error."""
    try:
        given = step()
        return await given if isinstance(given, Awaitable) else given
    except Exception as error:  # noqa: BLE001  the error is what is compared
        return error


async def in_turn(*steps: Step) -> list[object]:
    """What each step gives, or its error."""
    return [await tried(step) for step in steps]


async def taken(items: AsyncIterator[Any], most: int = _MANY) -> list[Any]:
    """The items, not more than so many."""
    got: list[Any] = []
    async for item in items:
        got.append(item)
        if len(got) == most:
            break
    return got


async def joined(items: AsyncIterator[Any], most: int = 2**30) -> bytes:
    """The pieces as one, not more than so many bytes; of what `iter_chunks` gives, the bytes."""
    got = bytearray()
    async for item in items:
        got += item[0] if isinstance(item, tuple) else item
        if len(got) >= most or item == (b"", True):
            break
    return bytes(got[:most])


async def until_nothing(read: Callable[[], Awaitable[bytes]]) -> bytes:
    """All that it gives until it gives nothing, as one."""
    got = bytearray()
    while piece := await read():
        got += piece
    return bytes(got)


async def arrived(response: ClientResponse) -> ClientResponse:
    """The response, once its body is whole or broken."""
    content = response.content
    async with asyncio.timeout(30):
        while not content.is_eof() and content.exception() is None:  # noqa: ASYNC110  no event tells of both
            await asyncio.sleep(0.001)
    return response


async def http_chunks(response: ClientResponse) -> list[bytes]:
    """The HTTP chunks of a body that is there, whatever pieces they came in."""
    chunks, open_ = [], b""
    for data, ends in await taken((await arrived(response)).content.iter_chunks(), 1000):
        open_ += data
        if ends:
            chunks.append(open_)
            open_ = b""
    return [*chunks, open_]


async def all_there(response: ClientResponse) -> object:
    """Without waiting."""
    content = (await arrived(response)).content
    return content.read_nowait(5), content.read_nowait()


async def counted(response: ClientResponse) -> object:
    """What the stream tells of itself."""
    content = (await arrived(response)).content
    raw = getattr(content, "total_raw_bytes", None)  # since aiohttp 3.14
    return content.is_eof(), content.at_eof(), content.total_bytes, raw, content.exception()


async def two_readers(response: ClientResponse) -> object:
    """Two tasks at one body that is there."""
    content = (await arrived(response)).content
    return await asyncio.gather(content.read(), content.read(), return_exceptions=True)


async def waiting_for_eof(response: ClientResponse) -> object:
    """A stream that is broken would keep `wait_eof` for ever."""
    content = (await arrived(response)).content
    return content.exception() or await in_turn(content.wait_eof, content.read)


async def told_of_eof(response: ClientResponse) -> object:
    """When the callbacks come, and how often."""
    told: list[str] = []
    response.content.on_eof(lambda: told.append("first"))
    outcome = await tried(response.content.read)
    response.content.on_eof(lambda: told.append("second"))
    return outcome, told


async def in_context(response: ClientResponse) -> bytes:
    """A context of the caller's own."""
    async with response as entered:
        return await entered.read()


async def cancelled(response: ClientResponse, go: Step) -> object:
    """A read that is given up in the middle, and another."""
    async with asyncio.timeout(30):
        while not response.content.total_bytes:  # noqa: ASYNC110  what has come is for the reader to take
            await asyncio.sleep(0.001)
    reading = asyncio.create_task(response.content.read())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    reading.cancel()
    outcome = await asyncio.gather(reading, return_exceptions=True)
    go()
    return outcome, await response.content.read()


async def first_then_all(first: Callable[[], Awaitable[object]], go: Step, response: ClientResponse) -> object:
    """What comes before the server goes on, and the rest."""
    got = await first()
    go()
    return got, await response.content.read()
