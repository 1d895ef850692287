"""A websocket through the chain is the websocket of a plain session."""

import base64
import hashlib
import re

import attrs
import pytest
import pytest_asyncio
from support.twice.both import Stage
from support.twice.proxy import Proxy
from support.twice.scenes import play
from support.twice.seen import same
from support.twice.server import Server

MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
KEY = re.compile(rb"Sec-WebSocket-Key: (\S+)")


@attrs.define(eq=False)
class Sockets(Server):
    """Says back what it is told; a handshake to `/plain/400` is answered with that."""

    async def _answer(self, request, reader, writer):
        key = KEY.search(request.raw).group(1)
        request.raw = request.raw.replace(key, b"...")
        if b"/plain/400" in request.raw:
            return await super()._answer(request, reader, writer)
        accept = base64.b64encode(hashlib.sha1(key + MAGIC, usedforsecurity=False).digest())
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n")
        writer.write(b"Set-Cookie: a=1\r\nSec-WebSocket-Accept: %s\r\n\r\n" % accept)
        while True:
            kind, length = await reader.readexactly(2)
            mask, data = await reader.readexactly(4), await reader.readexactly(length & 127)
            said = bytes(byte ^ mask[place % 4] for place, byte in enumerate(data))
            request.raw += bytes([kind]) + said
            writer.write(bytes([kind, len(said)]) + said)
            if kind & 15 == 8:
                return True


@pytest_asyncio.fixture
async def stage():
    """The server, with nothing around it."""
    async with Sockets() as server:
        yield Stage(server, Server(), Proxy())


async def both(stage, mode, scene):
    plainly = await play(stage, mode, scene, chained=False)
    requests = [request.raw for request in stage.server.requests]
    with_chain = await play(stage, mode, scene, chained=True)
    return (plainly, requests), (with_chain, [request.raw for request in stage.server.requests])


@pytest.mark.parametrize("mode", ["another origin", "no beta", "a beta that is taken"])
async def test_a_websocket(stage, mode):
    """The same bytes go out, the same messages come back, and its response is seen as ever."""

    async def scene(caller):
        url = f"{caller.stage.server.url}/socket"
        headers = caller.mode.headers(chained=caller.chained)
        async with caller.session.ws_connect(url, headers=headers, protocols=["a"]) as socket:
            await socket.send_str("hello")
            await socket.ping(b"?")
            await socket.send_bytes(b"\0")
            said = [tuple(await socket.receive())[:2] for _ in range(2)]
            code = await socket.close(code=1001, message=b"bye")
        return said, code, socket.close_code, socket._response.status, socket._response.cookies.output()

    plainly, with_chain = await both(stage, mode, scene)
    assert plainly == with_chain
    assert b"hello" in plainly[1][0]


@pytest.mark.parametrize("mode", ["another origin", "no beta", "a beta that is taken"])
async def test_a_handshake_that_fails(stage, mode):
    """The error is that of a plain session."""

    async def scene(caller):
        try:
            await caller.session.ws_connect(
                f"{caller.stage.server.url}/plain/400", headers=caller.mode.headers(chained=caller.chained)
            )
        except Exception as error:  # noqa: BLE001  the error is what is compared
            return error

    plainly, with_chain = await both(stage, mode, scene)
    assert same(plainly, with_chain), (plainly, with_chain)
    assert "WSServerHandshakeError" == plainly[0][0][0].__name__
