"""The transport of an SDK client: httpx-aiohttp's, with what an SDK needs to get along with the middlewares.

- A refusal that a strict policy raises is a reply again: the SDK would take the error for a broken connection and send
  the call three times.
- A body of moderate size can be sent twice: httpx2 streams uploads and what a redirect repeats, though they lie in
  memory mostly.
- A connection that cannot be made or breaks is a `ConnectError`, as with the SDK's own copy of httpx-aiohttp. The
  original makes a `ConnectTimeout` of it, and the SDK an `APITimeoutError` of that.
"""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

import aiohttp
import attrs
import httpx2
from aiohttp import ClientHandlerType, ClientRequest, ClientResponse, hdrs
from httpx_aiohttp.httpx2 import AiohttpTransport

from betamw.errors import BetaRejectedError
from betamw.integrations.sdk_api import Sending, current
from betamw.middlewares.api import Api

LARGEST_UPLOAD: Final = 16 * 2**20
"""Bytes of a body that are held in memory until the reply is there."""

REPLY: Final = "betamw.reply"
"""The extension of a response that holds aiohttp's, by which `betamw.usage` knows it; None without `noting`."""
ERROR: Final = "betamw.error"
"""The extension of a response that holds the error which a strict policy has raised."""

_OF_THE_CODING: Final = frozenset(
    name.lower() for name in (hdrs.CONTENT_ENCODING, hdrs.CONTENT_LENGTH, hdrs.TRANSFER_ENCODING)
)


async def noting(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
    """Note the response for the transport; the outermost of the session's middlewares."""
    response = await handler(request)
    if (sending := current.get()) is not None:
        sending.reply = response
    return response


@attrs.frozen(eq=False)
class SdkTransport(httpx2.AsyncBaseTransport):
    """Sends by `inner`, and says to the middlewares of its session for which API."""

    inner: AiohttpTransport
    api_of: Callable[[httpx2.Request], Api | None]

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request; raises httpx2's errors."""
        sending = Sending(self.api_of(request))
        token = current.set(sending)
        try:
            with _as_the_sdk_does():
                resendable = request if sending.api is None else await _resendable(request)
                response = await self.inner.handle_async_request(resendable)
            response.extensions[REPLY] = sending.reply
        except BetaRejectedError as error:
            return _reply(error)
        finally:
            sending.reply = None  # timers of aiohttp's have copied the context
            with suppress(ValueError):  # a request that is closed from outside, as by the end of its loop
                current.reset(token)
        return response

    async def aclose(self) -> None:
        """Close the session."""
        await self.inner.aclose()


@contextmanager
def _as_the_sdk_does() -> Iterator[None]:
    try:
        yield
    except httpx2.ConnectTimeout as error:
        cause = error.__cause__
        if isinstance(cause, aiohttp.ClientConnectionError) and not isinstance(cause, TimeoutError):
            raise httpx2.ConnectError(str(error)) from cause
        raise


class _Upload(io.BytesIO, httpx2.AsyncByteStream):
    """Bytes that aiohttp does not warn of, however many they are, and that it can send again."""


async def _resendable(request: httpx2.Request) -> httpx2.Request:
    """The request with a body that can be sent twice, if it is not too long."""
    headers = request.headers
    length = headers.get("content-length", "")
    if _is_read(request) or not length.isdecimal() or int(length) > LARGEST_UPLOAD:
        return request
    content = await request.aread()
    if not headers.get("content-type", "").startswith("multipart/"):
        return request
    upload = _Upload(content)  # the original can follow a redirect now, too
    return httpx2.Request(request.method, request.url, headers=headers, stream=upload, extensions=request.extensions)


def _is_read(request: httpx2.Request) -> bool:
    try:
        _ = request.content
    except httpx2.RequestNotRead:
        return False
    return True


def _reply(error: BetaRejectedError) -> httpx2.Response:
    """The reply that refused, decoded."""
    headers = [(name, value) for name, value in (error.headers or {}).items() if name.lower() not in _OF_THE_CODING]
    # A stream, as of any reply: of content that is there from the start httpx2 never says how long it took.
    stream = httpx2.ByteStream(error.body)
    return httpx2.Response(error.status, headers=headers, stream=stream, extensions={ERROR: error})
