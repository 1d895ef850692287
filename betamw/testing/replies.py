"""A reply of `aioresponses` as the response that aiohttp makes of a real one, and a request as it leaves for the wire.

Facts: aiohttp has no public way to make a `ClientResponse`; what it fills in when it reads one is private, and
`stream_writer` came with 3.14 (aioresponses 0.7.9 does not know it, and fails there by itself).
`tests/testing/test_run_middlewares.py` guards what is used here.
"""

import asyncio
import inspect
import json
from types import SimpleNamespace
from typing import Any, Final

import attrs
from aiohttp import ClientRequest, ClientResponse, HttpVersion11, StreamReader, hdrs, payload
from aiohttp.client_proto import ResponseHandler
from multidict import CIMultiDict, CIMultiDictProxy

_TAKES_STREAM_WRITER: Final = "stream_writer" in inspect.signature(ClientResponse.__init__).parameters
_LIMIT: Final = 2**16


@attrs.define(eq=False)
class Wire:
    """Where a body is written to: a stand-in for aiohttp's stream writer."""

    sent: bytearray = attrs.field(factory=bytearray)

    @property
    def output_size(self) -> int:
        """How many bytes were written."""
        return len(self.sent)

    async def write(self, chunk: bytes) -> None:
        """Take a piece of the body."""
        self.sent += chunk

    @classmethod
    async def of(cls, request: ClientRequest) -> "Wire":
        """Write the request's body, so that it is used up exactly where sending it would use it up."""
        wire, body = cls(), request.body
        if isinstance(body, payload.Payload):
            to: Any = wire
            await body.write_with_length(to, None)
        else:
            wire.sent += body
        return wire


def begun(request: ClientRequest, wire: Wire, kind: type[ClientResponse]) -> ClientResponse:
    """The response to a request that is sent, before anything of it has come; it is at `request.response`, too."""
    more: dict[str, Any] = {"stream_writer": wire} if _TAKES_STREAM_WRITER else {}
    more["timer"] = None  # nobody ever waits for its body
    response = kind(
        request.method,
        request.original_url,
        writer=None,
        continue100=None,
        request_info=request.request_info,
        traces=[],
        loop=asyncio.get_running_loop(),
        session=request.session,
        **more,
    )
    of: Any = request  # typed by aiohttp for None only
    of.response = response
    return response


def fill(response: ClientResponse, reply: SimpleNamespace) -> None:
    """Put in what came: `reply` has the arguments of aioresponses' own way to build a response."""
    headers = CIMultiDict({hdrs.CONTENT_TYPE: reply.content_type})
    headers.update(reply.headers or {})
    body = reply.body if reply.payload is None else json.dumps(reply.payload)
    response.version, response.status, response.reason = HttpVersion11, reply.status, reply.reason
    response.content = _stream(body if isinstance(body, bytes) else body.encode())
    inside: Any = response
    inside._headers = CIMultiDictProxy(headers)  # noqa: SLF001  see above
    inside._raw_headers = tuple((name.encode(), value.encode()) for name, value in headers.items())  # noqa: SLF001
    cookies = headers.getall(hdrs.SET_COOKIE, ())
    if hasattr(response, "_raw_cookie_headers"):
        inside._raw_cookie_headers = tuple(cookies)  # noqa: SLF001
    else:  # before aiohttp 3.12.4
        for cookie in cookies:
            response.cookies.load(cookie)


def _stream(body: bytes) -> StreamReader:
    loop = asyncio.get_running_loop()
    # All of it is there at once; over its limit the stream would pause a connection that is none.
    stream = StreamReader(ResponseHandler(loop), max(_LIMIT, len(body)), loop=loop)
    stream.feed_data(body)
    stream.feed_eof()
    return stream
