"""How the replies of the simulated API go out."""

import asyncio
import zlib

import aiohttp
import pytest
from support.waiting import until

from betamw.testing import SimulatedApi

pytestmark = pytest.mark.asyncio

BITS = {"gzip": 31, "deflate": 15}


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
@pytest.mark.parametrize("stream", [False, True])
async def test_encoding(session, encoding, stream):
    """Replies go out compressed, a stream too, and are what they would be without."""
    async with SimulatedApi(encoding=encoding) as api, aiohttp.ClientSession(auto_decompress=False) as raw:
        body = {"model": "m", "stream": stream}
        async with raw.post(api.base_url + "/v1/messages", json=body) as response:
            wire = await response.read()
        async with session.post(api.base_url + "/v1/messages", json=body) as decoded:
            text = await decoded.text()

    assert encoding == response.headers["Content-Encoding"]
    assert "Hello from the " in text
    assert len(text) == len(zlib.decompress(wire, BITS[encoding]))


async def test_encoded_error(send):
    """Errors go out compressed too."""
    async with SimulatedApi(refuses=["a"], encoding="gzip") as api:
        got = await send(api, "a")

    assert ("gzip", "invalid_request_error") == (got.headers["Content-Encoding"], got.decoded["error"]["type"])


async def test_encoded_by_the_test(send):
    """A literal reply that is encoded already is not encoded again."""
    packed = zlib.compress(b'{"a":1}')
    async with SimulatedApi(encoding="gzip") as api:
        api.respond_next(body=packed, headers={"content-encoding": "deflate"})
        got = await send(api)

    assert {"a": 1} == got.decoded


@pytest.mark.parametrize("stream", [False, True])
async def test_drip(session, stream):
    """A dripping body arrives in small pieces, and whole."""
    async with SimulatedApi(drip=0.001) as api:
        body = {"model": "m", "stream": stream}
        async with session.post(api.base_url + "/v1/messages", json=body) as response:
            pieces = [piece async for piece in response.content.iter_any()]

    assert len(pieces) > 1
    assert b"simulated API." in b"".join(pieces)


async def test_client_goes_away(session, send):
    """A client that leaves in the middle of a reply does no harm to the next one."""
    async with SimulatedApi(drip=60) as api:
        response = await session.post(api.base_url + "/v1/messages", json={})
        response.close()
        api.drip = 0.0
        got = await send(api)

    assert 200 == got.status


@pytest.mark.parametrize("fault", [None, "drip", "interim-flood"])
async def test_client_is_gone_at_once(caplog, fault):
    """A client that has not waited for its reply is no error of the server's to be logged."""
    async with SimulatedApi() as api:
        if fault:
            api.fail_next(fault)
        _, writer = await asyncio.open_connection("127.0.0.1", int(api.base_url.rpartition(":")[2]))
        writer.write(b"GET /v1/models HTTP/1.1\r\nHost: localhost\r\n\r\n")
        writer.transport.abort()
        await until(lambda: api.requests)
        await asyncio.sleep(0.01)
    assert [] == caplog.records


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("cut", [0, 10, 150])
async def test_cut(session, stream, cut):
    """The connection is cut after so many bytes of the body; the head arrives before."""
    got = bytearray()

    async def read(response):
        async for piece in response.content.iter_any():
            got.extend(piece)

    call = {"model": "m", "stream": stream}
    async with SimulatedApi(cut=cut) as api, session.post(api.base_url + "/v1/messages", json=call) as response:
        with pytest.raises(aiohttp.ClientPayloadError):
            await read(response)

    assert (200, cut) == (response.status, len(got))


async def test_cut_after_the_end(send):
    """A body that is not longer than the cut arrives whole, and its connection stays."""
    async with SimulatedApi() as api:
        whole = (await send(api)).body
        api.cut = len(whole)
        got = [await send(api) for _ in range(2)]

    assert 2 * [len(whole)] == [len(each.body) for each in got]


async def test_cut_while_dripping(session):
    """A slow reply is cut as well."""
    async with SimulatedApi(drip=0.001, cut=100) as api, session.get(api.base_url + "/v1/models") as response:
        with pytest.raises(aiohttp.ClientPayloadError):
            await asyncio.wait_for(response.read(), 5)

    assert 200 == response.status
