"""How a reply goes out: whole or in pieces, compressed, slowly, or not to its end."""

import asyncio
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Literal

import attrs
from aiohttp import web
from multidict import CIMultiDict

from betamw.testing.dialects import to_json

Encoding = Literal["gzip", "deflate"]
ENCODINGS: Final[tuple[Encoding, ...]] = ("gzip", "deflate")

_WINDOW_BITS: Final = {"gzip": 31, "deflate": 15}
_DRIP_BYTES: Final = 64
_NO_BODY: Final = frozenset({204, 304})


@attrs.frozen
class Reply:
    """A reply before its delivery.

    Attributes:
        status: The HTTP status.
        pieces: The body, in the pieces that are written one by one: a document is one, an event stream has one for
            each event.
        content_type: The Content-Type, where `headers` do not give one.
        headers: Other headers.
        streamed: Whether it goes out in chunks, without a Content-Length.
    """

    status: int
    pieces: tuple[bytes, ...] = ()
    content_type: str = "application/json"
    headers: Mapping[str, str] = attrs.field(factory=dict)
    streamed: bool = False

    @classmethod
    def json(cls, value: object, status: int = 200) -> "Reply":
        """A JSON document."""
        return cls(status, (to_json(value).encode(),))


@attrs.frozen(kw_only=True)
class Delivery:
    """How a reply goes out.

    Attributes:
        request_id: The `request-id` of a reply that brings none.
        encoding: The Content-Encoding of a reply that has none (whatever the request accepts).
        drip: Seconds between pieces of at most 64 bytes; 0 sends at once.
        cut: How many bytes of the body (as encoded) go out before the connection is cut, None for all.
    """

    request_id: str
    encoding: Encoding | None
    drip: float
    cut: int | None

    async def send(self, request: web.Request, reply: Reply) -> web.StreamResponse:
        """Send the reply; a client that has gone away is a `ConnectionError`."""
        reply = self.encoded(reply)
        headers, pieces = CIMultiDict(reply.headers), reply.pieces
        headers.setdefault("Content-Type", reply.content_type)
        headers.setdefault("request-id", self.request_id)
        response = web.StreamResponse(status=reply.status, headers=headers)
        if reply.streamed:
            response.enable_chunked_encoding()
        elif reply.status not in _NO_BODY:
            response.content_length = sum(map(len, pieces))
        await response.prepare(request)
        if request.method != "HEAD" and reply.status not in _NO_BODY:
            whole = await self._write(response, pieces)
            if not whole and request.transport is not None:
                request.transport.close()
        return response

    def encoded(self, reply: Reply) -> Reply:
        """The reply as it goes out: compressed, unless it is already."""
        headers = CIMultiDict(reply.headers)
        if self.encoding is None or not reply.pieces or "Content-Encoding" in headers:
            return reply
        headers["Content-Encoding"] = self.encoding
        return attrs.evolve(reply, headers=headers, pieces=_compressed(reply.pieces, self.encoding))

    async def _write(self, response: web.StreamResponse, pieces: Sequence[bytes]) -> bool:
        """Write until the cut; whether that is all of the body."""
        left = sum(map(len, pieces)) if self.cut is None else self.cut
        for number, piece in enumerate(_dripping(pieces) if self.drip else pieces):
            if number and self.drip:
                await asyncio.sleep(self.drip)
            await response.write(piece[:left])
            if left < len(piece):
                return False
            left -= len(piece)
        return True


async def until_cancelled() -> web.StreamResponse:
    """In place of a response: wait for aiohttp to cancel the handler, as it does when the connection is gone."""
    never: asyncio.Future[web.StreamResponse] = asyncio.get_running_loop().create_future()
    return await never


def _compressed(pieces: Sequence[bytes], encoding: Encoding) -> tuple[bytes, ...]:
    """Compress piece by piece, so that each can be read when it arrives."""
    compressor = zlib.compressobj(wbits=_WINDOW_BITS[encoding])
    flushed = [compressor.compress(piece) + compressor.flush(zlib.Z_SYNC_FLUSH) for piece in pieces[:-1]]
    return (*flushed, compressor.compress(pieces[-1]) + compressor.flush())


def _dripping(pieces: Sequence[bytes]) -> Iterator[bytes]:
    for piece in pieces:
        for start in range(0, len(piece), _DRIP_BYTES):
            yield piece[start : start + _DRIP_BYTES]
