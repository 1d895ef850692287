"""What can be known of a request, and making it ready to be sent once more."""

import hashlib
import io
import re
from typing import Final

from aiohttp import ClientHandlerType, ClientRequest, ClientResponse, ClientSession, hdrs, payload
from multidict import MultiDict, istr

from betamw.middlewares.replay import IN_MEMORY

_LARGE: Final = 2**20
_USERNAME: Final = re.compile(r'\busername\*?="?[^",]*')  # RFC 7616, section 3.4
API_KEY: Final = istr("x-api-key")


def body_of(body: bytes | payload.Payload | None) -> bytes:
    """A request's body where it is bytes in memory, else nothing."""
    if type(body) is payload.BytesIOPayload:
        return _rest_of(body)
    if body is None or type(body) not in IN_MEMORY:
        return b""
    try:
        return body.decode().encode()
    except (UnicodeError, AttributeError):  # not text; a memoryview has no `decode`
        return b""


def _rest_of(body: payload.BytesIOPayload) -> bytes:
    """What a `BytesIO` holds from where it stands.

    All that is public moves it to its end, where a caller whose connection fails would find it, and send nothing when
    it tries again. `tests/transparency/test_bodies.py` guards this. Before aiohttp 3.12.1 nobody knows where it stood.
    """
    value = body._value  # noqa: SLF001
    if type(value) is not io.BytesIO or value.closed or not hasattr(body, "consumed"):
        return b""
    with value.getbuffer() as view:
        return bytes(view[len(view) - (body.size or 0) :])


def is_innermost(handler: ClientHandlerType) -> bool:
    """Whether no other middleware is between this handler and the wire."""
    # There is no public way: aiohttp's sender and its wrappers of middlewares are functions of different modules.
    # If that changes, calls in a burst are refused one by one, and `tests/middlewares/test_burst.py` fails.
    return getattr(handler, "__module__", None) == ClientSession.__module__


async def replace_body(request: ClientRequest, body: bytes | payload.Payload) -> None:
    """Send this in place of a body that is bytes in memory. Never suspends: closing such a body takes no time."""
    # aiohttp warns of larger ones that are given as bytes.
    content = io.BytesIO(body) if isinstance(body, bytes) and len(body) > _LARGE else body
    if hasattr(request, "update_body"):
        await request.update_body(content)
    else:  # aiohttp 3.12.0; can go with it
        request.headers.pop(hdrs.CONTENT_LENGTH, None)
        request.update_body_from_data(content)


def prepare_resend(request: ClientRequest, refused: ClientResponse) -> None:
    """Make a request that was answered ready to be sent again."""
    # The reply has arrived whole, so a connection that it still holds is that of an upload under way. It would keep
    # its place in the pool, and with `limit=1` the resend would wait for ever. Merely closed, its transport would go on
    # sending what is in its buffer to a server that may never read it.
    if (connection := refused.connection) is not None:
        if (transport := connection.transport) is not None:
            transport.abort()
        connection.close()
    if isinstance(request.proxy_headers, MultiDict):
        # aiohttp has put the host there when it connected, and takes only such connections from the pool now.
        request.proxy_headers.pop(hdrs.HOST, None)
    if hdrs.EXPECT in request.headers:  # the future that waits for `100 Continue` is used up
        request.update_expect_continue()


def hashed(secrets: tuple[str, ...], key: bytes) -> str:
    """A hash of what authenticates a request, under a key: tells accounts apart, and nothing else."""
    lasting = "\0".join(map(_lasting, secrets))
    return hashlib.blake2b(lasting.encode(errors="surrogateescape"), key=key, digest_size=16).hexdigest()


def _lasting(secret: str) -> str:
    """What of it is the same in each request of an account."""
    if secret.startswith("AWS4-"):  # signed anew each time; who signs stands before that: `Credential=AKID/date/...`
        return secret.partition("/")[0]
    if secret.startswith("Digest ") and (username := _USERNAME.search(secret)):
        return username[0]
    return secret
