"""Looking at a reply's body leaves it as if nobody had looked."""

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web

from betamw.middlewares.reply import LONGEST, _is_paused, look_at_body


async def _text_after_read(response):
    return await response.read(), await response.text()


# Each way to read a reply, as one line; what it gives is compared with and without a look.
WAYS = {
    "read": lambda r: r.read(),
    "text": lambda r: r.text(),
    "json": lambda r: r.json(),
    "read twice": _text_after_read,
    "content.read": lambda r: r.content.read(),
    "content.read(3)": lambda r: r.content.read(3),
    "content.readexactly": lambda r: r.content.readexactly(5),
    "content.readany": lambda r: r.content.readany(),
    "content.readline": lambda r: r.content.readline(),
    "content.readchunk": lambda r: r.content.readchunk(),
    "iter_chunked": lambda r: _all(r.content.iter_chunked(4)),
    "iter_any": lambda r: _all(r.content.iter_any()),
    "iter_chunks": lambda r: _all(r.content.iter_chunks()),
    "lines": lambda r: _all(r.content),
    "total_bytes": lambda r: _value(r.content.total_bytes),
    "at_eof": lambda r: _value((r.content.is_eof(), r.content.at_eof())),
}


async def _all(iterator):
    return [item async for item in iterator]


async def _value(value):
    return value


BODIES = {
    "empty": [],
    "one byte": [b"7"],
    "json": [b'{"error": "x"}\n'],
    "lines": [b'{"a":\n', b"1,\n\n", b'"b": 2}'],
    "just at the limit": [b'"' + b"x" * (LONGEST - 2) + b'"'],
}


@pytest_asyncio.fixture
async def url() -> AsyncIterator[str]:
    """A server that answers `/plain/NAME` with a length and `/chunked/NAME` chunk by chunk."""

    async def plain(request):
        return web.Response(
            status=400, body=b"".join(BODIES[request.match_info["name"]]), content_type="application/json"
        )

    async def chunked(request):
        response = web.StreamResponse(status=400, headers={"Content-Type": "application/json"})
        response.enable_chunked_encoding()
        await response.prepare(request)
        for chunk in BODIES[request.match_info["name"]]:
            await response.write(chunk)
        return response

    async def forever(request):
        response = web.StreamResponse(status=400)
        await response.prepare(request)
        while True:
            await response.write(b"x" * int(request.query["size"]))
            await asyncio.sleep(0.01)

    async def late(request):
        response = web.StreamResponse(status=400)
        await response.prepare(request)
        await response.write(b"early, ")
        await asyncio.sleep(0.1)
        await response.write(b"late")
        return response

    async def cut(request):
        response = web.StreamResponse(status=400, headers={"Content-Length": "100"})
        await response.prepare(request)
        await response.write(b"line\nrest")
        request.transport.close()
        return response

    async def crumbs(request):
        response = web.StreamResponse(status=400)
        response.enable_chunked_encoding()
        await response.prepare(request)
        for _ in range(100):
            await response.write(b"x" * 10)
        await asyncio.sleep(60)

    app = web.Application()
    app.router.add_get("/plain/{name}", plain)
    app.router.add_get("/chunked/{name}", chunked)
    app.router.add_get("/forever", forever)
    app.router.add_get("/late", late)
    app.router.add_get("/cut", cut)
    app.router.add_get("/crumbs", crumbs)
    runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def reading(url, way, *, look):
    """What a caller sees who reads in this way: the value, or the error."""
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        if look:
            assert await look_at_body(response) is not None
        else:
            # What arrives piece by piece is read piece by piece.
            while not response.content.is_eof():  # noqa: ASYNC110  there is no event to wait for
                await asyncio.sleep(0.001)
        try:
            return await WAYS[way](response)
        except Exception as error:  # noqa: BLE001  the error is what is compared
            return repr(error)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("framing", ["plain", "chunked"])
async def test_every_way_of_reading_gives_the_same(url, framing, name, way):
    """After a look each way of reading gives what it gives without."""
    at = f"{url}/{framing}/{name}"
    assert await reading(at, way, look=False) == await reading(at, way, look=True)


async def test_the_body_is_what_was_looked_at(url):
    """The look gives the whole body."""
    async with aiohttp.ClientSession() as session, session.get(f"{url}/chunked/lines") as response:
        assert b"".join(BODIES["lines"]) == await look_at_body(response)


async def test_a_second_look_sees_the_same(url):
    """A look takes nothing away from the next."""
    async with aiohttp.ClientSession() as session, session.get(f"{url}/chunked/lines") as response:
        assert await look_at_body(response) == await look_at_body(response)


@pytest.mark.parametrize(("size", "patience"), [(10, 0.1), (LONGEST, 5.0)])
async def test_an_endless_body_is_handed_on_unread(url, size, patience):
    """A body that is too slow or too long is given up in a small time, and the caller reads it from its start."""
    async with aiohttp.ClientSession() as session, session.get(f"{url}/forever?size={size}") as response:
        async with asyncio.timeout(2):
            assert await look_at_body(response, patience=patience) is None
        assert b"x" * size == await response.content.readexactly(size)


async def test_a_body_that_comes_later_is_waited_for(url):
    """The rest of a body that comes within the patience is part of the look."""
    async with aiohttp.ClientSession() as session, session.get(f"{url}/late") as response:
        assert not response.content.is_eof()
        assert (b"early, late", b"early, late") == (await look_at_body(response), await response.content.read())


async def test_no_body_at_all(url):
    """The reply to a HEAD has none; the stream that all such replies share is left alone."""
    async with aiohttp.ClientSession() as session, session.head(f"{url}/plain/json") as response:
        shared = response.content
        assert (b"", True) == (await look_at_body(response), response.content is shared)


BROKEN_WAYS = {
    "read": lambda r: r.read(),
    "content.read": lambda r: r.content.read(),
    "content.readexactly": lambda r: r.content.readexactly(50),
    "wait_eof": lambda r: r.content.wait_eof(),
    "second line": lambda r: _all(r.content),
}


@pytest.mark.parametrize("way", BROKEN_WAYS)
async def test_a_body_that_is_cut_is_handed_on(url, way):
    """A broken body is given up at once, and the caller meets the break itself, as often as it tries."""
    async with aiohttp.ClientSession() as session, session.get(f"{url}/cut") as response:
        async with asyncio.timeout(0.9):
            assert await look_at_body(response) is None
        for _ in range(2):
            with pytest.raises(aiohttp.ClientPayloadError):
                await BROKEN_WAYS[way](response)


async def test_what_came_before_the_cut_can_be_read(url):
    """Who streams a body that is cut gets what came of it, and then the break."""
    async with aiohttp.ClientSession() as session, session.get(f"{url}/cut") as response:
        await look_at_body(response)
        assert (b"line\n", b"rest") == (await response.content.readline(), await response.content.readany())
        with pytest.raises(aiohttp.ClientPayloadError):
            await response.content.readany()


async def test_a_body_that_was_read_in_part_is_left_alone(url):
    """What another middleware has read of the body is gone; the rest is not judged, and not lost."""
    async with aiohttp.ClientSession() as session, session.get(f"{url}/plain/json") as response:
        await response.content.readexactly(3)
        assert (None, b"".join(BODIES["json"])[3:]) == (await look_at_body(response), await response.content.read())


async def test_a_cancelled_look_closes_the_response(url):
    """Nobody else can close it."""
    async with aiohttp.ClientSession() as session:
        response = await session.get(f"{url}/forever?size=1")
        task = asyncio.create_task(look_at_body(response, patience=60))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert response.closed


async def test_a_stand_in_for_a_response_is_left_alone():
    """A test double with a `content` of its own is not touched."""

    class Double:
        content = object()

    assert await look_at_body(Double()) is None


PAUSES_BY_CHUNKS = "_high_water_chunks" in aiohttp.StreamReader.__slots__  # newer versions of aiohttp


@pytest.mark.parametrize(
    "bufsize", [256, pytest.param(512, marks=pytest.mark.skipif(not PAUSES_BY_CHUNKS, reason="old"))]
)
async def test_a_body_in_crumbs_is_given_up_at_once(url, bufsize):
    """A stream of many bytes or HTTP chunks that nobody reads is paused: waiting for more of it would be in vain."""
    async with aiohttp.ClientSession(read_bufsize=bufsize) as session, session.get(f"{url}/crumbs") as response:
        async with asyncio.timeout(30):
            assert await look_at_body(response, patience=60) is None
            assert b"x" * 1000 == await response.content.readexactly(1000)


@pytest.mark.parametrize("transport", [None, object(), asyncio.Transport()])
def test_a_transport_need_not_tell_whether_it_reads(transport):
    """One that is gone, or of another's making, counts as reading."""
    assert not _is_paused(SimpleNamespace(connection=SimpleNamespace(transport=transport)))


@pytest.mark.parametrize("limit", [64, 4096])
async def test_a_body_beyond_a_small_buffer_is_given_up_at_once(url, limit):
    """A stream that aiohttp pauses, for nobody reads it, would never become whole."""
    async with aiohttp.ClientSession(read_bufsize=limit) as session:
        async with session.get(f"{url}/plain/just at the limit") as response:
            async with asyncio.timeout(0.9):
                await look_at_body(response)
            assert b"".join(BODIES["just at the limit"]) == await response.read()


async def test_a_timer_that_strikes_in_the_look_closes_the_response(url, monkeypatch):
    """Whatever comes up while the chunks are taken, the response is closed and the caller gets the error."""

    async def strike(self):
        raise TimeoutError

    async with aiohttp.ClientSession() as session:
        response = await session.get(f"{url}/plain/json")
        monkeypatch.setattr(aiohttp.StreamReader, "readchunk", strike)
        with pytest.raises(TimeoutError):
            await look_at_body(response)
        assert response.closed
