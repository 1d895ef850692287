"""Looking at the body of a reply without touching it.

Facts: after `await response.read()` in a middleware `read()`, `text()` and `json()` still work for the caller, but
`content` is empty, and other clients' transports (the official SDK's, httpx-aiohttp's) read only that. So the body is
awaited, not read; once it is whole its chunks are taken out, which never suspends, and a fresh stream with the same
chunks takes their place. A body that does not become whole in time, or is too long, stays as it is, unread; and where
one is cut short, what came before the cut is still there to be read.
"""

import asyncio
from functools import partial
from typing import Final

from aiohttp import EMPTY_PAYLOAD, ClientResponse, StreamReader, hdrs

from betamw.core.reply import Reply
from betamw.middlewares.coding import decoded
from betamw.middlewares.deadline import Deadline
from betamw.middlewares.stream import renewed

LONGEST: Final = 64 * 1024
"""Bytes of an error reply that are looked at, before and after decompression."""

PATIENCE: Final = 1.0
"""Seconds to wait for the body of a reply that may be a refusal; it mostly comes with the headers."""

_POLL: Final = 0.02  # seconds; a stream that breaks calls no `on_eof` callback


async def look_at_body(response: ClientResponse, *, patience: float = PATIENCE) -> bytes | None:
    """Return the body, decoded; None if it is too long, too slow or broken, or some of it was read before.

    Afterwards the response reads as if nobody had looked; where the wait is cancelled it is closed. The total timeout
    does not end the wait with an error: the response is there, and its body is the caller's to wait for.
    """
    content = response.content
    if content is EMPTY_PAYLOAD:  # a singleton that all empty replies share: never to be fed or replaced
        return b""
    # A response class of another's making, or a test double, may have another kind of `content`: hands off.
    if type(content) is not StreamReader or (response.content_length or 0) > LONGEST:
        return None
    deadline = Deadline(response)
    try:
        await _arrival(response, content, patience)
        broken = content.exception() is not None
        if not (content.total_bytes if broken else content.is_eof() and content.total_bytes <= LONGEST):
            return None
        response.content, body = await renewed(content)
    except BaseException as error:
        if deadline.absorbs(error):
            return None
        response.close()
        raise
    if broken or len(body) != content.total_bytes:
        return None
    return decoded(body, response.headers.get(hdrs.CONTENT_ENCODING, ""), LONGEST + 1)


def reply_of(response: ClientResponse, body: bytes | None, *, replayable: bool = False) -> Reply:
    """Tell the exchange of a response, of whose body this much was seen."""
    return Reply(
        status=response.status,
        body=body,
        content_type=response.headers.get(hdrs.CONTENT_TYPE),
        request_id=response.headers.get("request-id"),
        replayable=replayable,
    )


async def _arrival(response: ClientResponse, content: StreamReader, patience: float) -> None:
    """Wait until the body is whole, or will not be in time; consume nothing."""
    loop = asyncio.get_running_loop()
    end = loop.time() + patience
    whole: asyncio.Future[None] | None = None
    while not content.is_eof() and content.exception() is None and content.total_bytes <= LONGEST:
        left = end - loop.time()
        if left <= 0 or _is_paused(response):
            return
        if whole is None:
            whole = loop.create_future()
            content.on_eof(partial(whole.set_result, None))
        # Not `wait_for`: before Python 3.12 it can swallow a cancellation.
        await asyncio.wait([whole], timeout=min(left, _POLL))


def _is_paused(response: ClientResponse) -> bool:
    """Whether aiohttp waits until somebody reads: the buffer is full, by its bytes or by its HTTP chunks."""
    connection = response.connection
    transport = None if connection is None else connection.transport
    if transport is None:
        return False
    try:
        return not transport.is_reading()
    except (AttributeError, NotImplementedError):  # a transport need not tell
        return False
