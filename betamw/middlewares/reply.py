"""Looking at the body of a reply without touching it.

Facts: after `await response.read()` in a middleware `read()`, `text()` and `json()` still work for the caller, but
`content` is empty, and other clients' transports (the official SDK's, httpx-aiohttp's) read only that. So the body is
awaited, not read; once it is whole its chunks are taken out, which never suspends, and a fresh stream with the same
chunks takes their place. A body that does not become whole in time, or is too long, stays as it is, unread.
"""

import asyncio
import zlib
from contextlib import suppress
from functools import partial
from typing import Final

from aiohttp import EMPTY_PAYLOAD, ClientResponse, StreamReader, hdrs
from aiohttp.base_protocol import BaseProtocol

from betamw.core.reply import Reply

LONGEST: Final = 64 * 1024
"""Bytes of an error reply that are looked at, before and after decompression."""

PATIENCE: Final = 1.0
"""Seconds to wait for the body of a reply that may be a refusal; it mostly comes with the headers."""

_POLL: Final = 0.02  # seconds; a stream that breaks calls no `on_eof` callback
_GZIP: Final = (zlib.MAX_WBITS | 16,)
# Some servers leave out the zlib header of "deflate" (RFC 9110, section 8.4.1.2); aiohttp reads that too.
_CODINGS: Final = {"gzip": _GZIP, "x-gzip": _GZIP, "deflate": (zlib.MAX_WBITS, -zlib.MAX_WBITS)}


async def look_at_body(response: ClientResponse, *, patience: float = PATIENCE) -> bytes | None:
    """Return the body, decoded; None if it is too long, too slow or broken, or some of it was read before.

    Afterwards the response reads as if nobody had looked; where the wait is cancelled it is closed.
    """
    content = response.content
    if content is EMPTY_PAYLOAD:  # a singleton that all empty replies share: never to be fed or replaced
        return b""
    # A response class of another's making, or a test double, may have another kind of `content`: hands off.
    if type(content) is not StreamReader or (response.content_length or 0) > LONGEST:
        return None
    try:
        if not await _arrives(content, patience):
            return None
        chunks = await _take(content)
    except BaseException:
        response.close()
        raise
    response.content = _stream_of(chunks, content)
    body = b"".join(data for data, _ in chunks)
    if len(body) != content.total_bytes:
        return None
    return _decoded(body, response.headers.get(hdrs.CONTENT_ENCODING, ""))


def reply_of(response: ClientResponse, body: bytes | None, *, replayable: bool = False) -> Reply:
    """Tell the exchange of a response, of whose body this much was seen."""
    return Reply(
        status=response.status,
        body=body,
        content_type=response.headers.get(hdrs.CONTENT_TYPE),
        request_id=response.headers.get("request-id"),
        replayable=replayable,
    )


async def _arrives(content: StreamReader, patience: float) -> bool:
    """Wait until the body is whole, consuming nothing."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + patience
    most = min(LONGEST, content.get_read_buffer_limits()[1])  # beyond that aiohttp pauses a stream that nobody reads
    whole: asyncio.Future[None] | None = None
    while not content.is_eof():
        left = deadline - loop.time()
        if left <= 0 or content.total_bytes > most or content.exception() is not None:
            return False
        if whole is None:
            whole = loop.create_future()
            content.on_eof(partial(whole.set_result, None))
        # Not `wait_for`: before Python 3.12 it can swallow a cancellation.
        await asyncio.wait([whole], timeout=min(left, _POLL))
    return content.exception() is None and content.total_bytes <= LONGEST


async def _take(content: StreamReader) -> list[tuple[bytes, bool]]:
    """Take all chunks out of a stream at its end, each with whether an HTTP chunk ends there; never suspends."""
    chunks: list[tuple[bytes, bool]] = []
    while True:
        data, ends = await content.readchunk()
        if not data and not ends:
            return chunks
        chunks.append((data, ends))


def _stream_of(chunks: list[tuple[bytes, bool]], like: StreamReader) -> StreamReader:
    """Make a stream at its end that holds the chunks."""
    loop = asyncio.get_running_loop()
    # A stream that is fed over its limit pauses its protocol, which this one has not: it allows for 16 bytes a chunk.
    limit = max(like.get_read_buffer_limits()[0], 16 * LONGEST)
    stream = StreamReader(BaseProtocol(loop), limit, loop=loop)
    if any(ends for _, ends in chunks):
        stream.begin_http_chunk_receiving()
    for data, ends in chunks:
        stream.feed_data(data)
        if ends:
            stream.end_http_chunk_receiving()
    # What came over the wire, where it was compressed; since aiohttp 3.14.
    if (compressed := getattr(like, "total_compressed_bytes", None)) is not None:
        stream.total_compressed_bytes = compressed
    stream.feed_eof()
    return stream


def _decoded(body: bytes, coding: str) -> bytes:
    """Decode a copy of a body that may be compressed still (`auto_decompress=False`) or no more: the header stays."""
    for window in _CODINGS.get(coding.strip().lower(), ()):
        with suppress(zlib.error):
            return zlib.decompressobj(window).decompress(body, LONGEST + 1)
    return body
